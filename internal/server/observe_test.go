package server_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/internal/metrics"
	"github.com/remotemedia/remotemedia-go/internal/server"
)

const metricsPath = "/remotemedia.v1.PipelineExecutionService/GetMetrics"

// snapshot asks for everything.
func (r *rig) snapshot(change ...func(*pb.MetricsRequest)) *pb.MetricsResponse {
	r.t.Helper()
	req := &pb.MetricsRequest{IncludeNodeTypes: true, IncludeStreams: true, IncludePrometheusText: true}
	for _, f := range change {
		f(req)
	}
	got := new(pb.MetricsResponse)
	if err := r.Invoke(r.t.Context(), metricsPath, req, got); err != nil {
		r.t.Fatal(err)
	}
	return got
}

func mustHave(t *testing.T, text string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("no line %s", line)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

func TestFR010_CallsAndNodesAreCounted(t *testing.T) {
	r := newRig(t)
	samples := make([]byte, 960)
	r.result(request(pipeline("a:Gain", "b:Pass", "a>b"), map[string]any{"a": buffer(samples)}))
	r.execute(request(pipeline("a:Fail"), map[string]any{"a": "1"}))
	r.execute(request(pipeline("a:Panic"), map[string]any{"a": "1"}))
	r.execute(request(pipeline("a:NoSuchNode"), map[string]any{"a": "1"}))
	late := request(pipeline(`a:Sleep{"ms":60000}`), map[string]any{"a": "1"})
	late.ResourceLimits = &pb.ResourceLimits{MaxTimeoutMs: 1}
	r.execute(late)
	got := r.snapshot()
	if got.RequestsTotal != 5 || got.RequestsFailedTotal != 4 || got.ActiveConnections != 1 || got.ActiveExecutions != 0 || got.AudioSamplesTotal != 960 ||
		got.ProtocolVersion != "v1" || got.UptimeSeconds <= 0 || got.ResidentMemoryBytes == 0 {
		t.Errorf("got %v", got)
	}
	if l := got.ExecuteLatency; l.GetCount() != 5 || l.GetMaxMs() < 1 || l.GetP99Ms() > l.GetMaxMs() || l.GetP50Ms() <= 0 || l.GetMeanMs() <= 0 {
		t.Errorf("latency %v", l)
	}
	for name, want := range map[string]*pb.NodeTypeStats{
		"Gain": {Executions: 1, Samples: 480}, "Pass": {Executions: 1, Samples: 480}, "Fail": {Executions: 1, Errors: 1}, "Panic": {Executions: 1, Errors: 1},
	} {
		n := got.NodeTypes[name]
		if n.GetExecutions() != want.Executions || n.GetErrors() != want.Errors || n.GetSamples() != want.Samples || n.GetTotalMs() < 0 {
			t.Errorf("%s: %v, want %v", name, n, want)
		}
	}
	mustHave(t, got.PrometheusText,
		`remotemedia_grpc_requests_total{method="ExecutePipeline",status="success"} 1`,
		`remotemedia_grpc_requests_total{method="ExecutePipeline",status="error"} 4`,
		`remotemedia_grpc_call_outcomes_total{method="ExecutePipeline",outcome="client"} 1`,
		`remotemedia_grpc_call_outcomes_total{method="ExecutePipeline",outcome="failed"} 3`,
		`remotemedia_grpc_call_outcomes_total{method="ExecutePipeline",outcome="ok"} 1`,
		`remotemedia_execution_errors_total{error_type="ERROR_TYPE_NODE_EXECUTION"} 1`,
		`remotemedia_execution_errors_total{error_type="ERROR_TYPE_INTERNAL"} 1`,
		`remotemedia_execution_errors_total{error_type="ERROR_TYPE_VALIDATION"} 1`,
		`remotemedia_execution_errors_total{error_type="ERROR_TYPE_RESOURCE_LIMIT"} 1`,
		`remotemedia_deadline_misses_total{kind="call"} 1`,
		`remotemedia_audio_samples_processed_total{node_type="Gain"} 480`,
		`remotemedia_node_errors_total{node_type="Fail"} 1`,
	)
	if got.ErrorsByType["ERROR_TYPE_INTERNAL"] != 1 {
		t.Errorf("errors %v", got.ErrorsByType)
	}
}

func TestT039_GaugesMoveWithWhatIsInFlight(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		req := request(pipeline(`a:Sleep{"ms":60000}`), map[string]any{"a": "1"})
		req.ResourceLimits = &pb.ResourceLimits{MaxTimeoutMs: 30_000}
		_, err := r.call(ctx, req)
		done <- err
	}()
	r.until(func(m *pb.MetricsResponse) bool { return m.ActiveExecutions == 1 })
	cancel()
	if err := <-done; status.Code(err) != codes.Canceled {
		t.Errorf("got %v", err)
	}
	r.until(func(m *pb.MetricsResponse) bool {
		return m.ActiveExecutions == 0 && m.ErrorsByType["CANCELED"] == 1 && m.ErrorsByType["ERROR_TYPE_RESOURCE_LIMIT"] == 0
	})
	r.comesToTell(`remotemedia_grpc_call_outcomes_total{method="ExecutePipeline",outcome="client"} 1`)
}

