package manifest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/remotemedia/remotemedia-go/fault"
)

// equal compares manifests but for where they came from.
func diff(want, got *Manifest) string {
	return cmp.Diff(want, got, cmpopts.EquateEmpty(),
		cmpopts.IgnoreFields(Manifest{}, "Source"), cmpopts.IgnoreFields(Node{}, "ParamsSource"))
}

// parseGood parses a text that has no fault.
func parseGood(t testing.TB, name, text string) *Manifest {
	t.Helper()
	m, problems := Parse(name, []byte(text))
	if m == nil || len(problems) > 0 {
		t.Fatalf("%s:\n%s\n%s", name, text, Render(name, problems, false))
	}
	return m
}

func parseProblems(t *testing.T, name, text string) []fault.Problem {
	t.Helper()
	_, problems := Parse(name, []byte(text))
	checkProblems(t, []byte(text), problems)
	return problems
}

// full has every field.
func full() *Manifest {
	return &Manifest{
		Version:  "v1",
		Metadata: Metadata{Name: "speech", Description: "resample: then detect", CreatedAt: "2025-10-28T00:00:00Z"},
		Nodes: []Node{
			{
				ID: "resample", Type: "AudioResample",
				Params:      []byte(`{"target_sample_rate":15.0,"list":[1,-2e3,{"a":null}],"on":true,"text":"é\n"}`),
				IsStreaming: true,
				Capabilities: &Capabilities{
					GPU: &GPU{Type: "cuda", MinMemoryGB: 1.5, Required: true}, CPU: &CPU{Cores: 2, Arch: "x86_64"}, MemoryGB: 0.25,
				},
				Host: "localhost:50051", RuntimeHint: RuntimeCPythonWASM,
				Execution:    &Execution{Placement: "local", Reason: "fast", Fallback: "remote"},
				IsOutputNode: true, TimeoutMS: 18446744073709551615,
				InputTypes: []string{"audio"}, OutputTypes: []string{"audio", "json"},
			},
			{
				ID: "vad", Type: "VAD", Params: []byte("{}"),
				Capabilities: &Capabilities{GPU: &GPU{Required: false}},
			},
		},
		Connections: []Connection{{From: "resample", To: "vad", FromOutput: "left", ToInput: "in"}},
	}
}

const fullJSON = `{
  "$schema": "manifest.schema.json",
  "version": "v1",
  "metadata": {"name": "speech", "description": "resample: then detect", "created_at": "2025-10-28T00:00:00Z"},
  "x-note": {"anything": [1, 2]},
  "nodes": [
    {
      "id": "resample", "node_type": "AudioResample",
      "params": {"target_sample_rate": 15.0, "list": [1, -2e3, {"a": null}], "on": true, "text": "\u00e9\n"},
      "is_streaming": true,
      "capabilities": {
        "gpu": {"type": "cuda", "min_memory_gb": 1.5}, "cpu": {"cores": 2.0, "arch": "x86_64"}, "memory_gb": 0.25
      },
      "host": "localhost:50051", "runtime_hint": "cpython_wasm",
      "execution": {"placement": "local", "reason": "fast", "fallback": "remote"},
      "is_output_node": true, "timeout_ms": "18446744073709551615",
      "input_types": ["audio"], "output_types": ["audio", "DATA_TYPE_HINT_JSON"]
    },
    {"id": "vad", "node_type": "VAD", "params": null, "capabilities": {"gpu": {"required": false}, "cpu": null}}
  ],
  "connections": [{"from": "resample", "to": "vad", "from_output": "left", "to_input": "in"}]
}`

const fullYAML = `# A manifest with everything.
version: v1
metadata:
  name: speech            # the name
  description: "resample: then detect"
  created_at: 2025-10-28T00:00:00Z
x-base: &base {on: false, list: [1, -2e3, {a: ~}]}
nodes:
  - id: resample
    node_type: AudioResample
    params:
      target_sample_rate: 15.0
      <<: *base
      on: true
      text: |
        é
    is_streaming: true
    capabilities:
      gpu:
        type: cuda
        min_memory_gb: 1.5
      cpu: {cores: 0x2, arch: x86_64}
      memory_gb: .25
    host: localhost:50051
    runtime_hint: CPythonWasm
    execution: {placement: local, reason: fast, fallback: remote}
    is_output_node: true
    timeout_ms: 18446744073709551615
    input_types: [audio]
    output_types:
    - audio
    - json
  - {id: vad, node_type: VAD, params: , capabilities: {gpu: {required: false}}}
connections:
  - {from: resample, to: vad, from_output: left, to_input: in}
`

