package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/test/bufconn"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/internal/server"
	"github.com/remotemedia/remotemedia-go/mem"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	executePath = "/remotemedia.v1.PipelineExecutionService/ExecutePipeline"
	versionPath = "/remotemedia.v1.PipelineExecutionService/GetVersion"
)

// rig is a server behind real gRPC, with a client of grpc's own codec. At the end of the test it must be empty again.
type rig struct {
	*grpc.ClientConn
	t      testing.TB
	server *server.Server
	engine *engine.Engine
	pool   *mem.Pool
	budget *mem.Root
	logs   *logBuffer
}

func newRig(t testing.TB, change ...func(*server.Options)) *rig {
	t.Helper()
	listener := bufconn.Listen(1 << 20)
	return serveRig(t, listener, func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }, change...)
}

func serveRig(t testing.TB, l net.Listener, dial func(context.Context, string) (net.Conn, error), change ...func(*server.Options)) *rig {
	t.Helper()
	r := &rig{t: t, pool: mem.NewPoisonedPool(), budget: mem.NewRoot(4 << 30), logs: new(logBuffer)}
	r.engine = engine.New(engine.Options{Pool: r.pool, Budget: r.budget})
	options := server.Options{
		Engine: r.engine, Catalog: catalog(t), Log: slog.New(slog.NewJSONHandler(r.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, f := range change {
		f(&options)
	}
	var err error
	if r.server, err = server.New(options); err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- r.server.Serve(l) }()
	r.ClientConn, err = grpc.NewClient("passthrough:///server", grpc.WithContextDialer(dial),
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(1<<30)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.ClientConn.Close()
		r.server.GracefulStop()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
		r.checkEmpty()
	})
	return r
}

// checkEmpty waits for what ends behind a call's answer, such as a stream's pump, and fails when something stays.
func (r *rig) checkEmpty() {
	r.t.Helper()
	empty := func() bool {
		return r.engine.OpenSessions() == 0 && r.engine.Abandoned() == 0 && r.pool.Out() == 0 && r.budget.Used() == 0
	}
	for end := time.Now().Add(10 * time.Second); !empty(); runtime.Gosched() {
		if time.Now().After(end) {
			r.t.Errorf("left behind: %d sessions, %d workers, %d buffers, %d bytes",
				r.engine.OpenSessions(), r.engine.Abandoned(), r.pool.Out(), r.budget.Used())
			return
		}
	}
}

// answer is a response with its metadata.
type answer struct {
	*pb.ExecuteResponse
	header, trailer metadata.MD
}

// call executes a request; headers are pairs of names and values.
func (r *rig) call(ctx context.Context, req *pb.ExecuteRequest, headers ...string) (answer, error) {
	a := answer{ExecuteResponse: new(pb.ExecuteResponse)}
	ctx = metadata.AppendToOutgoingContext(ctx, headers...)
	err := r.Invoke(ctx, executePath, req, a.ExecuteResponse, grpc.Header(&a.header), grpc.Trailer(&a.trailer))
	return a, err
}

// execute is call for requests that are answered.
func (r *rig) execute(req *pb.ExecuteRequest, headers ...string) answer {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	a, err := r.call(ctx, req, headers...)
	if err != nil {
		r.t.Fatal(err)
	}
	return a
}

// result is execute for requests that succeed.
func (r *rig) result(req *pb.ExecuteRequest, headers ...string) *pb.ExecutionResult {
	r.t.Helper()
	a := r.execute(req, headers...)
	if a.GetError() != nil {
		r.t.Fatalf("refused: %v", a.GetError())
	}
	return a.GetResult()
}

// pipeline makes a manifest of "id:Type", "id:Type{params}" and "a>b".
func pipeline(parts ...string) *pb.PipelineManifest {
	m := &pb.PipelineManifest{Version: "v1", Metadata: &pb.ManifestMetadata{Name: "test"}}
	for _, p := range parts {
		if from, to, ok := strings.Cut(p, ">"); ok {
			m.Connections = append(m.Connections, &pb.Connection{From: from, To: to})
			continue
		}
		id, typ, _ := strings.Cut(p, ":")
		typ, params, _ := strings.Cut(typ, "{")
		if params != "" {
			params = "{" + params
		}
		m.Nodes = append(m.Nodes, &pb.NodeManifest{Id: id, NodeType: typ, Params: params})
	}
	return m
}

// request is a manifest with inputs: strings are data, buffers audio.
func request(m *pb.PipelineManifest, inputs map[string]any) *pb.ExecuteRequest {
	req := &pb.ExecuteRequest{Manifest: m, AudioInputs: map[string]*pb.AudioBuffer{}, DataInputs: map[string]string{}}
	for id, in := range inputs {
		switch in := in.(type) {
		case string:
			req.DataInputs[id] = in
		case *pb.AudioBuffer:
			req.AudioInputs[id] = in
		}
	}
	return req
}

func buffer(samples []byte, change ...func(*pb.AudioBuffer)) *pb.AudioBuffer {
	b := &pb.AudioBuffer{
		Samples: samples, SampleRate: 16000, Channels: 1, Format: pb.AudioFormat_AUDIO_FORMAT_I16, NumSamples: uint64(len(samples) / 2),
	}
	for _, f := range change {
		f(b)
	}
	return b
}

// logBuffer collects log lines.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// lines returns the log lines of a request.
func (l *logBuffer) lines(t testing.TB, requestID string) []map[string]any {
	t.Helper()
	var out []map[string]any
	for line := range strings.Lines(l.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("log line %q: %v", line, err)
		}
		if m["request_id"] == requestID {
			out = append(out, m)
		}
	}
	return out
}
