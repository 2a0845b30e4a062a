package client_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/remotemedia/remotemedia-go/client"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/manifest"
)

// What a pipeline in Go is refused for before a call, the service would refuse it for, by the same codes, nodes and paths.
func TestPipelinesInGoAreRefusedAsTheServiceWould(t *testing.T) {
	c := service(t)
	for name, test := range map[string]struct {
		nodes []client.Node
		text  string // the same as the service would get it
		told  string // must be in the error
		hint  string // of the first problem
	}{
		"type": {
			[]client.Node{{Type: "AudioResampel", ID: "low"}},
			`"nodes": [{"id": "low", "node_type": "AudioResampel"}]`, `node "low" has the unknown node type "AudioResampel"`, "did you mean AudioResample?",
		},
		"no type": {[]client.Node{{ID: "a"}}, `"nodes": [{"id": "a", "node_type": ""}]`, `node "a" has no node_type`, "catalogue"},
		"parameter": {
			[]client.Node{{Type: "Resample", ID: "low", Params: client.Params{"targetSampelRate": 8000}}},
			`"nodes": [{"id": "low", "node_type": "Resample", "params": {"targetSampelRate": 8000}}]`,
			`node "low": parameter "targetSampelRate" is unknown`, "did you mean target_sample_rate?",
		},
		"parameters of a struct, far from all": {
			[]client.Node{{Type: "AddNode", Params: struct{ Zebra, Apple int }{}}},
			`"nodes": [{"id": "add", "node_type": "AddNode", "params": {"Zebra": 0, "Apple": 0}}]`, `parameter "Apple" is unknown`, "the parameters are addend",
		},
		"parameters of a type that has none": {
			[]client.Node{{Type: "PassThrough", ID: "a", Params: client.Params{"a b": 1}}},
			`"nodes": [{"id": "a", "node_type": "PassThrough", "params": {"a b": 1}}]`, `parameter "a b" is unknown`, "there are no parameters",
		},
		"after": {
			[]client.Node{{Type: "Echo", ID: "voice"}, {Type: "Echo", ID: "b", After: []string{"voise"}}},
			`"nodes": [{"id": "voice", "node_type": "Echo"}, {"id": "b", "node_type": "Echo"}], "connections": [{"from": "voise", "to": "b"}]`,
			`connections[0].from names node "voise", which doesn't exist`, "did you mean voice?",
		},
		"after none": {
			[]client.Node{{Type: "Echo", ID: "a"}, {Type: "Echo", ID: "b", After: []string{""}}},
			`"nodes": [{"id": "a", "node_type": "Echo"}, {"id": "b", "node_type": "Echo"}], "connections": [{"from": "", "to": "b"}]`,
			`connections[0] has an empty from`, "name both ends",
		},
		"ids": {
			[]client.Node{{Type: "Echo", ID: "a"}, {Type: "Echo", ID: "a", After: []string{}}},
			`"nodes": [{"id": "a", "node_type": "Echo"}, {"id": "a", "node_type": "Echo"}]`, `node id "a" is used by nodes[0] and nodes[1]`, "rename one of them",
		},
		"no nodes": {nil, `"nodes": []`, "no nodes", "add at least one node"},
		"everything at once": {
			[]client.Node{
				{Type: "VDA2000", ID: "a"}, {Type: "Echo", ID: "a", After: []string{"none"}}, {Type: "AddNode", ID: "b", Params: client.Params{"minuend": 1}, After: []string{}},
			},
			`"nodes": [{"id": "a", "node_type": "VDA2000"}, {"id": "a", "node_type": "Echo"}, {"id": "b", "node_type": "AddNode", "params": {"minuend": 1}}],
			 "connections": [{"from": "none", "to": "a"}]`,
			"[and 3 more]", "rename",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.NewPipeline("", test.nodes...)
			var f *fault.Error
			if !errors.As(err, &f) || f.Kind != fault.Validation || f.RequestID() != "" {
				t.Fatalf("got %#v", err)
			}
			v, err := c.Validate(t.Context(), client.Check{JSON: `{"version": "v1", ` + test.text + `}`})
			if err != nil {
				t.Fatal(err)
			}
			if got, want := places(f.Problems), places(v.Problems); !slices.Equal(got, want) {
				t.Errorf("got %q, the service tells %q", got, want)
			}
			p := f.Problems[0]
			if p.Code != f.Code || p.NodeID != f.NodeID || !strings.Contains(f.Error(), test.told) || !strings.Contains(p.Hint, test.hint) {
				t.Errorf("%v\nproblem %+v", f, p)
			}
		})
	}
}