func TestEveryField(t *testing.T) {
	want := full()
	if d := diff(want, parseGood(t, "a.json", fullJSON)); d != "" {
		t.Errorf("JSON (-want +got):\n%s", d)
	}
	got := parseGood(t, "a.yaml", fullYAML)
	want.Nodes[0].Params = []byte(`{"target_sample_rate":15.0,"on":true,"text":"é\n","list":[1,-2e3,{"a":null}]}`)
	if d := diff(want, got); d != "" {
		t.Errorf("YAML (-want +got):\n%s", d)
	}
}

func TestFormatIsFoundByNameThenText(t *testing.T) {
	const flow = "{version: v1, nodes: []}" // YAML that looks like JSON
	for _, tt := range []struct {
		name, text string
		ok         bool
	}{
		{"", `{"version":"v1","nodes":[]}`, true},
		{"", " \n\t{\"version\":\"v1\",\"nodes\":[]}\n", true},
		{"", "\xef\xbb\xbf{\"version\":\"v1\",\"nodes\":[]}", true},
		{"", "version: v1\nnodes: []", true},
		{"", "\xef\xbb\xbfversion: v1\r\nnodes: []\r\n", true},
		{"", flow, false},
		{"a.yaml", flow, true},
		{"a.YML", flow, true},
		{"a.json", "version: v1\nnodes: []", false},
	} {
		m, problems := Parse(tt.name, []byte(tt.text))
		if (len(problems) == 0) != tt.ok || (m != nil) != tt.ok {
			t.Errorf("Parse(%q, %q): %v", tt.name, tt.text, problems)
		}
	}
}

func TestDisplayName(t *testing.T) {
	m := Manifest{}
	if got := m.DisplayName(); got != "unnamed" {
		t.Errorf("got %q for no name", got)
	}
	m.Metadata.Name = "speech"
	if got := m.DisplayName(); got != "speech" {
		t.Errorf("got %q, want speech", got)
	}
}

// Every spelling of every field gives the same manifest, and the same problem path.
func TestSpellings(t *testing.T) {
	const frame = `{"version":"v1","metadata":{%s},"nodes":[{"id":"a","node_type":"T",%s}],"connections":[{"from":"a","to":"b",%s}]}`
	for _, tt := range []struct {
		part      int // of the frame that the member goes to
		spellings []string
		value     string
	}{
		{0, []string{"created_at", "createdAt"}, `"x"`},
		{1, []string{"params", "config"}, `{"a":1}`},
		{1, []string{"is_streaming", "isStreaming"}, `true`},
		{1, []string{"runtime_hint", "runtimeHint"}, `"auto"`},
		{1, []string{"is_output_node", "isOutputNode"}, `true`},
		{1, []string{"timeout_ms", "timeoutMs"}, `5`},
		{1, []string{"input_types", "inputTypes"}, `["audio"]`},
		{1, []string{"output_types", "outputTypes"}, `["audio"]`},
		{1, []string{"capabilities"}, `{"memory_gb":2}`},
		{2, []string{"from_output", "fromOutput", "output_port", "outputPort"}, `"x"`},
		{2, []string{"to_input", "toInput", "input_port", "inputPort"}, `"x"`},
	} {
		var first *Manifest
		for _, spelling := range tt.spellings {
			parts := []any{`"x-":0`, `"x-":0`, `"x-":0`}
			parts[tt.part] = fmt.Sprintf("%q:%s", spelling, tt.value)
			m := parseGood(t, "a.json", fmt.Sprintf(frame, parts...))
			if first == nil {
				first = m
			}
			if d := diff(first, m); d != "" {
				t.Errorf("%s differs from %s:\n%s", spelling, tt.spellings[0], d)
			}
			path := []string{"metadata.", "nodes[0].", "connections[0]."}[tt.part] + tt.spellings[0]
			if key := m.LocateKey(path); !strings.HasPrefix(fmt.Sprintf(frame, parts...)[key.Offset:], `"`+spelling+`"`) {
				t.Errorf("%s isn't found as %s: %+v", path, spelling, key)
			}
			parts[tt.part] = fmt.Sprintf("%q:%s", spelling, map[bool]string{true: "{}", false: "7"}[tt.value == "5"])
			if problems := parseProblems(t, "a.json", fmt.Sprintf(frame, parts...)); len(problems) != 1 || problems[0].Path != path {
				t.Errorf("problem of %s: %v, want path %s", spelling, problems, path)
			}
		}
	}
}

