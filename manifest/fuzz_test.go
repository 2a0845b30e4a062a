package manifest

import (
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/remotemedia/remotemedia-go/fault"
)

func addSeeds(f *testing.F) {
	for _, file := range faultFiles(f) {
		f.Add(readTestFile(f, file))
	}
	for _, text := range []string{fullJSON, fullYAML, placedYAML, laughs(3, 3), "", "{", "[", "- - a", "a: &a *a", "? a"} {
		f.Add([]byte(text))
	}
}

// checkParsed checks what holds whatever the text is: faults have places in it, and a manifest without faults can be
// written and read again in both syntaxes.
func checkParsed(t *testing.T, text []byte, parse func(string, []byte) (*Manifest, []fault.Problem)) {
	m, problems := parse("a", text)
	checkProblems(t, newSource("", text).text, problems)
	if m == nil {
		if !hasErrors(problems) {
			t.Fatal("neither a manifest nor an error")
		}
		return
	}
	for _, path := range []string{"", "nodes[0].params.a", "connections[0].from", "x[3].y"} {
		if p := m.Locate(path); p.Line < 1 || p.Offset > len(text) {
			t.Fatalf("%q is at %+v", path, p)
		}
	}
	if hasErrors(problems) {
		return
	}
	checkRewritten(t, m)
}

func checkRewritten(t *testing.T, m *Manifest) {
	for name, write := range map[string]func() ([]byte, error){"a.json": m.MarshalJSON, "a.yaml": m.MarshalYAML} {
		text, err := write()
		if err != nil {
			t.Fatal(err)
		}
		again, problems := Parse(name, text)
		if again == nil || hasErrors(problems) {
			if len(text) < MaxTextBytes/2 && len(m.Nodes) < 100 { // a larger one may break a bound when it is written out
				t.Fatalf("%s isn't read again:\n%s", text, Render(name, problems, false))
			}
			continue
		}
		if d := diff(m, again); d != "" {
			t.Fatalf("%s\n%s", text, d)
		}
	}
}

func FuzzParseJSON(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, text []byte) { checkParsed(t, text, ParseJSON) })
}

func FuzzParseYAML(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, text []byte) { checkParsed(t, text, ParseYAML) })
}

func FuzzParseParams(f *testing.F) {
	for _, text := range []string{`{"a":1,"a":2}`, `{"é":[1,{"b":null}]}`, "null", "", "{", "[]", `{"a":1e999}`, "{}{}", "{\"\xff\":1}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		params, source, problems := ParseParams(0, "a", text)
		checkProblems(t, []byte(text), problems)
		if (params == nil) != hasErrors(problems) {
			t.Fatalf("params %s with %v", params, problems)
		}
		if params != nil && (jsontext.Value(params).Kind() != '{' || !jsontext.Value(params).IsValid()) {
			t.Fatalf("params %s aren't an object", params)
		}
		m := Manifest{Nodes: []Node{{ID: "a", Params: params, ParamsSource: source}}}
		if p := m.Locate("nodes[0].params.a[1].b"); p.Line < 1 || p.Offset > len(text) {
			t.Fatalf("place %+v", p)
		}
	})
}
