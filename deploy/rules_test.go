// Package deploy checks that what is in this folder fits the program: queries against its metrics, ports and flags against its
// configuration, and, where the tools are there, each file by the program that reads it.
package deploy

import (
	"context"
	"encoding/json"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/internal/metrics"
	"github.com/remotemedia/remotemedia-go/internal/server"
	"github.com/remotemedia/remotemedia-go/nodes"
)

// registry is what a real service tells after it served calls, chunks and an error of each kind.
func registry(t *testing.T) []labels.Labels {
	t.Helper()
	number := func() int64 { return 1 }
	recorder := server.NewRecorder(metrics.Options{Version: "test", Stages: []string{"slot"}, Sources: metrics.Sources{
		QueueDepth: number, QueueCapacity: number, MemoryUsed: number, MemoryBudget: number,
		CertificateEnd: func() time.Time { return end }, PoolIdle: func() int64 { return 0 }, PoolOut: func() int64 { return 0 },
	}})
	serve(t, recorder)
	// What needs more than one client, or a machine at its limits.
	recorder.Call(metrics.Call{Method: "ExecutePipeline", Outcome: metrics.Refused, ErrorType: "ERROR_TYPE_RESOURCE_LIMIT", Rejected: "queue_full"})
	return append(scrape(t, recorder.Handler()), metric(t, "up"))
}

func serve(t *testing.T, recorder *metrics.Recorder) {
	t.Helper()
	catalog, err := nodes.Catalog("test")
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.New(server.Options{Engine: engine.New(engine.Options{}), Catalog: catalog, Metrics: recorder})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	audio := &pb.AudioBuffer{Samples: make([]byte, 640), SampleRate: 16000, Channels: 1, Format: pb.AudioFormat_AUDIO_FORMAT_I16, NumSamples: 320}
	pass := &pb.PipelineManifest{Version: "v1", Nodes: []*pb.NodeManifest{{Id: "a", NodeType: "PassThrough"}}}
	got := new(pb.ExecuteResponse)
	err = conn.Invoke(ctx, "/remotemedia.v1.PipelineExecutionService/ExecutePipeline", &pb.ExecuteRequest{
		Manifest: pass, AudioInputs: map[string]*pb.AudioBuffer{"a": audio},
	}, got)
	if err != nil || got.GetResult() == nil {
		t.Fatalf("%v: %v", err, got)
	}
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, "/remotemedia.v1.StreamingPipelineService/StreamPipeline")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []*pb.StreamRequest{
		{Request: &pb.StreamRequest_Init{Init: &pb.StreamInit{Manifest: pass}}},
		{Request: &pb.StreamRequest_AudioChunk{AudioChunk: &pb.AudioChunk{NodeId: "a", Buffer: audio}}},
	} {
		if err := stream.SendMsg(m); err != nil {
			t.Fatal(err)
		}
		if err := stream.RecvMsg(new(pb.StreamResponse)); err != nil {
			t.Fatal(err)
		}
	}
	conn.Close()
	s.GracefulStop()
	if err := <-served; err != nil {
		t.Error(err)
	}
}

func rules(t *testing.T) []rulefmt.Rule {
	t.Helper()
	groups, errs := rulefmt.ParseFile(filepath.Join("prometheus", "rules.yml"), false, model.UTF8Validation)
	for _, err := range errs {
		t.Error(err)
	}
	if groups == nil || t.Failed() {
		t.FailNow()
	}
	var out []rulefmt.Rule
	for _, g := range groups.Groups {
		out = append(out, g.Rules...)
	}
	return out
}

// mustKnow checks that the service tells every metric, with the labels, that an expression asks for. recorded are metrics that rules make.
func mustKnow(t *testing.T, series []labels.Labels, recorded map[string]bool, where, expr string) {
	t.Helper()
	found := selectors(t, expr)
	if len(found) == 0 {
		t.Errorf("%s: %s asks for nothing", where, expr)
	}
	for _, s := range found {
		if !recorded[s.Name] && !known(series, s) {
			t.Errorf("%s: the service has no series %s", where, s)
		}
	}
}

func TestQS1_RulesAskForWhatTheServiceTells(t *testing.T) {
	series := registry(t)
	recorded := map[string]bool{}
	for _, r := range rules(t) {
		recorded[r.Record] = true
	}
	delete(recorded, "")
	for _, r := range rules(t) {
		mustKnow(t, series, recorded, r.Record+r.Alert, r.Expr)
		if r.Alert != "" && (r.Labels["severity"] == "" || r.Annotations["summary"] == "" || r.Annotations["description"] == "") {
			t.Errorf("%s lacks severity, summary or description", r.Alert)
		}
	}
	for _, wrong := range []string{"remotemedia_no_such_metric", `remotemedia_grpc_requests_total{status="ok"}`, `remotemedia_grpc_active_streams{node_type="x"}`} {
		if known(series, selectors(t, wrong)[0]) {
			t.Errorf("the check would pass %s", wrong)
		}
	}
}

