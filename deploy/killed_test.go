package deploy

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/stats"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/bench/stress"
)

// long says that tests take as long as the requirements say, rather than as long as anybody waits for all of them.
func long() bool { return os.Getenv("REMOTEMEDIA_LONG") != "" }

// program builds the service, as make build does, whose work is then done already.
func program(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "remotemedia")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, "../cmd/remotemedia")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// machine is an instance that is a process of its own, which can be killed.
type machine struct {
	t       *testing.T
	options stress.Options
	service *stress.Service
}

func newMachine(t *testing.T, program, name, grpcAddress, adminAddress string) *machine {
	t.Helper()
	port, err := strconv.Atoi(adminAddress[strings.LastIndexByte(adminAddress, ':')+1:])
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{t: t, options: stress.Options{
		Name: name, Program: program, Dir: t.TempDir(), Listen: grpcAddress, Admin: port, Server: "drain_delay: 500ms", // five checks
	}}
	m.start()
	return m
}

func (m *machine) start() {
	m.t.Helper()
	var err error
	if m.service, err = stress.Start(context.Background(), m.options); err != nil {
		m.t.Fatal(err)
	}
}

// attempts counts those of each call, in the context of the call.
type attempts struct{}

type attemptsKey struct{}

// TagRPC is called for each attempt.
func (attempts) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	if n, ok := ctx.Value(attemptsKey{}).(*atomic.Int64); ok {
		n.Add(1)
	}
	return ctx
}
func (attempts) HandleRPC(context.Context, stats.RPCStats)                         {}
func (attempts) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (attempts) HandleConn(context.Context, stats.ConnStats)                       {}

// callers execute a pipeline over audio until they are told to stop. Each call is made with few attempts, and each answer must be the first one, bit
// for bit.
type callers struct {
	load
	conn    *grpc.ClientConn
	request *pb.ExecuteRequest
	want    []byte
	most    atomic.Int64 // attempts of one call
}

func (c *callers) execute() error {
	var tries atomic.Int64
	ctx, cancel := context.WithTimeout(context.WithValue(context.Background(), attemptsKey{}, &tries), 30*time.Second)
	defer cancel()
	got := new(pb.ExecuteResponse)
	if err := c.conn.Invoke(ctx, "/remotemedia.v1.PipelineExecutionService/ExecutePipeline", c.request, got); err != nil {
		return err
	}
	for n := tries.Load(); ; {
		most := c.most.Load()
		if n <= most || c.most.CompareAndSwap(most, n) {
			break
		}
	}
	audio := got.GetResult().GetAudioOutputs()["a"].GetSamples()
	switch {
	case len(audio) == 0:
		return fmt.Errorf("an answer without audio: %v", got.GetError())
	case c.want == nil:
		c.want = audio
	case !bytes.Equal(audio, c.want):
		return fmt.Errorf("another answer than the first")
	}
	return nil
}

// TestRel20_RolledAndKilledInstancesLoseNoCall: clients that retry, with three attempts at most, get all their answers, and the same ones, while two
// instances behind HAProxy are restarted and killed. With REMOTEMEDIA_LONG there are 10 restarts, 5 kills and 20,000 calls.
func TestRel20_RolledAndKilledInstancesLoseNoCall(t *testing.T) {
	tool(t, "haproxy")
	rolls, kills, least, between := 1, 2, 0, 50
	if long() {
		rolls, kills, least, between = 10, 5, 20_000, 500
	}
	ports, built := freePorts(t, 5), program(t)
	machines := []*machine{newMachine(t, built, "a", ports[0], ports[1]), newMachine(t, built, "b", ports[2], ports[3])}
	t.Cleanup(func() {
		for _, m := range machines {
			if err := m.service.Stop(); err != nil {
				t.Error(err)
			}
		}
	})
	proxy(t, ports[4], &instance{grpc: ports[0], admin: ports[1]}, &instance{grpc: ports[2], admin: ports[3]})
	c := startCallers(t, ports[4])
	for i := range rolls + kills {
		m := machines[i%2]
		if i < rolls {
			if err := m.service.Stop(); err != nil {
				t.Error(err)
			}
		} else if err := m.service.Kill(); err != nil {
			t.Error(err)
		}
		c.until(t, between) // the other one serves
		m.start()
		c.until(t, between)
		awaitServed(t, &instance{admin: m.service.Admin})
	}
	c.until(t, max(0, least-int(c.calls.Load())))
	c.end(t)
	c.conn.Close()
	if c.most.Load() > 3 {
		t.Errorf("a call took %d attempts", c.most.Load())
	}
	t.Logf("%d calls, at most %d attempts", c.calls.Load(), c.most.Load())
}

// startCallers makes the first call, whose answer all others must have, and begins.
func startCallers(t *testing.T, address string) *callers {
	t.Helper()
	policy := strings.Replace(retrying, `"maxAttempts": 5`, `"maxAttempts": 3`, 1)
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultServiceConfig(policy), grpc.WithStatsHandler(attempts{}))
	if err != nil {
		t.Fatal(err)
	}
	samples := make([]byte, 8820)
	for i := range samples {
		samples[i] = byte(i*7) & 0x3f // small finite numbers
	}
	c := &callers{conn: conn, request: &pb.ExecuteRequest{
		Manifest:    &pb.PipelineManifest{Version: "v1", Nodes: []*pb.NodeManifest{{Id: "a", NodeType: "AudioResample", Params: `{"target_sample_rate": 16000}`}}},
		AudioInputs: map[string]*pb.AudioBuffer{"a": {Samples: samples, NumSamples: 4410, SampleRate: 44100, Channels: 1, Format: pb.AudioFormat_AUDIO_FORMAT_I16}},
	}}
	c.call, c.patience, c.made = c.execute, 2*time.Minute, make(chan struct{}, 1)
	if err := c.call(); err != nil {
		t.Fatal(err)
	}
	c.start(4)
	c.until(t, 100)
	return c
}
