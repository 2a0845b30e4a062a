package manifest

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"
)

// Generators of everything that a manifest may hold.
var (
	anyText = rapid.OneOf(
		rapid.StringMatching(`[a-zA-Z][a-zA-Z0-9_.:-]{0,12}`),
		rapid.SampledFrom([]string{
			"", "null", "true", "yes", "1.0", "0x10", "~", "- a", "a: b", "a #b", "#a", "&a", "*a", "!a", "| a", "> a", "<<", "=",
			"{a", "[a", "{\"a\": 1}", "'a'", "\"a\"", "a\nb", "\n", " a ", "\t", "é日本 😀", "\u2028", "\u0085", "\ufeff", "\x7f",
			"\x00", "\\", "%a", "@a", "`a", "?", "? a", ":", ": ", "...", "---", "a ", "a:", ",", "a, b", "x-", ".inf", "2025-10-28",
		}),
		rapid.String(),
	)
	anyNumber = rapid.OneOf(
		rapid.Map(rapid.Int64(), func(i int64) string { return strconv.FormatInt(i, 10) }),
		rapid.StringMatching(`-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,5})?([eE][+-]?[0-9]{1,3})?`),
	)
)

// anyJSON draws the compact JSON of a value. Strings are as the canonical form has them.
func anyJSON(t *rapid.T, depth int) string {
	kinds := 4
	if depth > 0 {
		kinds = 6
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 0:
		return rapid.SampledFrom([]string{"null", "true", "false"}).Draw(t, "constant")
	case 1, 2:
		return anyNumber.Draw(t, "number")
	case 3:
		return string(appendQuoted(nil, strings.ToValidUTF8(anyText.Draw(t, "text"), "")))
	case 4:
		return "[" + strings.Join(drawAll(t, 4, func() string { return anyJSON(t, depth-1) }), ",") + "]"
	}
	return anyObject(t, depth-1)
}

func anyObject(t *rapid.T, depth int) string {
	names := rapid.SliceOfNDistinct(rapid.Map(anyText, func(s string) string { return strings.ToValidUTF8(s, "") }), 0, 4,
		rapid.ID[string]).Draw(t, "names")
	var members []string
	for _, name := range names {
		members = append(members, string(appendQuoted(nil, name))+":"+anyJSON(t, depth))
	}
	return "{" + strings.Join(members, ",") + "}"
}

func drawAll[T any](t *rapid.T, most int, draw func() T) []T {
	var out []T
	for range rapid.IntRange(0, most).Draw(t, "count") {
		out = append(out, draw())
	}
	return out
}

func anyManifest(t *rapid.T) *Manifest {
	text := func() string { return strings.ToValidUTF8(anyText.Draw(t, "text"), "") }
	amount := func() float64 { return rapid.Float64Range(0, math.MaxFloat32).Draw(t, "amount") }
	node := func() Node {
		n := Node{
			ID: text(), Type: text(), Params: jsontext.Value(anyObject(t, 3)), IsStreaming: rapid.Bool().Draw(t, "streaming"),
			Host: text(), RuntimeHint: rapid.SampledFrom([]RuntimeHint{"", RuntimeAuto, RuntimeCPython}).Draw(t, "hint"),
			IsOutputNode: rapid.Bool().Draw(t, "output"), TimeoutMS: rapid.Uint64().Draw(t, "timeout"),
			InputTypes: drawAll(t, 2, func() string { return rapid.SampledFrom(dataTypeHints).Draw(t, "type") }),
		}
		if rapid.Bool().Draw(t, "capabilities") {
			n.Capabilities = &Capabilities{
				MemoryGB: amount(), CPU: &CPU{Cores: rapid.Uint32().Draw(t, "cores"), Arch: text()},
				GPU: &GPU{Type: text(), MinMemoryGB: amount(), Required: rapid.Bool().Draw(t, "required")},
			}
			n.Execution = &Execution{Placement: text(), Reason: text(), Fallback: text()}
		}
		return n
	}
	return &Manifest{
		Version: text(), Metadata: Metadata{text(), text(), text()}, Nodes: drawAll(t, 3, node),
		Connections: drawAll(t, 3, func() Connection { return Connection{text(), text(), text(), text()} }),
	}
}

