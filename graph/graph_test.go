package graph_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/graph"
	"github.com/remotemedia/remotemedia-go/manifest"
	"github.com/remotemedia/remotemedia-go/node"
)

type none struct{}

type rated struct {
	Rate   int    `param:"rate" default:"16000" min:"8000" max:"48000" unit:"Hz" doc:"The rate that goes out."`
	Want   int    `param:"want" default:"0" doc:"The rate that must come in, 0 for any."`
	Secret string `param:"token" default:"" secret:"true" doc:"A secret."`
}

func (r *rated) Output(in audio.Format) (audio.Format, error) {
	if r.Want != 0 && in.Rate != 0 && in.Rate != r.Want {
		return in, fmt.Errorf("it takes %d Hz and would get %d Hz", r.Want, in.Rate)
	}
	in.Rate = r.Rate
	return in, nil
}

func catalog(t *testing.T) *node.Catalog {
	t.Helper()
	pass := func(s node.Spec) node.Spec {
		return node.Define(s, func(none, node.Env) (node.Processor, error) {
			return node.ProcessorFunc(func(c *node.Call, in node.Item) error { return c.Emit(in) }), nil
		})
	}
	c, err := node.NewCatalog("test", []node.Spec{
		pass(node.Spec{Name: "Pass", Aliases: []string{"PassThrough"}, Accepts: node.Any, Forwards: true}),
		pass(node.Spec{Name: "Sound", Accepts: node.Audio, Produces: node.Audio}),
		pass(node.Spec{Name: "Words", Accepts: node.Data, Produces: node.JSON}),
		pass(node.Spec{Name: "Ports", Accepts: node.Any, Forwards: true, InPorts: []string{"side"}, OutPorts: []string{"left", "right"}}),
		node.Define(node.Spec{Name: "Rate", Accepts: node.Audio, Produces: node.Audio},
			func(rated, node.Env) (node.Processor, error) { return nil, errors.New("not run here") }),
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// compile takes a YAML manifest without its version line.
func compile(t *testing.T, text string, opts ...graph.Options) (*graph.Plan, *fault.Error) {
	t.Helper()
	m, problems := manifest.Parse("test.yaml", []byte("version: v1\n"+text))
	if m == nil {
		t.Fatalf("not even parsed: %v", problems)
	}
	return graph.Compile(m, catalog(t), append(opts, graph.Options{})[0], problems...)
}

func nodes(parts ...string) string {
	var b strings.Builder
	b.WriteString("nodes:\n")
	edges := "connections:\n"
	for _, p := range parts {
		if from, to, ok := strings.Cut(p, ">"); ok {
			edges += fmt.Sprintf("- {from: %s, to: %s}\n", from, to)
			continue
		}
		id, typ, _ := strings.Cut(p, ":")
		fmt.Fprintf(&b, "- {id: %s, node_type: %s}\n", id, typ)
	}
	if edges == "connections:\n" {
		return b.String()
	}
	return b.String() + edges
}

func TestOrderIsTopologicalWithTiesInManifestOrder(t *testing.T) {
	p, err := compile(t, nodes("d:Pass", "c:Pass", "b:Pass", "a:Pass", "a>b", "a>c", "b>d", "c>d"))
	if err != nil {
		t.Fatal(err)
	}
	if got := p.IDs(p.Order); !slices.Equal(got, []string{"a", "c", "b", "d"}) {
		t.Errorf("order %v", got)
	}
	if got := p.IDs(p.Sources); !slices.Equal(got, []string{"a"}) {
		t.Errorf("sources %v", got)
	}
	if got := p.IDs(p.Outputs); !slices.Equal(got, []string{"d"}) {
		t.Errorf("outputs %v", got)
	}
}

func TestFR007_EachFaultIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		code fault.Code
		node string
		want []string
	}{
		"no nodes":         {"nodes: []\n", fault.CodeManifestEmpty, "", []string{"no nodes"}},
		"duplicate id":     {nodes("a:Pass", "a:Pass"), fault.CodeDuplicateNodeID, "a", []string{"nodes[0]", "nodes[1]"}},
		"bad id":           {nodes(`"a b":Pass`), fault.CodeBadNodeID, "a b", []string{"letters"}},
		"unknown type":     {nodes("a:Pas"), fault.CodeUnknownNodeType, "a", []string{`"Pas"`, "did you mean Pass?", "available node types: Pass, PassThrough, Ports, Rate, Sound, Words"}},
		"unknown endpoint": {nodes("alpha:Pass", "alpha>alpa"), fault.CodeUnknownEndpoint, "alpa", []string{"connections[0].to", "did you mean alpha?"}},
		"self loop":        {nodes("a:Pass", "a>a"), fault.CodeSelfLoop, "a", []string{"itself"}},
		"cycle":            {nodes("s:Pass", "a:Pass", "b:Pass", "c:Pass", "s>a", "a>b", "b>c", "c>a"), fault.CodeCycle, "a", []string{"a -> b -> c -> a"}},
		"kinds":            {nodes("a:Sound", "b:Words", "a>b"), fault.CodeKindMismatch, "b", []string{"takes json", "gives only audio"}},
		"unknown parameter": {"nodes:\n- {id: a, node_type: Rate, params: {rat: 8000}}\n", fault.CodeUnknownParam, "a",
			[]string{"line 3", `"rat"`, "did you mean rate?"}},
		"range":    {"nodes:\n- {id: a, node_type: Rate, params: {rate: 7}}\n", fault.CodeBadParam, "a", []string{"line 3, column 43", "8000", "48000"}},
		"required": {"nodes:\n- {id: a, node_type: Pass, capabilities: {gpu: {type: cuda}}}\n", fault.CodeCapability, "a", []string{"GPU"}},
		"formats": {"nodes:\n- {id: a, node_type: Rate}\n- {id: b, node_type: Rate, params: {want: 44100}}\nconnections:\n- {from: a, to: b}\n",
			fault.CodeFormatMismatch, "b", []string{"44100", "16000"}},
		"port": {"nodes:\n- {id: a, node_type: Ports}\n- {id: b, node_type: Pass}\nconnections:\n- {from: a, to: b, from_output: middle}\n",
			fault.CodeUnknownPort, "a", []string{"middle", "left, right"}},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := compile(t, c.text)
			if err == nil {
				t.Fatalf("compiled to %+v", p)
			}
			if err.Code != c.code || err.NodeID != c.node {
				t.Errorf("code %s at node %q, want %s at %q: %v", err.Code, err.NodeID, c.code, c.node, err)
			}
			for _, part := range c.want {
				if !strings.Contains(err.Message, part) {
					t.Errorf("the message lacks %q: %s", part, err.Message)
				}
			}
		})
	}
}

