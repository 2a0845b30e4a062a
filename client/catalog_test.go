package client_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/client"
	"github.com/remotemedia/remotemedia-go/fault"
)

func TestNodesAndDescribe(t *testing.T) {
	c := service(t)
	detect, err := c.Nodes(t.Context(), client.NodesOptions{Category: "detect", Filter: "rustvad"})
	if err != nil || len(detect) != 1 || detect[0].Name != "VAD" || detect[0].Schema != nil || !detect[0].MultiOutput ||
		!slices.Equal(detect[0].Produces, []string{"audio", "json"}) || detect[0].LatencyClass != "realtime" {
		t.Errorf("got %+v, %v", detect, err)
	}
	vad, err := c.Describe(t.Context(), "RustVADNode")
	if err != nil || vad.Name != "VAD" || !json.Valid(vad.Schema) || !json.Valid(vad.Defaults) || len(vad.Description) <= len(detect[0].Description) {
		t.Errorf("got %+v, %v", vad, err)
	}
	if v, err := c.Validate(t.Context(), client.Check{JSON: string(vad.Example)}); err != nil || !v.Valid {
		t.Errorf("the example: %+v, %v", v, err)
	}
	_, err = c.Describe(t.Context(), "AudioResampel")
	if f := fault.From(err); f.Code != fault.CodeUnknownNodeType || !strings.Contains(err.Error(), "did you mean AudioResample") {
		t.Errorf("got %v", err)
	}
}

func TestValidateTellsPlanOrProblems(t *testing.T) {
	c := service(t)
	m := parse(t, `{"version":"v1","nodes":[{"id":"a","node_type":"RustVADNode"}]}`)
	v, err := c.Validate(t.Context(), client.Check{Manifest: m, Inputs: map[string]audio.Format{"a": {Rate: 8000, Channels: 1}}})
	if err != nil || !v.Valid || !slices.Equal(v.Order, []string{"a"}) || !slices.Equal(v.Sources, v.Order) || !slices.Equal(v.Sinks, v.Order) || v.Memory != 32000 {
		t.Fatalf("got %+v, %v", v, err)
	}
	if n := v.Normalized.Nodes[0]; n.Type != "VAD" || !strings.Contains(string(n.Params), "energy_threshold") {
		t.Errorf("normalized %+v", n)
	}
	v, err = c.Validate(t.Context(), client.Check{YAML: "version: v1\nnodes:\n  - {id: a, node_type: VADD}\n"})
	if err != nil || v.Valid || len(v.Problems) != 1 || v.Problems[0].Line != 3 || v.Problems[0].Code != fault.CodeUnknownNodeType || v.Normalized != nil {
		t.Errorf("got %+v, %v", v, err)
	}
}

func TestOldServicesAreToldFromBrokenOnes(t *testing.T) {
	g := &gate{rule: func(*gate, grpc.ServerStream) (proto.Message, error) {
		return nil, status.Error(codes.Unimplemented, "unknown service")
	}}
	c := g.start(t)
	_, listing := c.Nodes(t.Context(), client.NodesOptions{})
	_, describing := c.Describe(t.Context(), "VAD")
	_, checking := c.Validate(t.Context(), client.Check{})
	for _, err := range []error{listing, describing, checking} {
		if f := fault.From(err); f.Kind != fault.VersionMismatch || !strings.Contains(err.Error(), "too old") {
			t.Errorf("got %v", err)
		}
	}
}
