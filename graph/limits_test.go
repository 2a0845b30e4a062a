package graph_test

import (
	"testing"

	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/graph"
)

func TestRS4_LimitsOfNodeTypes(t *testing.T) {
	types := map[string]graph.TypeLimits{"Pass": {MemoryBytes: 5, TimeoutMS: 100, Samples: 7, PerPipeline: 2}}
	text := "nodes:\n- {id: a, node_type: Pass}\n- {id: b, node_type: Pass, timeout_ms: 50}\n"
	plan, err := compile(t, text, graph.Options{Types: types})
	if err != nil {
		t.Fatal(err)
	}
	a, b := plan.Nodes[0], plan.Nodes[1]
	if a.TimeoutMS != 100 || b.TimeoutMS != 50 || a.MaxMemoryBytes != 5 || a.MaxSamples != 7 {
		t.Errorf("limits %+v and %+v", a, b)
	}
	_, err = compile(t, nodes("a:Pass", "b:Pass", "c:Pass", "d:Pass"), graph.Options{Types: types})
	if code(err) != fault.CodeTooManyNodes || err.Problems[0].NodeID != "c" || len(err.Problems) != 1 {
		t.Errorf("too many of a type: %v", err)
	}
	if _, err := compile(t, nodes("a:Pass", "b:Pass", "c:Pass"), graph.Options{}); err != nil {
		t.Errorf("without a limit: %v", err)
	}
}
