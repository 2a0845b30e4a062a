package manifest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/remotemedia/remotemedia-go/fault"
)

const placedYAML = `version: v1
nodes:
  - id: "é😀"
    nodeType: Resample
    config:
      targetSampleRate: 16000 # Hz
      "odd key": [1, {deep: 2}]
  - id: b
    type: VAD
    params: '{"threshold": 0.5, "a": {"b": [1, 2]}}'
connections: [{from_node: "é😀", to: b}]
`

func TestLocate(t *testing.T) {
	m := parseGood(t, "a.yaml", placedYAML)
	for path, want := range map[string]struct {
		line, column int
		at           string // the text at the value
		key          string // and at the key
	}{
		"":                                     {1, 1, "version", "version"},
		"version":                              {1, 10, "v1", "version"},
		"nodes":                                {3, 3, "- id", "nodes"},
		"nodes[0]":                             {3, 5, "id:", "id:"},
		"nodes[0].id":                          {3, 9, `"é😀"`, "id:"},
		"nodes[0].node_type":                   {4, 15, "Resample", "nodeType"},
		"nodes[0].params":                      {6, 7, "targetSampleRate", "config"},
		"nodes[0].params.target_sample_rate":   {6, 25, "16000", "targetSampleRate"},
		"nodes[0].params.targetSampleRate":     {6, 25, "16000", "targetSampleRate"},
		`nodes[0].params["odd key"][1].deep`:   {7, 29, "2}", "deep"},
		`nodes[0].params["odd key"][5].deep`:   {7, 18, "[1,", "[1,"},
		"nodes[0].params.missing":              {6, 7, "targetSampleRate", "targetSampleRate"},
		"nodes[0].params.target_sample_rate.x": {6, 25, "16000", "16000"},
		"nodes[0].timeout_ms":                  {3, 5, "id:", "id:"},
		"nodes[1].params":                      {10, 13, `'{"thr`, "params"},
		"nodes[1].params.threshold":            {10, 28, "0.5", `"threshold"`},
		"nodes[1].params.a.b[1]":               {10, 48, "2]", "2]"},
		"nodes[1].params.nothing":              {10, 14, `{"thr`, `{"thr`},
		"nodes[7].id":                          {3, 3, "- id", "- id"},
		"connections[0].from":                  {11, 27, `"é😀"`, "from_node"},
		"connections[0].from_output":           {11, 15, "{from", "{from"},
		"nowhere.at[3]all":                     {1, 1, "version", "version"},
		"[[[":                                  {1, 1, "version", "version"},
	} {
		p, key := m.Locate(path), m.LocateKey(path)
		if p.Line != want.line || p.Column != want.column || !strings.HasPrefix(placedYAML[p.Offset:], want.at) {
			t.Errorf("Locate(%q) = %+v, which is %.12q; want %+v", path, p, placedYAML[p.Offset:], want)
		}
		if !strings.HasPrefix(placedYAML[key.Offset:], want.key) {
			t.Errorf("LocateKey(%q) = %+v, which is %.12q; want %q", path, key, placedYAML[key.Offset:], want.key)
		}
	}
}

func TestLocateWithoutText(t *testing.T) {
	m := full()
	if p := m.Locate("nodes[0].id"); p != (Position{}) {
		t.Errorf("got %+v", p)
	}
	given := fault.Problem{Path: "nodes[0].id", Message: "wrong"}
	if d := cmp.Diff(given, m.Place(given)); d != "" {
		t.Error(d)
	}
}

func TestPlace(t *testing.T) {
	m := parseGood(t, "a.yaml", placedYAML)
	unknown := m.Place(fault.Problem{Code: fault.CodeUnknownParam, Path: "nodes[0].params.target_sample_rate"})
	if d := cmp.Diff("      targetSampleRate: 16000 # Hz\n      ^~~~~~~~~~~~~~~~", unknown.Excerpt); d != "" {
		t.Errorf("a problem of a name isn't shown at the name:\n%s", d)
	}
	bad := m.Place(fault.Problem{Code: fault.CodeBadParam, Path: "nodes[0].params.target_sample_rate"})
	if d := cmp.Diff("      targetSampleRate: 16000 # Hz\n                        ^~~~~", bad.Excerpt); d != "" {
		t.Errorf("a problem of a value isn't shown at the value:\n%s", d)
	}
	if bad.Line != 6 || bad.Column != 25 || !strings.HasPrefix(placedYAML[bad.Offset:], "16000") {
		t.Errorf("placed at %+v", bad)
	}
	again := bad
	again.Path = "version"
	if d := cmp.Diff(again, m.Place(again)); d != "" {
		t.Errorf("a problem that has its place was moved:\n%s", d)
	}
}

// Places in a manifest of the proto are those within the params text of the node.
func TestPlaceInParamsOfTheirOwn(t *testing.T) {
	text := "{\"é\": 1,\n \"rate\": 5}"
	params, source, problems := ParseParams(1, "b", text)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	m := &Manifest{Nodes: []Node{{ID: "a"}, {ID: "b", Params: params, ParamsSource: source}}}
	if p := m.Locate("nodes[1].params.rate"); p != (Position{Line: 2, Column: 10, Offset: 19, Length: 1}) {
		t.Errorf("got %+v", p)
	}
	if p := m.Locate("nodes[1].params"); p.Line != 1 || p.Column != 1 {
		t.Errorf("got %+v for params", p)
	}
	if p := m.Locate("nodes[0].params.rate"); p != (Position{}) {
		t.Errorf("got %+v for a node without a text", p)
	}
	if p := m.Locate("nodes[1].id"); p != (Position{}) {
		t.Errorf("got %+v for a field that has no text", p)
	}
}

func TestPathsJoinAndSplit(t *testing.T) {
	for _, segments := range [][]segment{
		{{"nodes", -1}, {"", 2}, {"params", -1}, {"a b", -1}, {"", 0}},
		{{"a.b", -1}, {"c]d", -1}, {`e"f`, -1}, {"", 10}, {"é", -1}, {"", 0}},
		{{"x-y_Z9", -1}}, {{"", -1}}, nil,
	} {
		path := joinPath(segments)
		if d := cmp.Diff(segments, splitPath(path), cmp.AllowUnexported(segment{})); d != "" {
			t.Errorf("%s:\n%s", path, d)
		}
	}
}
