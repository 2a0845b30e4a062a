package client_test

import (
	"strings"
	"testing"

	"github.com/remotemedia/remotemedia-go/client"
)

func TestPL7_MetricsTellWhatIsAskedFor(t *testing.T) {
	c := service(t)
	if _, err := c.Run(t.Context(), parse(t, echo), wave(441)); err != nil {
		t.Fatal(err)
	}
	s := openStream(t, c, echo, client.StreamOptions{})
	plain, err := c.Metrics(t.Context(), client.MetricsOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if plain.Requests < 2 || plain.OpenStreams != 1 || plain.ExecuteLatency.Count != 1 || plain.ExecuteLatency.P50 <= 0 || plain.Samples != 441 ||
		plain.Uptime <= 0 || plain.Collected.IsZero() || plain.ResidentMemory == 0 {
		t.Errorf("got %+v", plain)
	}
	if plain.NodeTypes != nil || plain.Streams != nil || plain.Prometheus != "" {
		t.Errorf("more came than was asked for: %+v", plain)
	}
	full, err := c.Metrics(t.Context(), client.MetricsOptions{NodeTypes: true, Streams: true, Prometheus: true, Prefixes: []string{"remotemedia_grpc_active"}})
	if err != nil {
		t.Fatal(err)
	}
	if n := full.NodeTypes["PassThrough"]; n.Executions == 0 || n.Samples != 441 {
		t.Errorf("node types %+v", full.NodeTypes)
	}
	if len(full.Streams) != 1 || full.Streams[0].Session != s.Session().ID {
		t.Errorf("streams %+v", full.Streams)
	}
	if !strings.Contains(full.Prometheus, "remotemedia_grpc_active_streams 1") || strings.Contains(full.Prometheus, "requests_total") {
		t.Errorf("text %s", full.Prometheus)
	}
}