// until asks for the metrics until they are as wanted.
func (r *rig) until(wanted func(*pb.MetricsResponse) bool) {
	r.t.Helper()
	for end := time.Now().Add(30 * time.Second); ; {
		m := r.snapshot()
		if wanted(m) {
			return
		}
		if time.Now().After(end) {
			r.t.Fatalf("it didn't come: %v", m)
		}
	}
}

// comesToTell waits for lines of the metrics. A stream's client has its last answer before the call is counted.
func (r *rig) comesToTell(lines ...string) {
	r.t.Helper()
	for end := time.Now().Add(30 * time.Second); ; {
		text := r.snapshot().PrometheusText
		missing := slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return strings.Contains(text, "\n"+l+"\n") })
		if len(missing) == 0 {
			return
		}
		if time.Now().After(end) {
			r.t.Fatalf("the metrics never told %q, but:\n%s", missing, text)
		}
	}
}

func TestT057_StreamsAreCounted(t *testing.T) {
	r := newRig(t)
	c := r.live(t.Context(), &pb.StreamInit{Manifest: pipeline("a:Gain")})
	for i := range uint64(3) {
		c.chunk("a", i, buffer(make([]byte, 640))) // 20 ms
		c.next()
	}
	got := r.snapshot()
	if got.ActiveStreams != 1 || got.ChunksTotal != 3 || got.ChunkLatency.GetCount() != 3 || got.AudioSamplesTotal != 960 || len(got.Streams) != 1 {
		t.Fatalf("got %v", got)
	}
	if s := got.Streams[0]; s.GetSessionId() == "" || s.GetPipeline() != "test" || s.GetChunks() != 3 || s.GetAgeSeconds() <= 0 || s.GetIdleSeconds() > s.GetAgeSeconds() {
		t.Errorf("stream %v", s)
	}
	if n := got.NodeTypes["Gain"]; n.GetExecutions() != 3 || n.GetSamples() != 960 || n.GetTotalMs() <= 0 {
		t.Errorf("node %v", n)
	}
	c.close()
	c.next()
	r.until(func(m *pb.MetricsResponse) bool { return m.ActiveStreams == 0 && len(m.Streams) == 0 })
	r.comesToTell(
		`remotemedia_stream_chunks_total{status="success"} 3`,
		`remotemedia_stream_chunk_latency_seconds_count 3`,
		`remotemedia_grpc_requests_total{method="StreamPipeline",status="success"} 1`,
		`remotemedia_node_duration_seconds_count{node_type="Gain"} 3`,
	)
}

func TestErrorsOfStreamsAreCountedOnce(t *testing.T) {
	r := newRig(t)
	for _, goesOn := range []bool{true, false} {
		c := r.live(t.Context(), &pb.StreamInit{Manifest: pipeline("a:Fail"), ContinueOnError: goesOn})
		c.chunk("a", 0, buffer(make([]byte, 64)))
		if e := c.next().GetError(); e == nil {
			t.Fatal("no error")
		}
		if goesOn {
			c.close()
		}
		if c.next().GetClosed() == nil {
			t.Fatal("not closed")
		}
	}
	r.comesToTell(
		`remotemedia_stream_chunks_total{status="error"} 2`,
		`remotemedia_execution_errors_total{error_type="ERROR_TYPE_NODE_EXECUTION"} 2`,
		`remotemedia_grpc_requests_total{method="StreamPipeline",status="success"} 1`,
		`remotemedia_grpc_requests_total{method="StreamPipeline",status="error"} 1`,
		`remotemedia_grpc_call_outcomes_total{method="StreamPipeline",outcome="failed"} 1`,
		`remotemedia_node_errors_total{node_type="Fail"} 2`,
	)
	for line := range strings.Lines(r.logs.String()) {
		if strings.Contains(line, `"stream error"`) && (!strings.Contains(line, `"session_id":"`) || !strings.Contains(line, `"pipeline":"test"`)) {
			t.Errorf("the line doesn't name the stream: %s", line)
		}
	}
}

