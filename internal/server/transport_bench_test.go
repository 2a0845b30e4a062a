//go:build unix

package server

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"os/exec"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/experimental"
	grpcmem "google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/mem"
	"github.com/remotemedia/remotemedia-go/nodes"
)

// variants are what BenchmarkTransport compares with the first of them, the service as it is.
var variants = []struct {
	name    string
	change  func(*Transport)
	grpcOwn bool // the server of grpc-go, with the same handlers, interceptors, codec and bounds
	gc      int  // GOGC, with a memory limit of 1 GiB; 0: Go's default
}{
	{name: "as it is"},
	{name: "as it is, again"}, // what differs here is noise
	{name: "the server of grpc-go", grpcOwn: true},
	{name: "windows 64 KiB / 1 MiB", change: func(t *Transport) { t.StreamWindow, t.ConnectionWindow = 64<<10, 1<<20 }},
	{name: "windows 1 MiB / 16 MiB", change: func(t *Transport) { t.StreamWindow, t.ConnectionWindow = 1<<20, 16<<20 }},
	{name: "GOGC 400, limit 1 GiB", gc: 400},
}

// grpcServer serves what a server does, by grpc-go.
func grpcServer(s *Server) *grpc.Server {
	o := s.transportOptions().WithDefaults()
	g := grpc.NewServer(grpc.ForceServerCodecV2(s.codec), experimental.BufferPool(s.options.Engine.Pool().Uncounted()),
		grpc.MaxRecvMsgSize(s.maxMessage()), grpc.WriteBufferSize(64<<10), grpc.MaxConcurrentStreams(uint32(o.MaxCalls)),
		grpc.StaticStreamWindowSize(int32(o.StreamWindow)), grpc.StaticConnWindowSize(int32(o.ConnectionWindow)))
	for _, table := range s.services() {
		for i := range table.Streams {
			m := &table.Streams[i]
			m.Handler = s.chained("/"+table.ServiceName+"/"+m.StreamName, m.Handler)
		}
		g.RegisterService(&table, nil)
	}
	return g
}

const variantOf = "REMOTEMEDIA_BENCH_VARIANT"

// BenchmarkTransport runs the variants in turns, each a process of its own, and prints for each kind of load the rate and the
// processor time a call, as ratios to the service as it is. -benchtime 11x makes eleven rounds.
func BenchmarkTransport(b *testing.B) {
	if name := os.Getenv(variantOf); name != "" {
		serveVariant(b, name)
		return
	}
	peers := make([]*variantPeer, len(variants))
	for i := range variants {
		peers[i] = startVariant(b, variants[i].name)
	}
	loads := []struct {
		name           string
		callers, calls int
	}{{"c=1", 1, 150}, {"c=10", 10, 40}, {"c=100", 100, 6}}
	for _, load := range loads {
		b.Run(load.name, func(b *testing.B) { compareVariants(b, peers, load.callers, load.calls) })
	}
}

func compareVariants(b *testing.B, peers []*variantPeer, callers, calls int) {
	rates, costs := make([][]float64, len(peers)), make([][]float64, len(peers))
	for first := 0; b.Loop(); first++ { // another is first in each round
		for i := range peers {
			i = (first + i) % len(peers)
			rate, cost := peers[i].run(callers, calls)
			rates[i], costs[i] = append(rates[i], rate), append(costs[i], cost)
		}
	}
	table := fmt.Sprintf("\n%-24s %10s %9s | to the service as it is, median (best) of rounds", "", "calls/s", "CPU, us")
	for i := range peers {
		table += fmt.Sprintf("\n%-24s %10.0f %9.0f | rate x %.2f (%.2f), CPU x %.2f (%.2f)", variants[i].name,
			median(rates[i]), median(costs[i]), medianRatio(rates[i], rates[0]), slices.Max(rates[i])/slices.Max(rates[0]),
			medianRatio(costs[i], costs[0]), slices.Min(costs[i])/slices.Min(costs[0]))
	}
	fmt.Println(table) // a benchmark's log is cut after ten lines
}

func median(x []float64) float64 {
	x = slices.Sorted(slices.Values(x))
	return x[len(x)/2]
}

// medianRatio compares what was measured in the same round.
func medianRatio(x, base []float64) float64 {
	ratios := make([]float64, len(x))
	for i := range x {
		ratios[i] = x[i] / base[i]
	}
	return median(ratios)
}

