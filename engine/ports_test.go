package engine_test

import (
	"testing"

	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/graph"
	"github.com/remotemedia/remotemedia-go/manifest"
	"github.com/remotemedia/remotemedia-go/node"
)

// An edge takes what its sender gave on the edge's port, and the receiver is told on which of its own ports that arrived.
func TestPortsRouteAndTagItems(t *testing.T) {
	split := node.Define(node.Spec{Name: "Split", Accepts: node.Any, Forwards: true, OutPorts: []string{"left", "right"}},
		func(none, node.Env) (node.Processor, error) {
			return node.ProcessorFunc(func(c *node.Call, in node.Item) error {
				for _, port := range []string{"left", "right"} {
					if err := c.Emit(node.Item{Kind: node.JSON, Data: []byte(`"` + port + `"`), Port: port}); err != nil {
						return err
					}
				}
				return nil
			}), nil
		})
	tell := node.Define(node.Spec{Name: "Tell", Accepts: node.Any, Produces: node.JSON, InPorts: []string{"side"}},
		func(none, node.Env) (node.Processor, error) {
			return node.ProcessorFunc(func(c *node.Call, in node.Item) error {
				return c.EmitJSON(in.From+">"+in.Port+":"+string(in.Data), in.Stamp)
			}), nil
		})
	c, err := node.NewCatalog("test", []node.Spec{split, tell})
	if err != nil {
		t.Fatal(err)
	}
	m := &manifest.Manifest{
		Version: "v1",
		Nodes:   []manifest.Node{{ID: "s", Type: "Split"}, {ID: "one", Type: "Tell"}, {ID: "all", Type: "Tell"}},
		Connections: []manifest.Connection{
			{From: "s", To: "one", FromOutput: "right", ToInput: "side"},
			{From: "s", To: "all"},
		},
	}
	p, problems := graph.Compile(m, c, graph.Options{})
	if problems != nil {
		t.Fatal(problems)
	}
	r := newRig(t)
	s := r.open(p)
	defer s.Close()
	out := r.execute(s, data(s, "s", "1"))
	defer out.Release()
	for i, want := range []string{`"s>side:\"right\""`, `["s>:\"left\"","s>:\"right\""]`} {
		if got := string(out.Nodes[i].Data); got != want {
			t.Errorf("%s: %s, want %s", out.Nodes[i].ID, got, want)
		}
	}
}

// Media time goes on from where audio of another rate ended.
func TestMediaTimeAcrossRates(t *testing.T) {
	r := newRig(t)
	s := r.open(plan(t, "a:Pass"))
	defer s.Close()
	for i, want := range []struct{ position, micros int64 }{{0, 0}, {4, 500}, {8, 750}} {
		in := sound(t, s, "a", 1, 2, 3, 4, 5, 6, 7, 8)
		if i > 0 {
			in.Item.Audio.Format.Rate = 16000
		}
		out, err := s.Turn(t.Context(), []engine.Input{in})
		if err != nil {
			t.Fatal(err)
		}
		if got := out.Nodes[0].Audio.Stamp; got.Position != want.position || got.Micros != want.micros {
			t.Errorf("chunk %d is at frame %d, %d us, want %d and %d", i, got.Position, got.Micros, want.position, want.micros)
		}
		out.Release()
	}
}
