package server_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/experimental"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/internal/admission"
	"github.com/remotemedia/remotemedia-go/internal/server"
	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/mem"
)

// What the server alone allocates, the transport's part included: the client is another process. The bounds leave some room for what depends on
// the moment, such as how many window updates a call takes.
func TestServerAllocatesLittle(t *testing.T) {
	if raceEnabled {
		t.Skip("under the race detector pools forget on purpose")
	}
	for _, c := range []struct {
		name, kind         string
		change             func(*server.Options)
		runs               int
		allocations, bytes float64
	}{
		{"unary", "unary", asIs, 1000, 50, 8 << 10},
		{"unary, logged", "unary", logged, 1000, 51, 8 << 10}, // one more
		{"refused", "refused", noRoom(t), 1000, 33, 5 << 10},
		{"stream", "stream", asIs, 5000, 7, 1 << 10},
	} {
		client := startClient(t, serveBench(t, c.change), c.kind)
		client.order(c.runs) // pools and buffers are filled
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		client.order(c.runs)
		runtime.ReadMemStats(&after)
		client.stop()
		allocations := float64(after.Mallocs-before.Mallocs) / float64(c.runs)
		bytes := float64(after.TotalAlloc-before.TotalAlloc) / float64(c.runs)
		t.Logf("%s: %.1f allocations of %.0f bytes", c.name, allocations, bytes)
		if allocations > c.allocations || bytes > c.bytes {
			t.Errorf("%s: %.1f allocations of %.0f bytes, want at most %.0f of %.0f", c.name, allocations, bytes, c.allocations, c.bytes)
		}
	}
}

func asIs(*server.Options) {}

// logged has a server log to where nothing is kept.
func logged(o *server.Options) { o.Log = slog.New(keepsNothing{slog.DiscardHandler}) }

type keepsNothing struct{ slog.Handler }

// Enabled says that everything is logged.
func (keepsNothing) Enabled(context.Context, slog.Level) bool { return true }

// noRoom has a server refuse calls for lack of room.
func noRoom(t testing.TB) func(*server.Options) {
	return func(o *server.Options) {
		o.Admission = admission.New(admission.Options{Places: 1, Queue: -1})
		if _, err := o.Admission.Enter(t.Context(), ""); err != nil {
			t.Fatal(err)
		}
	}
}

// BenchmarkServerChunk counts what the server alone allocates for a 4096-sample chunk through one node: the client is
// another process, this program started anew.
func BenchmarkServerChunk(b *testing.B) {
	orderAll(b, serveBench(b), "stream")
}

// BenchmarkServerCall counts what the server alone allocates for a unary call that passes one second of audio on.
func BenchmarkServerCall(b *testing.B) {
	orderAll(b, serveBench(b), "unary")
}

// BenchmarkServerRefusal counts what the server alone allocates for a call that it has no room for.
func BenchmarkServerRefusal(b *testing.B) {
	orderAll(b, serveBench(b, noRoom(b)), "refused")
}

// BenchmarkEchoCall counts what a bare server allocates for the same: grpc with the codec of the service, and nothing else.
func BenchmarkEchoCall(b *testing.B) {
	pool := mem.NewPool(mem.DefaultRetain)
	codec := wire.NewCodec(pool)
	s := grpc.NewServer(grpc.ForceServerCodecV2(codec), experimental.BufferPool(pool), grpc.WriteBufferSize(64<<10),
		grpc.StaticStreamWindowSize(256<<10), grpc.StaticConnWindowSize(4<<20),
		grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error { return echoExecution(codec, pool, stream) }))
	orderAll(b, listenBench(b, s.Serve, s.GracefulStop), "unary")
}

// orderAll has a client of another process call the server at an address as often as the benchmark wants.
func orderAll(b *testing.B, address, kind string) {
	b.Helper()
	client := startClient(b, address, kind)
	client.order(100) // pools and buffers are filled
	b.ReportAllocs()
	b.ResetTimer()
	client.order(b.N)
	b.StopTimer()
	client.stop()
}

