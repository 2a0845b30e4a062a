package metrics

import (
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

// used is a recorder of which every figure has moved.
func used() *Recorder {
	r := New(Options{Version: "1.2.3", Methods: []string{"ExecutePipeline", "StreamPipeline"}, ErrorTypes: []string{"ERROR_TYPE_INTERNAL"}, Reasons: []string{"cpu"}, Stages: []string{"place"}, Sources: Sources{
		QueueDepth: func() int64 { return 3 }, QueueCapacity: func() int64 { return 1000 }, Shedding: func() bool { return true },
		ComputeSlots: func() int64 { return 4 }, ComputeSaturated: func() float64 { return 1.5 },
		MemoryUsed: func() int64 { return 1 << 20 }, MemoryBudget: func() int64 { return 4 << 20 },
		PoolIdle: func() int64 { return 4096 }, PoolOut: func() int64 { return 6 },
		AbandonedWorkers: func() int64 { return 2 }, LogLinesDropped: func() uint64 { return 7 },
		CertificateEnd: func() time.Time { return time.Unix(2_000_000_000, 0) },
	}})
	r.Connected(5)
	r.Connected(-1)
	r.Executing(2)
	r.Call(Call{Method: "ExecutePipeline", RequestID: "id-1", Took: 3 * time.Millisecond, Outcome: OK})
	r.Call(Call{Method: "ExecutePipeline", RequestID: "id-2", Took: 2 * time.Second, Outcome: Failed, ErrorType: "ERROR_TYPE_INTERNAL", Late: true})
	r.Call(Call{Method: "ExecutePipeline", Took: time.Microsecond, Outcome: Refused, ErrorType: "ERROR_TYPE_RESOURCE_LIMIT", Rejected: "queue_full"})
	r.Waited("slot", 20*time.Millisecond)
	r.Node(Node{Type: "Gain", Took: 2 * time.Millisecond, Busy: time.Millisecond, Samples: 480})
	r.Node(Node{Type: "Gain", Took: 4 * time.Millisecond, Busy: time.Millisecond, Samples: 480, Failed: true})
	s := r.OpenStream("session", "pipeline", "id-3")
	s.Answered(30*time.Millisecond, 20*time.Millisecond)
	s.Answered(10*time.Millisecond, 20*time.Millisecond)
	s.Failed()
	s.Dropped(DropOldest, 4)
	return r
}

// scrape asks the endpoint in a format and parses the answer.
func scrape(t *testing.T, r *Recorder, accept string) (map[string]*dto.MetricFamily, *http.Response, string) {
	t.Helper()
	w := httptest.NewRecorder()
	req := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	if accept != "" {
		req.Header.Set("Accept", accept)
	}
	r.Handler().ServeHTTP(w, req)
	resp := w.Result()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%v: %s %s", err, resp.Status, body)
	}
	if strings.Contains(accept, "openmetrics") {
		return nil, resp, string(body)
	}
	families := make(map[string]*dto.MetricFamily)
	for d := expfmt.NewDecoder(strings.NewReader(string(body)), expfmt.ResponseFormat(resp.Header)); ; {
		f := new(dto.MetricFamily)
		if err := d.Decode(f); err == io.EOF {
			return families, resp, string(body)
		} else if err != nil {
			t.Fatal(err)
		}
		families[f.GetName()] = f
	}
}

// The names, types, labels and buckets of the contract; a bucket list of nil is none.
func TestNamesAndLabelsOfTheContract(t *testing.T) {
	requests := []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1}
	chunks := []float64{.001, .005, .01, .025, .05, .1, .25, .5, 1}
	families, resp, _ := scrape(t, used(), "")
	if got := resp.Header.Get("Content-Type"); !strings.HasPrefix(got, "text/plain; version=0.0.4") {
		t.Errorf("content type %q", got)
	}
	for name, want := range map[string]struct {
		kind    dto.MetricType
		labels  string
		buckets []float64
	}{
		"remotemedia_grpc_requests_total":           {dto.MetricType_COUNTER, "method,status", nil},
		"remotemedia_grpc_request_duration_seconds": {dto.MetricType_HISTOGRAM, "method", requests},
		"remotemedia_grpc_active_connections":       {dto.MetricType_GAUGE, "", nil},
		"remotemedia_grpc_active_executions":        {dto.MetricType_GAUGE, "", nil},
		"remotemedia_execution_errors_total":        {dto.MetricType_COUNTER, "error_type", nil},
		"remotemedia_audio_samples_processed_total": {dto.MetricType_COUNTER, "node_type", nil},
		"remotemedia_execution_memory_bytes":        {dto.MetricType_GAUGE, "", nil},
		"remotemedia_grpc_active_streams":           {dto.MetricType_GAUGE, "", nil},
		"remotemedia_stream_chunks_total":           {dto.MetricType_COUNTER, "status", nil},
		"remotemedia_stream_chunk_latency_seconds":  {dto.MetricType_HISTOGRAM, "", chunks},
		"remotemedia_stream_chunks_dropped_total":   {dto.MetricType_COUNTER, "reason", nil},
		"remotemedia_request_queue_depth":           {dto.MetricType_GAUGE, "", nil},
		"remotemedia_requests_rejected_total":       {dto.MetricType_COUNTER, "reason", nil},
		"remotemedia_load_shedding_active":          {dto.MetricType_GAUGE, "", nil},
		"remotemedia_node_duration_seconds":         {dto.MetricType_HISTOGRAM, "node_type", chunks},
		"grpc_requests_total":                       {dto.MetricType_COUNTER, "method,status", nil},
		"grpc_request_duration_seconds":             {dto.MetricType_HISTOGRAM, "method", requests},
		"grpc_active_executions":                    {dto.MetricType_GAUGE, "", nil},
		"process_resident_memory_bytes":             {dto.MetricType_GAUGE, "", nil},
	} {
		f := families[name]
		if f == nil {
			t.Errorf("%s isn't there", name)
			continue
		}
		m := f.GetMetric()[0]
		if f.GetType() != want.kind || labels(m) != want.labels || !slices.Equal(bounds(m), want.buckets) {
			t.Errorf("%s is a %s by %q with buckets %v, want %+v", name, f.GetType(), labels(m), bounds(m), want)
		}
	}
}