func TestAllFaultsAreToldTogether(t *testing.T) {
	_, err := compile(t, nodes("a:Nope", "a:Pass", "b:Pass", "b>b", "b>zzz"))
	var codes []fault.Code
	for _, p := range err.Problems {
		codes = append(codes, p.Code)
		if p.Line == 0 || p.Excerpt == "" {
			t.Errorf("%s has no place: %+v", p.Code, p)
		}
	}
	want := []fault.Code{fault.CodeUnknownNodeType, fault.CodeDuplicateNodeID, fault.CodeSelfLoop, fault.CodeUnknownEndpoint}
	if !slices.Equal(codes, want) {
		t.Errorf("codes %v, want %v", codes, want)
	}
}

func TestEmptyConnectionNamesIndexAndEnd(t *testing.T) {
	m := &manifest.Manifest{Version: "v1", Nodes: []manifest.Node{{ID: "a", Type: "Pass"}}, Connections: []manifest.Connection{{}, {From: "a"}}}
	_, err := graph.Compile(m, catalog(t), graph.Options{})
	if err == nil || err.Code != fault.CodeEmptyConnection || !strings.Contains(err.Message, "connections[0] has an empty from and to") {
		t.Errorf("got %v", err)
	}
	if len(err.Problems) != 2 || !strings.Contains(err.Problems[1].Message, "connections[1] has an empty to") {
		t.Errorf("problems %v", err.Problems)
	}
}