// echoExecution answers an execution with its own audio.
func echoExecution(codec *wire.Codec, pool *mem.Pool, stream grpc.ServerStream) error {
	req := new(pb.ExecuteRequest)
	in := &wire.Incoming{Message: req, KeepManifest: true}
	if err := stream.RecvMsg(in); err != nil {
		return err
	}
	defer in.Release()
	account := mem.NewAccount(pool, mem.Unlimited{}, math.MaxInt64)
	var given []wire.Audio
	for id, m := range req.GetAudioInputs() {
		buffer, _, err := in.Audio(m, account)
		if err != nil {
			return err
		}
		defer buffer.Release()
		given = append(given, wire.Audio{NodeID: id, Buffer: buffer})
	}
	frame, err := codec.EncodeExecution(given, account, new(pb.ExecutionResult), func(time.Duration) *pb.ExecutionMetrics { return nil })
	if err != nil {
		return err
	}
	return stream.SendMsg(&frame)
}

const (
	clientOf   = "REMOTEMEDIA_BENCH_CLIENT_OF"
	clientKind = "REMOTEMEDIA_BENCH_CLIENT_KIND"
)

// BenchmarkClientProcess is the other process: it streams as many chunks as each line of its input says.
func BenchmarkClientProcess(b *testing.B) {
	address := os.Getenv(clientOf)
	if address == "" {
		b.Skip("this is the client of other benchmarks and tests, which start it")
	}
	conn := dialRaw(b, address)
	if kind := os.Getenv(clientKind); kind != "stream" {
		callAsOrdered(b, conn, kind == "refused")
		return
	}
	s := openRaw(b, conn)
	s.put(benchInit(b, pipeline("in:PassThrough")))
	var message []byte
	s.until(fieldReady, &message)
	in, sequence, count := floats(4096, 48000), uint64(0), 0
	for {
		if n, _ := fmt.Scan(&count); n != 1 {
			break
		}
		var chunks [][]byte
		for range count {
			chunks = append(chunks, benchChunk(b, sequence, in))
			sequence++
		}
		s.pipelined(chunks, fieldResult)
		fmt.Println("done")
	}
	s.end()
}

// callAsOrdered makes as many calls as each line of the input says, all of which are answered or refused.
func callAsOrdered(b *testing.B, conn *grpc.ClientConn, refused bool) {
	req, err := proto.Marshal(request(pipeline("in:PassThrough"), map[string]any{"in": floats(44100, 44100)}))
	if err != nil {
		b.Fatal(err)
	}
	if refused {
		req = req[:100] // nobody reads it
	}
	var answer []byte
	for count := 0; ; {
		if n, _ := fmt.Scan(&count); n != 1 {
			return
		}
		for range count {
			err := conn.Invoke(b.Context(), executePath, &req, &answer)
			if refused && status.Code(err) != codes.Unavailable || !refused && (err != nil || len(answer) < 4*44100) {
				b.Fatalf("%d bytes, %v", len(answer), err)
			}
		}
		fmt.Println("done")
	}
}

type clientProcess struct {
	b      testing.TB
	orders io.WriteCloser
	done   *bufio.Scanner
	wait   func() error
}

func startClient(b testing.TB, address, kind string) *clientProcess {
	b.Helper()
	command := exec.Command(os.Args[0], "-test.run", "^$", "-test.bench", "^BenchmarkClientProcess$", "-test.benchtime", "1x")
	command.Env = append(os.Environ(), clientOf+"="+address, clientKind+"="+kind)
	orders, err := command.StdinPipe()
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
	return &clientProcess{b, orders, bufio.NewScanner(out), command.Wait}
}

// order has the client stream so many chunks, and waits until all are answered.
func (c *clientProcess) order(chunks int) {
	c.b.Helper()
	fmt.Fprintln(c.orders, chunks)
	for c.done.Scan() {
		if strings.HasSuffix(c.done.Text(), "done") {
			return
		}
	}
	c.b.Fatal("the client has ended early")
}

func (c *clientProcess) stop() {
	c.orders.Close()
	for c.done.Scan() {
	}
	if err := c.wait(); err != nil {
		c.b.Errorf("the client ended with %v", err)
	}
}