func labels(m *dto.Metric) string {
	var names []string
	for _, l := range m.GetLabel() {
		names = append(names, l.GetName())
	}
	return strings.Join(names, ",")
}

func bounds(m *dto.Metric) (out []float64) {
	for _, b := range m.GetHistogram().GetBucket() {
		if !math.IsInf(b.GetUpperBound(), 1) {
			out = append(out, b.GetUpperBound())
		}
	}
	return out
}

func TestValues(t *testing.T) {
	text, err := used().Text()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		`remotemedia_grpc_requests_total{method="ExecutePipeline",status="success"} 1`,
		`remotemedia_grpc_requests_total{method="ExecutePipeline",status="error"} 2`,
		`remotemedia_grpc_requests_total{method="StreamPipeline",status="error"} 0`,
		`grpc_requests_total{method="ExecutePipeline",status="error"} 2`,
		`remotemedia_grpc_call_outcomes_total{method="ExecutePipeline",outcome="refused"} 1`,
		`remotemedia_grpc_call_outcomes_total{method="ExecutePipeline",outcome="failed"} 1`,
		`remotemedia_grpc_request_duration_seconds_bucket{method="ExecutePipeline",le="0.001"} 1`,
		`remotemedia_grpc_request_duration_seconds_bucket{method="ExecutePipeline",le="0.005"} 2`,
		`grpc_request_duration_seconds_bucket{method="ExecutePipeline",le="+Inf"} 3`,
		`remotemedia_grpc_active_connections 4`,
		`remotemedia_grpc_active_executions 2`,
		`grpc_active_executions 2`,
		`remotemedia_grpc_active_streams 1`,
		`remotemedia_execution_errors_total{error_type="ERROR_TYPE_INTERNAL"} 1`,
		`remotemedia_execution_errors_total{error_type="ERROR_TYPE_RESOURCE_LIMIT"} 1`,
		`remotemedia_requests_rejected_total{reason="queue_full"} 1`,
		`remotemedia_deadline_misses_total{kind="call"} 1`,
		`remotemedia_deadline_misses_total{kind="chunk"} 1`,
		`remotemedia_audio_samples_processed_total{node_type="Gain"} 960`,
		`remotemedia_node_executions_total{node_type="Gain"} 2`,
		`remotemedia_node_errors_total{node_type="Gain"} 1`,
		`remotemedia_node_duration_seconds_bucket{node_type="Gain",le="0.001"} 0`,
		`remotemedia_node_duration_seconds_bucket{node_type="Gain",le="0.005"} 2`,
		`remotemedia_stream_chunks_total{status="success"} 2`,
		`remotemedia_stream_chunks_total{status="error"} 1`,
		`remotemedia_stream_chunks_total{status="dropped"} 4`,
		`remotemedia_stream_chunks_dropped_total{reason="drop_oldest"} 4`,
		`remotemedia_stream_chunk_latency_seconds_count 2`,
		`remotemedia_queue_wait_seconds_sum{stage="slot"} 0.02`,
		`remotemedia_queue_wait_seconds_count{stage="place"} 0`,
		`remotemedia_requests_rejected_total{reason="cpu"} 0`,
		`remotemedia_compute_busy_seconds_total 0.002`,
		`remotemedia_compute_saturated_seconds_total 1.5`,
		`remotemedia_compute_slots 4`,
		`remotemedia_execution_memory_bytes 1.048576e+06`,
		`remotemedia_execution_memory_budget_bytes 4.194304e+06`,
		`remotemedia_request_queue_depth 3`,
		`remotemedia_load_shedding_active 1`,
		`remotemedia_abandoned_workers 2`,
		`remotemedia_buffer_pool_buffers 6`,
		`remotemedia_buffer_pool_idle_bytes 4096`,
		`remotemedia_log_lines_dropped_total 7`,
		`remotemedia_tls_certificate_expiry_seconds 2e+09`,
	} {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("no line %s", line)
		}
	}
	if !strings.Contains(text, `version="1.2.3"`) {
		t.Error("the version isn't told")
	}
	if t.Failed() {
		t.Log(text)
	}
}

