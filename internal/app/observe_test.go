package app_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/remotemedia/remotemedia-go/internal/app"
	"github.com/remotemedia/remotemedia-go/internal/config"
)

// What the service writes and tells, from the outside: every line of its output is JSON, the line of a call has its request id, and
// the metrics have counted it.
func TestFR010_OutputIsJSONAndMetricsMove(t *testing.T) {
	out := new(lines)
	s := start(t, func(o *app.Options) { o.Log, o.Output = nil, out })
	got, err := s.execute("Pass")
	if err != nil {
		t.Fatal(err)
	}
	if refused, err := s.execute("NoSuchNode"); err != nil || refused.GetError() == nil {
		t.Errorf("got %v, %v", refused, err)
	}
	_, text := s.get("/metrics")
	for _, line := range []string{
		`remotemedia_grpc_requests_total{method="ExecutePipeline",status="success"} 1`,
		`remotemedia_grpc_requests_total{method="ExecutePipeline",status="error"} 1`,
		`remotemedia_node_executions_total{node_type="Pass"} 1`,
		`remotemedia_requests_rejected_total{reason="queue_full"} 0`,
		`remotemedia_queue_wait_seconds_count{stage="slot"} 2`,
	} {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("no line %s", line)
		}
	}
	if problems, err := promlint.New(strings.NewReader(text + "\n")).Lint(); err != nil || len(problems) > 0 {
		t.Errorf("%v: %v", err, problems)
	}
	s.stop()
	if err := <-s.ended; err != nil {
		t.Error(err)
	}
	calls := 0
	for line := range strings.Lines(out.text()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil || m["timestamp"] == nil || m["level"] == nil || m["message"] == nil {
			t.Errorf("%v: %s", err, line)
		}
		if m["message"] != "call" {
			continue
		}
		calls++
		for _, field := range []string{"request_id", "method", "status", "wall_time_ms", "nodes", "client"} {
			if m[field] == nil || m[field] == "" {
				t.Errorf("no %s in %s", field, line)
			}
		}
		if calls == 1 && m["request_id"] != got.GetResult().GetRequestId() {
			t.Errorf("the line has %v, the answer %s", m["request_id"], got.GetResult().GetRequestId())
		}
	}
	if calls != 2 {
		t.Errorf("%d lines of calls in %s", calls, out.text())
	}
}

// blocked is an output that never takes anything until it is let go.
type blocked struct{ free chan struct{} }

// Write waits.
func (b blocked) Write(p []byte) (int, error) { <-b.free; return len(p), nil }

func TestABlockedOutputDelaysNoAnswerAndNoStop(t *testing.T) {
	out := blocked{make(chan struct{})}
	defer close(out.free)
	s := start(t, func(o *app.Options) {
		o.Log, o.Output, o.Config = nil, out, config.Default()
	})
	for range 50 {
		if _, err := s.execute("Pass"); err != nil {
			t.Fatal(err)
		}
	}
	s.stop()
	if err := <-s.ended; err != nil {
		t.Error(err)
	}
}