func TestSpellingsOfRequiredFields(t *testing.T) {
	want := &Manifest{
		Version: "v1", Nodes: []Node{{ID: "a", Type: "T", Params: []byte("{}")}}, Connections: []Connection{{From: "a", To: "b"}},
	}
	for _, nodeType := range []string{"node_type", "nodeType", "type"} {
		for _, ends := range [][2]string{{"from", "to"}, {"from_node", "to_node"}, {"fromNode", "toNode"}} {
			text := fmt.Sprintf("version: v1\nnodes: [{id: a, %s: T}]\nconnections: [{%s: a, %s: b}]", nodeType, ends[0], ends[1])
			if d := diff(want, parseGood(t, "a.yaml", text)); d != "" {
				t.Errorf("%s %v:\n%s", nodeType, ends, d)
			}
		}
	}
}

func TestCapabilitySpellings(t *testing.T) {
	a := parseGood(t, "a.json", `{"version":"v1","nodes":[{"id":"a","type":"T","capabilities":{"memoryGb":1,"gpu":{"minMemoryGb":2}}}]}`)
	got := a.Nodes[0].Capabilities
	want := &Capabilities{GPU: &GPU{MinMemoryGB: 2, Required: true}, MemoryGB: 1}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestVersionMayBeANumber(t *testing.T) {
	if got := parseGood(t, "a.yaml", "version: 1.0\nnodes: []").Version; got != "1.0" {
		t.Errorf("got %q, want 1.0", got)
	}
}

func TestRuntimeHints(t *testing.T) {
	for given, want := range map[string]RuntimeHint{
		"auto": RuntimeAuto, "RUNTIME_HINT_AUTO": RuntimeAuto, "RUNTIME_HINT_RUSTPYTHON": RuntimeRustPython,
		"rust_python": RuntimeRustPython, "cpython": RuntimeCPython, "RUNTIME_HINT_CPYTHON_WASM": RuntimeCPythonWASM,
		"": RuntimeUnspecified, "RUNTIME_HINT_UNSPECIFIED": RuntimeUnspecified,
	} {
		m := parseGood(t, "a.yaml", fmt.Sprintf("version: v1\nnodes: [{id: a, type: T, runtime_hint: %q}]", given))
		if got := m.Nodes[0].RuntimeHint; got != want {
			t.Errorf("%q: got %q, want %q", given, got, want)
		}
	}
}

// After faults of shape a manifest holds what could be read, with the indexes of the text; after those of syntax, nothing.
func TestWhatIsLeftAfterFaults(t *testing.T) {
	m, problems := ParseJSON("", []byte(`{"version":1,"nodes":[{"id":5,"type":"T"},null,{"id":"c","type":"U","zebra":1}]}`))
	if m == nil || len(m.Nodes) != 3 || m.Nodes[2].ID != "c" || len(problems) != 3 {
		t.Fatalf("got %+v, %v", m, problems)
	}
	if problems[2].NodeID != "c" || problems[2].Path != "nodes[2].zebra" {
		t.Errorf("the node isn't named: %+v", problems[2])
	}
	if m, _ := ParseJSON("", []byte(`{"version":"v1","nodes":[}`)); m != nil {
		t.Error("a manifest from a text that isn't JSON")
	}
}

func TestCombine(t *testing.T) {
	parsed := []fault.Problem{
		{Path: "nodes[1].id", Offset: 10}, {Path: "nodes[2].params.a.b", Offset: 30},
		{Path: "version", Offset: 40, Severity: fault.SeverityWarning},
	}
	later := []fault.Problem{
		{Path: "nodes[1].id", Offset: 10}, {Path: "nodes[1].idx", Offset: 20}, {Path: "nodes[2].params.z", Offset: 25},
		{Path: "nodes[2].params", Offset: 25}, {Path: "version", Offset: 40}, {Offset: 0},
	}
	var got []string
	for _, p := range Combine(parsed, later) {
		got = append(got, fmt.Sprint(p.Offset, p.Path))
	}
	want := []string{"0", "10nodes[1].id", "20nodes[1].idx", "30nodes[2].params.a.b", "40version", "40version"}
	for i := range want {
		want[i] = strings.Replace(want[i], " ", "", 1)
	}
	if d := cmp.Diff(want, strings.Fields(strings.ReplaceAll(strings.Join(got, "\n"), " ", ""))); d != "" {
		t.Error(d)
	}
}