// All names and helps follow Prometheus' own rules.
func TestPromlint(t *testing.T) {
	text, err := used().Text()
	if err != nil {
		t.Fatal(err)
	}
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	bad := "# TYPE someCounter counter\nsomeCounter 1\n"
	if found, err := promlint.New(strings.NewReader(bad)).Lint(); err != nil || len(found) == 0 {
		t.Errorf("the linter finds nothing in what is wrong: %v", err)
	}
}

func TestOpenMetricsHasExemplars(t *testing.T) {
	_, resp, body := scrape(t, used(), "application/openmetrics-text; version=1.0.0")
	if got := resp.Header.Get("Content-Type"); !strings.HasPrefix(got, "application/openmetrics-text") {
		t.Fatalf("content type %q", got)
	}
	for _, want := range []string{
		`remotemedia_grpc_request_duration_seconds_bucket{method="ExecutePipeline",le="0.005"} 2 # {request_id="id-1"} 0.003`,
		`remotemedia_stream_chunk_latency_seconds_bucket{le="0.05"} 2 # {request_id="id-3"} 0.03`,
		`remotemedia_grpc_requests_total{method="ExecutePipeline",status="error"} 2`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in\n%s", want, body)
		}
	}
	if !strings.HasSuffix(body, "# EOF\n") {
		t.Error("no end mark")
	}
}

func TestProtobufHasNativeHistograms(t *testing.T) {
	families, resp, _ := scrape(t, used(), "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited")
	if got := resp.Header.Get("Content-Type"); !strings.HasPrefix(got, "application/vnd.google.protobuf") {
		t.Fatalf("content type %q", got)
	}
	for _, name := range []string{"remotemedia_grpc_request_duration_seconds", "grpc_request_duration_seconds", "remotemedia_stream_chunk_latency_seconds", "remotemedia_node_duration_seconds"} {
		h := families[name].GetMetric()[0].GetHistogram()
		if h.Schema == nil || h.GetSchema() < 3 || len(h.GetPositiveSpan()) == 0 {
			t.Errorf("%s: schema %v, spans %v", name, h.Schema, h.GetPositiveSpan())
		}
	}
}

func TestIdsThatDontFitAreNoExemplars(t *testing.T) {
	r := New(Options{Methods: []string{"M"}})
	for _, id := range []string{"", strings.Repeat("x", 119), "a\xffb", "ü"} {
		r.Call(Call{Method: "M", RequestID: id, Took: time.Millisecond, Outcome: OK})
	}
	if _, _, body := scrape(t, r, "application/openmetrics-text; version=1.0.0"); strings.Contains(body, "request_id") {
		t.Error("an id that doesn't fit became an exemplar")
	}
	r.Call(Call{Method: "M", RequestID: strings.Repeat("x", 118), Took: time.Millisecond, Outcome: OK})
	if _, _, body := scrape(t, r, "application/openmetrics-text; version=1.0.0"); !strings.Contains(body, "request_id") {
		t.Error("an id that fits didn't become an exemplar")
	}
}

// Whatever callers send, there is a bound to what a scrape holds.
func TestLabelSetsAreBounded(t *testing.T) {
	r := New(Options{Methods: []string{"M"}})
	for i := range 2000 {
		name := fmt.Sprintf("made-up-%d\xff", i)
		r.Call(Call{Method: name, Outcome: Outcome(name), ErrorType: name, Rejected: name})
		r.Node(Node{Type: name, Took: 1})
		s := r.OpenStream(name, name, name)
		s.Dropped(name, 1)
		s.Close()
	}
	families, _, _ := scrape(t, r, "")
	for name, want := range map[string]int{
		"remotemedia_grpc_requests_total": 4, "remotemedia_grpc_request_duration_seconds": 2, "remotemedia_execution_errors_total": 33,
		"remotemedia_requests_rejected_total": 33, "remotemedia_node_executions_total": 513, "remotemedia_stream_chunks_dropped_total": 33,
		"remotemedia_node_duration_seconds": 513,
	} {
		if got := len(families[name].GetMetric()); got > want {
			t.Errorf("%s has %d series, want at most %d", name, got, want)
		}
	}
	text, err := r.Text("remotemedia_grpc_requests_total", "remotemedia_grpc_active_streams")
	if err != nil || !strings.Contains(text, `{method="other",status="error"} 2000`) || !strings.Contains(text, "active_streams 0") {
		t.Errorf("%v: %s", err, text)
	}
}