func places(problems []fault.Problem) []string {
	var out []string
	for _, p := range problems {
		if p.Severity == fault.SeverityError {
			out = append(out, strings.Join([]string{string(p.Code), p.NodeID, p.Path}, " "))
		}
	}
	slices.Sort(out)
	return out
}

func TestParametersThatAreNoObjectAreRefusedAsTheServiceWould(t *testing.T) {
	_, err := client.NewPipeline("", client.Node{Type: "AddNode", ID: "a", Params: 5})
	byHand := &manifest.Manifest{Version: "v1", Nodes: []manifest.Node{{ID: "a", Type: "AddNode", Params: []byte("5")}}}
	v, wrong := service(t).Validate(t.Context(), client.Check{Manifest: byHand})
	if wrong != nil {
		t.Fatal(wrong)
	}
	f := fault.From(err)
	if got, want := places(f.Problems), places(v.Problems); f.Code != fault.CodeParamsSyntax || f.NodeID != "a" || !slices.Equal(got, want) {
		t.Errorf("%v: %q, the service tells %q", err, got, want)
	}
	var none map[string]any
	if _, err := client.NewPipeline("", client.Node{Type: "AddNode", Params: none}); err != nil {
		t.Errorf("no parameters give %v", err)
	}
}

func TestTypesAndParametersOfANewerServiceAreSent(t *testing.T) {
	newer := client.Node{Type: "Telepathy", ID: "a", Params: client.Params{"power": 1}}
	_, err := client.NewPipeline("", newer)
	f := fault.From(err)
	names, _ := f.Context["available_node_types"].([]string)
	if !strings.Contains(f.Error(), "Unchecked") || !slices.Contains(names, "VAD") || !slices.Contains(names, "Resample") || !slices.IsSorted(names) {
		t.Errorf("%v, %q", f, names)
	}
	newer.Unchecked = true
	m, err := client.NewPipeline("", newer, client.Node{Type: "AddNode", ID: "b", Params: client.Params{"minuend": 1}, Unchecked: true})
	if err != nil {
		t.Fatal(err)
	}
	_, err = service(t).Execute(t.Context(), client.Request{Manifest: m, Inputs: number("", "1")})
	if f := fault.From(err); f.Code != fault.CodeUnknownNodeType || len(f.Problems) != 2 || f.RequestID() == "" {
		t.Errorf("the service tells %v", err)
	}
	// The graph is known whatever the service's age.
	_, err = client.NewPipeline("", client.Node{Type: "Telepathy", Unchecked: true, After: []string{"none"}})
	if f := fault.From(err); f.Code != fault.CodeUnknownEndpoint || f.NodeID != "none" {
		t.Errorf("got %v", err)
	}
}

func TestIDsThatAreMadeGiveWayToThoseThatAreGiven(t *testing.T) {
	m, err := client.NewPipeline("", client.Node{Type: "Echo"}, client.Node{Type: "PassThrough", ID: "echo"}, client.Node{Type: "Echo", After: []string{"echo"}})
	if err != nil {
		t.Fatal(err)
	}
	if ids := []string{m.Nodes[0].ID, m.Nodes[1].ID, m.Nodes[2].ID}; !slices.Equal(ids, []string{"echo_2", "echo", "echo_3"}) {
		t.Errorf("got %q", ids)
	}
}

// The table is of the service's catalogue: every name and parameter that it tells is taken.
func TestEveryTypeOfTheServiceIsKnown(t *testing.T) {
	types, err := service(t).Nodes(t.Context(), client.NodesOptions{Schemas: true})
	if err != nil || len(types) < 10 {
		t.Fatalf("%d types, %v", len(types), err)
	}
	for _, one := range types {
		var schema struct{ Properties map[string]json.RawMessage }
		if err := json.Unmarshal(one.Schema, &schema); err != nil {
			t.Fatal(err)
		}
		params := make(client.Params, len(schema.Properties))
		for name := range schema.Properties {
			params[name] = nil
		}
		for _, name := range append(one.Aliases, one.Name) {
			if _, err := client.NewPipeline("", client.Node{Type: name, Params: params}); err != nil {
				t.Error(err)
			}
		}
	}
}
