package wire_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/manifest"
)

var dataTypes = []string{"audio", "video", "tensor", "json", "text", "binary", "any", "file"}

// manifests draws manifests as a parser gives them: params are objects in canonical form.
func manifests(t *rapid.T) *manifest.Manifest {
	text := rapid.StringN(0, 8, -1)
	types := rapid.SliceOfN(rapid.SampledFrom(dataTypes), 0, 3)
	some := func(name string) bool { return rapid.Bool().Draw(t, name) }
	m := &manifest.Manifest{
		Version:  text.Draw(t, "version"),
		Metadata: manifest.Metadata{Name: text.Draw(t, "name"), Description: text.Draw(t, "description"), CreatedAt: text.Draw(t, "created")},
	}
	for range rapid.IntRange(0, 5).Draw(t, "nodes") {
		n := manifest.Node{
			ID: text.Draw(t, "id"), Type: text.Draw(t, "type"), Host: text.Draw(t, "host"),
			Params:      []byte(rapid.SampledFrom([]string{"{}", `{"a":15.0}`, `{"a":{"b":[1,null,"x"]},"c":1e300}`}).Draw(t, "params")),
			IsStreaming: some("streaming"), IsOutputNode: some("output"), TimeoutMS: rapid.Uint64().Draw(t, "timeout"),
			RuntimeHint: rapid.SampledFrom([]manifest.RuntimeHint{
				manifest.RuntimeUnspecified, manifest.RuntimeRustPython, manifest.RuntimeCPython, manifest.RuntimeCPythonWASM, manifest.RuntimeAuto,
			}).Draw(t, "hint"),
			InputTypes: types.Draw(t, "inputs"), OutputTypes: types.Draw(t, "outputs"),
		}
		if some("capabilities") {
			n.Capabilities = &manifest.Capabilities{MemoryGB: rapid.Float64Range(0, 1e3).Draw(t, "memory")}
			if some("gpu") {
				n.Capabilities.GPU = &manifest.GPU{Type: text.Draw(t, "gpu type"), MinMemoryGB: 1.5, Required: some("required")}
			}
			if some("cpu") {
				n.Capabilities.CPU = &manifest.CPU{Cores: rapid.Uint32().Draw(t, "cores"), Arch: text.Draw(t, "arch")}
			}
		}
		m.Nodes = append(m.Nodes, n)
	}
	for range rapid.IntRange(0, 5).Draw(t, "connections") {
		m.Connections = append(m.Connections, manifest.Connection{
			From: text.Draw(t, "from"), To: text.Draw(t, "to"), FromOutput: text.Draw(t, "output"), ToInput: text.Draw(t, "input"),
		})
	}
	return m
}

func TestFR002_ManifestsSurviveTheWire(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := manifests(t)
		raw, err := proto.Marshal(wire.ManifestToProto(m))
		if err != nil {
			t.Fatal(err)
		}
		sent := new(pb.PipelineManifest)
		if err := proto.Unmarshal(raw, sent); err != nil {
			t.Fatal(err)
		}
		got, problems := wire.ManifestFromProto(sent)
		if len(problems) != 0 {
			t.Fatalf("problems %v", problems)
		}
		if diff := cmp.Diff(m, got, cmpopts.IgnoreFields(manifest.Node{}, "ParamsSource"), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("it changed: %s", diff)
		}
		if again := wire.ManifestToProto(got); !proto.Equal(sent, again) {
			t.Fatalf("back to proto it is %v, was %v", again, sent)
		}
	})
}

func TestParamsThatSayNothingAreEmpty(t *testing.T) {
	for _, text := range []string{"", "null", " null\n", "{}", " { } "} {
		m, problems := wire.ManifestFromProto(&pb.PipelineManifest{Nodes: []*pb.NodeManifest{{Id: "a", Params: text}}})
		if len(problems) != 0 || string(m.Nodes[0].Params) != "{}" {
			t.Errorf("%q became %s with %v", text, m.Nodes[0].Params, problems)
		}
	}
}

func TestEveryParamsFaultIsCollected(t *testing.T) {
	m, problems := wire.ManifestFromProto(&pb.PipelineManifest{Nodes: []*pb.NodeManifest{
		{Id: "a", Params: "{\n \"x\" 1}"}, {Id: "b", Params: "{}"}, {Id: "c", Params: "[1]"},
	}})
	if m == nil || len(problems) != 2 {
		t.Fatalf("manifest %v, problems %v", m, problems)
	}
	p := problems[0]
	if p.Code != fault.CodeParamsSyntax || p.NodeID != "a" || p.Path != "nodes[0].params" || p.Line != 2 || p.Column != 6 || !strings.Contains(p.Message, "offset") {
		t.Errorf("first problem %+v", p)
	}
	if problems[1].NodeID != "c" {
		t.Errorf("second problem %+v", problems[1])
	}
}

func TestManifestsBeyondTheBoundsAreNotLookedAt(t *testing.T) {
	many := &pb.PipelineManifest{Nodes: make([]*pb.NodeManifest, manifest.MaxNodes+1)}
	for i := range many.Nodes {
		many.Nodes[i] = &pb.NodeManifest{}
	}
	long := &pb.PipelineManifest{Version: strings.Repeat("v", manifest.MaxTextBytes)}
	for want, in := range map[fault.Code]*pb.PipelineManifest{fault.CodeTooManyNodes: many, fault.CodeTooLarge: long} {
		if m, problems := wire.ManifestFromProto(in); m != nil || len(problems) != 1 || problems[0].Code != want {
			t.Errorf("%s: manifest %v, problems %v", want, m != nil, problems)
		}
	}
}

func TestUnknownHintsAreIgnored(t *testing.T) {
	m, problems := wire.ManifestFromProto(&pb.PipelineManifest{Nodes: []*pb.NodeManifest{{
		Id: "a", RuntimeHint: 99, InputTypes: []pb.DataTypeHint{99, pb.DataTypeHint_DATA_TYPE_HINT_AUDIO},
	}}})
	if n := m.Nodes[0]; len(problems) != 0 || n.RuntimeHint != "" || len(n.InputTypes) != 1 || n.InputTypes[0] != "audio" {
		t.Errorf("node %+v, problems %v", n, problems)
	}
}
