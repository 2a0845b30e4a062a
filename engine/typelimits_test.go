package engine_test

import (
	"testing"

	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/graph"
)

// TestRS4_LimitsOfANodesType: the plan has them, and they hold for what comes from outside and from other nodes alike.
func TestRS4_LimitsOfANodesType(t *testing.T) {
	split := []string{"b:Pass", "c:Pass", "b>c"} // what b emits waits for c, and is charged
	for _, x := range []struct {
		name  string
		parts []string
		limit func(*graph.Node)
		code  fault.Code
	}{
		{"samples of an input", []string{"b:Pass"}, func(n *graph.Node) { n.MaxSamples = 1 }, fault.CodeSampleLimit},
		{"samples of another node", []string{"a:Pass", "b:Pass", "a>b"}, func(n *graph.Node) { n.MaxSamples = 1 }, fault.CodeSampleLimit},
		{"samples within", []string{"b:Pass"}, func(n *graph.Node) { n.MaxSamples = 2 }, ""},
		{"memory", split, func(n *graph.Node) { n.MaxMemoryBytes = 1 }, fault.CodeMemoryLimit},
		{"memory within", split, func(n *graph.Node) { n.MaxMemoryBytes = 1 << 20 }, ""},
	} {
		r := newRig(t)
		p := plan(t, x.parts...)
		i, _ := p.Lookup("b")
		x.limit(&p.Nodes[i])
		s := r.open(p)
		input := sound(t, s, p.Nodes[0].ID, 1, 2, 3, 4)
		if x.code == "" {
			r.execute(s, input).Release()
		} else if f := failure(t, s, input); f.Code != x.code || f.NodeID != "b" || f.Kind != fault.ResourceLimit {
			t.Errorf("%s: %v", x.name, f)
		}
		s.Close()
	}
}