func TestTextOfSomeNames(t *testing.T) {
	text, err := used().Text("grpc_active", "remotemedia_stream_chunks_d")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, "# TYPE "); ok {
			names = append(names, strings.Fields(rest)[0])
		}
	}
	if want := []string{"grpc_active_executions", "remotemedia_stream_chunks_dropped_total"}; !slices.Equal(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
}

func TestSnapshot(t *testing.T) {
	s := used().Snapshot()
	want := map[string]uint64{"ERROR_TYPE_INTERNAL": 1, "ERROR_TYPE_RESOURCE_LIMIT": 1}
	if s.Calls != 3 || s.Failed != 2 || s.Connections != 4 || s.Executions != 2 || s.OpenStreams != 1 || s.QueueDepth != 3 || s.Rejected != 1 ||
		s.Chunks != 7 || s.Dropped != 4 || s.Samples != 960 || s.ChunkLatency.Count != 2 || !maps.Equal(s.Errors, want) || s.Uptime <= 0 {
		t.Errorf("got %+v", s)
	}
	if got, want := s.NodeTypes["Gain"], (NodeTypeStats{2, 1, 960, 6 * time.Millisecond}); got != want {
		t.Errorf("node type %+v, want %+v", got, want)
	}
	latency := used().CallLatency("ExecutePipeline")
	if latency.Count != 3 || latency.Max != 2*time.Second || latency.P50 < 2900*time.Microsecond || latency.P50 > 3100*time.Microsecond {
		t.Errorf("latency %+v", latency)
	}
}

func TestUtilization(t *testing.T) {
	r := used()
	cpu, memory, slots := r.Utilization()
	if cpu < 0 || cpu > 1 || memory != 0.25 || slots != 0.5 {
		t.Errorf("cpu %v, memory %v, slots %v", cpu, memory, slots)
	}
	if _, memory, slots := New(Options{}).Utilization(); memory != 0 || slots != 0 {
		t.Errorf("without sources: memory %v, slots %v", memory, slots)
	}
	if r.process.resident() == 0 {
		t.Skip("this system doesn't tell the memory of a process")
	}
	p := newProcess()
	for start := p.cpu; p.cpu < start+0.02; _, p.cpu = p.read() { // compute for a while
	}
	p.cpu, p.at = p.cpu-0.02, time.Now().Add(-leastWindow)
	if got := p.utilization(); got <= 0 {
		t.Errorf("utilisation %v after work", got)
	}
}

func TestStreamsTellTheirAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r Recorder
		r.chunks = newFamily(4, newCounter)
		first := r.OpenStream("a", "one", "")
		time.Sleep(2 * time.Second)
		second := r.OpenStream("b", "two", "")
		first.Failed()
		time.Sleep(3 * time.Second)
		want := []StreamInfo{{"a", "one", 1, 5 * time.Second, 3 * time.Second}, {"b", "two", 0, 3 * time.Second, 3 * time.Second}}
		if got := r.Streams(); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		first.Close()
		first.Close()
		second.Close()
		if len(r.Streams()) != 0 || r.streams.count() != 0 {
			t.Error("closed streams are told")
		}
	})
}

func TestConcurrentUse(t *testing.T) {
	r := used()
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for n := range 200 {
				r.Call(Call{Method: "ExecutePipeline", Took: time.Millisecond, Outcome: OK})
				r.Node(Node{Type: fmt.Sprint("T", n%7), Took: time.Microsecond, Samples: 1})
				s := r.OpenStream(fmt.Sprint(i), "", "")
				s.Answered(1, 1)
				s.Close()
			}
		})
		group.Go(func() {
			for range 20 {
				r.Snapshot()
				if _, err := r.Text(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if s := r.Snapshot(); s.Calls != 3+1600 || s.Samples != 960+1600 || s.Chunks != 7+1600 {
		t.Errorf("got %+v", s)
	}
}

func BenchmarkCall(b *testing.B) {
	r := New(Options{Methods: []string{"M"}})
	b.ReportAllocs()
	for b.Loop() {
		r.Call(Call{Method: "M", RequestID: "0123456789abcdef", Took: time.Millisecond, Outcome: OK})
	}
}

func BenchmarkChunk(b *testing.B) {
	s := New(Options{}).OpenStream("s", "p", "0123456789abcdef")
	b.ReportAllocs()
	for b.Loop() {
		s.Answered(time.Millisecond, 20*time.Millisecond)
	}
}