// situation is how series developed over six hours: what they grow by a minute, or, for gauges, where they stand.
type situation struct{ counters, gauges map[string]float64 }

// healthy is a service under an ordinary load.
func healthy() situation {
	return situation{
		counters: map[string]float64{
			`remotemedia_grpc_call_outcomes_total{method="ExecutePipeline",outcome="ok"}`:          6000,
			`remotemedia_grpc_call_outcomes_total{method="ExecutePipeline",outcome="client"}`:      600,
			`remotemedia_grpc_call_outcomes_total{method="ExecutePipeline",outcome="refused"}`:     1,
			`remotemedia_grpc_call_outcomes_total{method="ExecutePipeline",outcome="failed"}`:      1,
			`remotemedia_compute_busy_seconds_total`:                                               60,
			`remotemedia_grpc_request_duration_seconds_bucket{method="ExecutePipeline",le="0.1"}`:  5990,
			`remotemedia_grpc_request_duration_seconds_bucket{method="ExecutePipeline",le="0.5"}`:  6000,
			`remotemedia_grpc_request_duration_seconds_bucket{method="ExecutePipeline",le="1"}`:    6000,
			`remotemedia_grpc_request_duration_seconds_bucket{method="ExecutePipeline",le="+Inf"}`: 6000,
			`remotemedia_deadline_misses_total{kind="chunk"}`:                                      1,
			`remotemedia_stream_chunks_total{status="success"}`:                                    3000,
			`remotemedia_stream_chunks_dropped_total{reason="drop_oldest"}`:                        0,
			`remotemedia_node_errors_total{node_type="Gain"}`:                                      0,
			`remotemedia_node_executions_total{node_type="Gain"}`:                                  6000,
			`remotemedia_execution_errors_total{error_type="ERROR_TYPE_INTERNAL"}`:                 0,
			`remotemedia_log_lines_dropped_total`:                                                  0,
		},
		gauges: map[string]float64{
			"up": 1, "remotemedia_compute_slots": 4, "remotemedia_load_shedding_active": 0, "remotemedia_request_queue_depth": 3,
			"remotemedia_request_queue_capacity": 1000, "remotemedia_execution_memory_bytes": 1e8, "remotemedia_execution_memory_budget_bytes": 1e9,
			"remotemedia_abandoned_workers": 0, "remotemedia_start_time_seconds": 1_700_000_000,
			"remotemedia_tls_certificate_expiry_seconds": float64(end.Unix() + 60*86400),
		},
	}
}

// fired returns the alerts that fire, by name, after the recording rules were evaluated.
func (s situation) fired(t *testing.T) []string {
	t.Helper()
	const steps = 3*24*60 + 10
	var m memory
	for text, rate := range s.counters {
		m.add(metric(t, text), steps, func(i int) float64 { return rate * float64(i) })
	}
	for text, value := range s.gauges {
		m.add(metric(t, text), steps, func(i int) float64 {
			if text == "remotemedia_start_time_seconds" && value < 0 { // it restarts every 5 minutes
				return float64(i / 5)
			}
			return value
		})
	}
	for _, r := range rules(t) {
		if r.Record == "" {
			continue
		}
		for _, v := range m.query(t, r.Expr) {
			m.add(labels.NewBuilder(v.Metric).Set(model.MetricNameLabel, r.Record).Labels(), 5, func(int) float64 { return v.F })
		}
	}
	var out []string
	for _, r := range rules(t) {
		if r.Alert != "" && len(m.query(t, r.Expr)) > 0 {
			out = append(out, r.Alert)
		}
	}
	slices.Sort(out)
	return out
}

func TestQS1_NoAlertFiresWhenAllIsWell(t *testing.T) {
	if got := healthy().fired(t); len(got) > 0 {
		t.Errorf("%v", got)
	}
}