// serveVariant serves until its input ends, and answers each line with the microseconds of processor time it took so far.
func serveVariant(b *testing.B, name string) {
	catalog, err := nodes.Catalog("bench")
	if err != nil {
		b.Fatal(err)
	}
	options := Options{Engine: engine.New(engine.Options{Pool: mem.NewPool(mem.DefaultRetain)}), Catalog: catalog}
	grpcOwn := false
	for _, v := range variants {
		if v.name != name {
			continue
		}
		grpcOwn = v.grpcOwn
		if v.change != nil {
			v.change(&options.Transport)
		}
		if v.gc != 0 {
			debug.SetGCPercent(v.gc)
			debug.SetMemoryLimit(1 << 30)
		}
	}
	s, err := New(options)
	if err != nil {
		b.Fatal(err)
	}
	serve := s.Serve
	if grpcOwn {
		g := grpcServer(s)
		defer g.Stop()
		serve = g.Serve
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go serve(l)
	fmt.Println("\nat", l.Addr())
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var usage syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
			b.Fatal(err)
		}
		fmt.Println("\nat", (usage.Utime.Nano()+usage.Stime.Nano())/1000)
	}
	s.Stop()
}

// variantPeer is a client of one variant.
type variantPeer struct {
	b     *testing.B
	conn  *grpc.ClientConn
	in    io.Writer
	out   *bufio.Scanner
	bytes []byte // of the request
}

func startVariant(b *testing.B, name string) *variantPeer {
	command := exec.Command(os.Args[0], "-test.run", "^$", "-test.bench", "^BenchmarkTransport$", "-test.benchtime", "1x")
	command.Env = append(os.Environ(), variantOf+"="+name)
	in, err := command.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	p := &variantPeer{b: b, in: in, out: bufio.NewScanner(out)}
	b.Cleanup(func() {
		in.Close()
		for p.out.Scan() {
		}
		if err := command.Wait(); err != nil {
			b.Errorf("%s ended with %v", name, err)
		}
	})
	p.conn, err = grpc.NewClient("passthrough:///"+p.answer(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(passing{})))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { p.conn.Close() })
	p.bytes, err = proto.Marshal(&pb.ExecuteRequest{
		Manifest:    &pb.PipelineManifest{Version: "v1", Nodes: []*pb.NodeManifest{{Id: "a", NodeType: "PassThrough"}}},
		AudioInputs: map[string]*pb.AudioBuffer{"a": {Samples: make([]byte, 4*44100), SampleRate: 44100, Channels: 1, Format: 1}},
	})
	if err != nil {
		b.Fatal(err)
	}
	p.run(10, 20) // pools and connections are warm
	return p
}

// answer is what the process says next.
func (p *variantPeer) answer() string {
	for p.out.Scan() {
		if text, ok := strings.CutPrefix(p.out.Text(), "at "); ok {
			return text
		}
	}
	p.b.Fatal("the server has ended early")
	return ""
}

// cpu is the processor time of the process so far, in microseconds.
func (p *variantPeer) cpu() (us float64) {
	fmt.Fprintln(p.in)
	if _, err := fmt.Sscan(p.answer(), &us); err != nil {
		p.b.Fatal(err)
	}
	return us
}

// run makes calls and returns how many a second, and the server's microseconds for one.
func (p *variantPeer) run(callers, calls int) (rate, cost float64) {
	before, start := p.cpu(), time.Now()
	var group sync.WaitGroup
	for range callers {
		group.Go(func() {
			var answer int
			for range calls {
				if err := p.conn.Invoke(context.Background(), executeMethod, &p.bytes, &answer); err != nil || answer < 4*44100 {
					p.b.Errorf("%d bytes, %v", answer, err)
					return
				}
			}
		})
	}
	group.Wait()
	n := float64(callers * calls)
	return n / math.Max(time.Since(start).Seconds(), 1e-9), (p.cpu() - before) / n
}

// passing sends bytes and counts those that come.
type passing struct{}

func (passing) Name() string { return "proto" }

func (passing) Marshal(v any) (grpcmem.BufferSlice, error) {
	return grpcmem.BufferSlice{grpcmem.SliceBuffer(*v.(*[]byte))}, nil
}

func (passing) Unmarshal(data grpcmem.BufferSlice, v any) error {
	*v.(*int) = data.Len()
	return nil
}