func TestDroppedChunksAreCountedByReason(t *testing.T) {
	r := newRig(t, func(o *server.Options) { o.Stream.QueueChunks = 1 })
	c := r.live(t.Context(), &pb.StreamInit{Manifest: pipeline(`a:Sleep{"ms":300}`), Backpressure: pb.BackpressurePolicy_BACKPRESSURE_POLICY_DROP_NEWEST})
	for i := range uint64(8) {
		c.chunk("a", i, buffer(make([]byte, 64)))
	}
	c.close()
	var dropped uint64
	for {
		a := c.next()
		if a.GetResult().GetDropped() {
			dropped++
		}
		if a.GetClosed() != nil {
			break
		}
	}
	if dropped == 0 {
		t.Fatal("nothing was dropped")
	}
	got := r.snapshot()
	if got.ChunksDroppedTotal != dropped {
		t.Errorf("%d dropped, want %d", got.ChunksDroppedTotal, dropped)
	}
	mustHave(t, got.PrometheusText, fmt.Sprintf(`remotemedia_stream_chunks_dropped_total{reason="drop_newest"} %d`, dropped))
	if strings.Contains(got.PrometheusText, `remotemedia_deadline_misses_total{kind="chunk"} 0`) {
		t.Error("chunks of 2 ms that took 300 ms missed no deadline")
	}
}

func TestGetMetricsTellsWhatIsAskedFor(t *testing.T) {
	r := newRig(t)
	r.result(request(pipeline("a:Pass"), map[string]any{"a": "1"}))
	got := r.snapshot(func(q *pb.MetricsRequest) {
		q.IncludeNodeTypes, q.IncludeStreams, q.IncludePrometheusText = false, false, false
	})
	if got.NodeTypes != nil || got.Streams != nil || got.PrometheusText != "" {
		t.Errorf("got %v", got)
	}
	got = r.snapshot(func(q *pb.MetricsRequest) {
		q.NamePrefixes = []string{"remotemedia_grpc_active"}
		q.ClientVersion = "test-v1"
	})
	for line := range strings.Lines(got.PrometheusText) {
		if !strings.Contains(line, "remotemedia_grpc_active") {
			t.Errorf("line %s", line)
		}
	}
	if got.PrometheusText == "" {
		t.Error("no text")
	}
	if _, err := time.Parse(time.RFC3339Nano, got.CollectedAt); err != nil {
		t.Error(err)
	}
}

func TestGetMetricsRefusesVersionsThatArentServed(t *testing.T) {
	r := newRig(t)
	err := r.Invoke(t.Context(), metricsPath, &pb.MetricsRequest{ClientVersion: "v2"}, new(pb.MetricsResponse))
	s := status.Convert(err)
	if s.Code() != codes.FailedPrecondition || len(s.Details()) != 1 {
		t.Fatalf("got %v with %d details", err, len(s.Details()))
	}
	if d, ok := s.Details()[0].(*pb.ErrorResponse); !ok || d.GetErrorType() != pb.ErrorType_ERROR_TYPE_VERSION_MISMATCH || !strings.Contains(d.GetContext(), `"requested":"v2"`) {
		t.Errorf("detail %v", s.Details()[0])
	}
}

// Balancers read the load of each answer.
func TestAnswersReportTheLoad(t *testing.T) {
	recorder := server.NewRecorder(metrics.Options{Sources: metrics.Sources{
		MemoryUsed: func() int64 { return 1 }, MemoryBudget: func() int64 { return 4 }, ComputeSlots: func() int64 { return 8 },
	}})
	recorder.Executing(2)
	r := newRig(t, func(o *server.Options) { o.Metrics = recorder })
	var trailer metadata.MD
	if err := r.Invoke(t.Context(), versionPath, &pb.VersionRequest{}, new(pb.VersionResponse), grpc.Trailer(&trailer)); err != nil {
		t.Fatal(err)
	}
	reports := trailer.Get("endpoint-load-metrics-bin")
	if len(reports) != 1 {
		t.Fatalf("trailers %v", trailer)
	}
	got := map[protowire.Number]float64{}
	for b := []byte(reports[0]); len(b) > 0; b = b[9:] {
		number, kind, n := protowire.ConsumeTag(b)
		if n != 1 || kind != protowire.Fixed64Type || len(b) < 9 {
			t.Fatalf("report %x", reports[0])
		}
		got[number] = math.Float64frombits(binary.LittleEndian.Uint64(b[1:9]))
	}
	if len(got) != 3 || got[1] < 0 || got[1] > 1 || got[2] != 0.25 || got[9] != 0.25 {
		t.Errorf("report %v", got)
	}
}

func TestConnectionsAreCounted(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := serveRig(t, l, func(ctx context.Context, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", l.Addr().String())
	})
	var others []net.Conn
	for range 3 {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		others = append(others, conn)
	}
	r.until(func(m *pb.MetricsResponse) bool { return m.ActiveConnections == 4 })
	for _, conn := range others {
		conn.Close()
	}
	r.until(func(m *pb.MetricsResponse) bool { return m.ActiveConnections == 1 })
}