// Each alert fires in the situation that it is for, and no other one does.
func TestQS1_EveryAlertFiresWhenItShould(t *testing.T) {
	const outcome = `remotemedia_grpc_call_outcomes_total{method="ExecutePipeline",outcome="`
	burning := []string{"RemotemediaAvailabilityBudgetBurns", "RemotemediaAvailabilityBudgetBurnsFast", "RemotemediaAvailabilityBudgetLeaks"}
	tried := map[string]bool{}
	for name, c := range map[string]struct {
		counters, gauges map[string]float64
		want             []string
	}{
		"refused":     {map[string]float64{outcome + `refused"}`: 200}, nil, burning},
		"failed":      {map[string]float64{outcome + `failed"}`: 200}, nil, burning},
		"failed some": {map[string]float64{outcome + `failed"}`: 50}, nil, []string{burning[0], burning[2]}},
		"leak":        {map[string]float64{outcome + `refused"}`: 10}, nil, burning[2:]},
		"clients":     {map[string]float64{outcome + `client"}`: 1e6}, nil, nil},
		"saturated":   {map[string]float64{"remotemedia_compute_busy_seconds_total": 230}, nil, []string{"RemotemediaSaturated"}},
		"sheds":       {nil, map[string]float64{"remotemedia_load_shedding_active": 1}, []string{"RemotemediaShedsLoad"}},
		"queue":       {nil, map[string]float64{"remotemedia_request_queue_depth": 900}, []string{"RemotemediaQueueFills"}},
		"memory":      {nil, map[string]float64{"remotemedia_execution_memory_bytes": 9e8}, []string{"RemotemediaMemoryNearBudget"}},
		"stuck":       {nil, map[string]float64{"remotemedia_abandoned_workers": 1}, []string{"RemotemediaStuckWorkers"}},
		"slow": {map[string]float64{
			`remotemedia_grpc_request_duration_seconds_bucket{method="ExecutePipeline",le="0.1"}`: 100,
			`remotemedia_grpc_request_duration_seconds_bucket{method="ExecutePipeline",le="0.5"}`: 200,
		}, nil, []string{"RemotemediaSlowCalls"}},
		"late":        {map[string]float64{`remotemedia_deadline_misses_total{kind="chunk"}`: 100}, nil, []string{"RemotemediaStreamsLate"}},
		"drops":       {map[string]float64{`remotemedia_stream_chunks_dropped_total{reason="drop_oldest"}`: 100}, nil, []string{"RemotemediaChunksDropped"}},
		"node":        {map[string]float64{`remotemedia_node_errors_total{node_type="Gain"}`: 600}, nil, []string{"RemotemediaNodeFails"}},
		"internal":    {map[string]float64{`remotemedia_execution_errors_total{error_type="ERROR_TYPE_INTERNAL"}`: 1}, nil, []string{"RemotemediaInternalErrors"}},
		"down":        {nil, map[string]float64{"up": 0}, []string{"RemotemediaDown"}},
		"restarts":    {nil, map[string]float64{"remotemedia_start_time_seconds": -1}, []string{"RemotemediaRestarts"}},
		"log":         {map[string]float64{"remotemedia_log_lines_dropped_total": 5}, nil, []string{"RemotemediaLogLinesLost"}},
		"certificate": {nil, map[string]float64{"remotemedia_tls_certificate_expiry_seconds": float64(end.Unix() + 86400)}, []string{"RemotemediaCertificateExpires"}},
	} {
		s := healthy()
		for _, change := range []struct{ to, from map[string]float64 }{{s.counters, c.counters}, {s.gauges, c.gauges}} {
			for text := range change.from {
				if _, ok := change.to[text]; !ok {
					t.Fatalf("%s: %s isn't a series of the healthy service", name, text)
				}
			}
			maps.Copy(change.to, change.from)
		}
		if got := s.fired(t); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v fire, want %v", name, got, c.want)
		}
		for _, alert := range c.want {
			tried[alert] = true
		}
	}
	for _, r := range rules(t) {
		if r.Alert != "" && !tried[r.Alert] {
			t.Errorf("no situation is for %s", r.Alert)
		}
	}
}

// dashboard is what the checks need of Grafana's format.
type dashboard struct {
	Panels []struct {
		ID      int
		Title   string
		Type    string
		GridPos struct{ H, W, X, Y int }
		Targets []struct{ Expr, RefID string }
	}
	Templating struct {
		List []struct{ Name, Definition string }
	}
}

func TestQS1_DashboardAsksForWhatTheServiceTells(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("grafana", "remotemedia.json"))
	if err != nil {
		t.Fatal(err)
	}
	var d dashboard
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	series := registry(t)
	var m memory
	for _, l := range series {
		m.add(l, 6*60, func(i int) float64 { return float64(i) })
	}
	variables := strings.NewReplacer("$job", ".*", "$instance", ".*", "$__rate_interval", "5m")
	queries, ids := 0, map[int]bool{}
	for _, p := range d.Panels {
		if ids[p.ID] || p.GridPos.X+p.GridPos.W > 24 || p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("panel %d %q: its id is taken, it is off the grid, or it asks for nothing", p.ID, p.Title)
		}
		ids[p.ID] = true
		for _, target := range p.Targets {
			queries++
			expr := variables.Replace(target.Expr)
			mustKnow(t, series, nil, p.Title, expr)
			got := m.query(t, expr)
			if len(got) == 0 || slices.ContainsFunc(got, func(s promql.Sample) bool { return !finite(s.F) }) {
				t.Errorf("%s: %s gives %v", p.Title, expr, got)
			}
		}
	}
	if queries < 20 {
		t.Errorf("only %d queries were seen", queries)
	}
	for _, v := range d.Templating.List {
		if inside, ok := strings.CutPrefix(v.Definition, "label_values("); ok {
			selector := inside[:strings.LastIndex(inside, ",")]
			mustKnow(t, series, nil, "variable "+v.Name, variables.Replace(selector))
		}
	}
}