func TestNothingIsToldTwice(t *testing.T) {
	for text, want := range map[string][]fault.Code{
		"nodes: [{id: a, node_type: Pass}]\nconnections: [{to: a}]\n":            {fault.CodeEmptyConnection},
		"nodes: [{id: a, node_type: Pass}]\nconnections: [{from: a}]\n":          {fault.CodeEmptyConnection},
		"nodes: [{id: a, node_type: Pass}]\nconnections: [{}]\n":                 {fault.CodeEmptyConnection, fault.CodeEmptyConnection}, // one an end
		"nodes: [{id: a, node_type: Pass}]\nconnections: [{from: '', to: a}]\n":  {fault.CodeEmptyConnection},
		"nodes: [{id: a, node_type: Pass}]\nconnections: [{from: '', to: ''}]\n": {fault.CodeEmptyConnection},
	} {
		_, err := compile(t, text)
		var codes []fault.Code
		for _, p := range err.Problems {
			codes = append(codes, p.Code)
		}
		if !slices.Equal(codes, want) {
			t.Errorf("%s%v, want %v", text, err.Problems, want)
		}
	}
	for _, text := range []string{"null", "[]", "7"} {
		m, problems := manifest.Parse("test.yaml", []byte(text))
		if _, err := graph.Compile(m, catalog(t), graph.Options{}, problems...); err == nil || len(err.Problems) != 1 {
			t.Errorf("%s: %v, want one problem", text, err)
		}
	}
}

func TestDuplicateEdgeCountsOnceWithAWarning(t *testing.T) {
	p, err := compile(t, nodes("a:Pass", "b:Pass", "a>b", "a>b"))
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Nodes[1].In) != 1 || len(p.Warnings) != 1 || p.Warnings[0].Code != fault.CodeDuplicateEdge {
		t.Errorf("%d edges, warnings %v", len(p.Nodes[1].In), p.Warnings)
	}
}

func TestVersionOfTheManifest(t *testing.T) {
	for v, want := range map[string]fault.Code{"v1": "", "1.0.0": "", "v2": fault.CodeVersion, "": fault.CodeMissingField} {
		m := &manifest.Manifest{Version: v, Nodes: []manifest.Node{{ID: "a", Type: "Pass"}}}
		_, err := graph.Compile(m, catalog(t), graph.Options{})
		if got := code(err); got != want {
			t.Errorf("version %q: code %q, want %q", v, got, want)
		}
		if want == fault.CodeVersion && (err.Kind != fault.VersionMismatch || err.Context["requested"] != "v2") {
			t.Errorf("%v %v", err.Kind, err.Context)
		}
	}
}

func code(err *fault.Error) fault.Code {
	if err == nil {
		return ""
	}
	return err.Code
}

func TestLimitsOfTheOptions(t *testing.T) {
	if _, err := compile(t, nodes("a:Pass", "b:Pass"), graph.Options{MaxNodes: 1}); code(err) != fault.CodeTooManyNodes {
		t.Errorf("two nodes where one is allowed: %v", err)
	}
	text := "nodes:\n- {id: a, node_type: Pass, capabilities: {memory_gb: 2}}\n"
	if _, err := compile(t, text, graph.Options{MaxMemoryBytes: 1 << 30}); code(err) != fault.CodeCapabilityMemory || err.Kind != fault.ResourceLimit {
		t.Errorf("2 GB where 1 is allowed: %v", err)
	}
	deny := graph.Options{Allowed: func(name string) bool { return name != "Pass" }}
	if _, err := compile(t, nodes("a:PassThrough"), deny); code(err) != fault.CodeUnknownNodeType {
		t.Errorf("a type that isn't allowed: %v", err)
	}
}

func TestSecretsAreRedactedAndMarkThePlan(t *testing.T) {
	p, err := compile(t, "nodes:\n- {id: a, node_type: Rate, params: {token: hunter2}}\n")
	if err != nil {
		t.Fatal(err)
	}
	if !p.Secret || strings.Contains(string(p.Nodes[0].Text), "hunter2") {
		t.Errorf("secret %v, text %s", p.Secret, p.Nodes[0].Text)
	}
}

func TestDeclaredFormatsFlow(t *testing.T) {
	p, err := compile(t, nodes("a:Rate", "b:Pass", "a>b"))
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Nodes[1].Format.Rate; got != 16000 {
		t.Errorf("b gives %d Hz, want 16000", got)
	}
}