// What is written is read back without loss, from either syntax, and everything is found where it stands.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyManifest(t)
		for name, write := range map[string]func() ([]byte, error){"a.json": m.MarshalJSON, "a.yaml": m.MarshalYAML} {
			text, err := write()
			if err != nil {
				t.Fatal(err)
			}
			got, problems := Parse(name, text)
			if got == nil || len(problems) > 0 {
				t.Fatalf("%s\n%s", text, Render(name, problems, false))
			}
			if d := diff(m, got); d != "" {
				t.Fatalf("%s\n%s", text, d)
			}
			checkPlaces(t, got, text)
		}
	})
}

// checkPlaces looks up every name of a manifest's params in its text.
func checkPlaces(t *rapid.T, m *Manifest, text []byte) {
	for i, n := range m.Nodes {
		checkToken(t, text, m.Locate(Field(Index("nodes", i), "id")), n.ID)
		if string(n.Params) == "{}" {
			continue
		}
		w := nameWalk{dec: newDecoder(n.Params), text: n.Params}
		for w.next() {
			path := w.path(Field(Index("nodes", i), "params"))
			checkToken(t, text, m.LocateKey(path), w.name)
		}
	}
}

func checkToken(t *rapid.T, text []byte, p Position, want string) {
	rest := string(text[p.Offset:])
	if !strings.HasPrefix(rest, want) && !strings.HasPrefix(rest, string(appendQuoted(nil, want))) &&
		!strings.HasPrefix(rest, string(appendYAMLQuoted(nil, want))) {
		t.Fatalf("%q isn't at %+v: %.40q\n%s", want, p, rest, text)
	}
	line := strings.Split(string(text), "\n")[p.Line-1]
	if got := string([]rune(line)[p.Column-1:]); !strings.HasPrefix(rest, got) {
		t.Fatalf("line and column of %+v are those of %q", p, got)
	}
}

func TestCanonicalText(t *testing.T) {
	m := full()
	json, err := m.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	yaml, err := m.MarshalYAML()
	if err != nil {
		t.Fatal(err)
	}
	compareGolden(t, "testdata/full.json.golden", string(json))
	compareGolden(t, "testdata/full.yaml.golden", string(yaml))
}

func TestMarshalRefusesParamsThatArentJSON(t *testing.T) {
	m := &Manifest{Version: "v1", Nodes: []Node{{ID: "a", Type: "T", Params: jsontext.Value("{a")}}}
	if text, err := m.MarshalJSON(); err == nil {
		t.Errorf("no error, but %s", text)
	}
	if text, err := m.MarshalYAML(); err == nil {
		t.Errorf("no error, but %s", text)
	}
}

func TestMarshalTakesAbsentParams(t *testing.T) {
	for _, params := range []string{"", "null", "{}", " \n"} {
		m := &Manifest{Version: "v1", Nodes: []Node{{ID: "a", Type: "T", Params: jsontext.Value(params)}}}
		text, err := m.MarshalJSON()
		if err != nil || strings.Contains(string(text), "params") {
			t.Errorf("params %q: %s, %v", params, text, err)
		}
	}
}

func ExampleManifest_MarshalYAML() {
	m, problems := Parse("", []byte(`{"version": "v1", "nodes": [{"id": "a", "type": "Gain", "config": {"gain_db": -3.0}}]}`))
	if len(problems) > 0 {
		fmt.Print(Render("example", problems, false))
		return
	}
	text, err := m.MarshalYAML()
	fmt.Print(string(text), err)
	// Output:
	// version: v1
	// nodes:
	//   - id: a
	//     node_type: Gain
	//     params:
	//       gain_db: -3.0
	// <nil>
}
