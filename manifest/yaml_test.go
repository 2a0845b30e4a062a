package manifest

import (
	"strings"
	"testing"

	"github.com/remotemedia/remotemedia-go/fault"
)

// params gives the params of a node that are written as YAML, indented below params.
func yamlParams(t *testing.T, head, body string) string {
	t.Helper()
	text := head + "version: v1\nnodes:\n  - id: a\n    type: T\n    params:\n      " + strings.ReplaceAll(body, "\n", "\n      ") + "\n"
	return string(parseGood(t, "a.yaml", text).Nodes[0].Params)
}

func TestScalars(t *testing.T) {
	for yaml, want := range map[string]string{
		"15.0": "15.0", "1e3": "1e3", "1E+3": "1E+3", "-0": "-0", "3e4": "3e4", "100000000000000000000": "100000000000000000000",
		"0x10": "16", "0xfF": "255", "-0x10": "-16", "0o17": "15", "+5": "5", ".5": "0.5", "-.5": "-0.5", "5.": "5",
		"5.e3": "5e3", "+.5e-3": "0.5e-3", "1_000": "1000", "-1_000.5": "-1000.5", "007": "7", "00": "0",
		"true": "true", "True": "true", "FALSE": "false", "null": "null", "Null": "null", "~": "null", "": "null",
		"yes": `"yes"`, "no": `"no"`, "on": `"on"`, "Off": `"Off"`, "y": `"y"`, "tRue": `"tRue"`, "nULL": `"nULL"`,
		"1_": `"1_"`, "_1": `"_1"`, "1__0": `"1__0"`, "1.2.3": `"1.2.3"`, "0x": `"0x"`, "0xg": `"0xg"`, "1e": `"1e"`,
		"-": "", "+": `"+"`, ".": `"."`, "..": `".."`, "+-5": `"+-5"`, "--5": `"--5"`, "1 2": `"1 2"`, "2025-10-28": `"2025-10-28"`,
		"12:30": `"12:30"`, "0b11": `"0b11"`, ".e5": `".e5"`, "-inf": `"-inf"`, "Infinity": `"Infinity"`,
		`"15"`: `"15"`, "'true'": `"true"`, "''": `""`, `"a\tb\u00e9"`: `"a\tbé"`, "'it''s'": `"it's"`,
		"!!str 15": `"15"`, "!!str true": `"true"`, "!!str": `""`, `!!int "5"`: "5", "!!float 5": "5", "!!null ''": `""`,
		"a b # comment": `"a b"`, "a#b": `"a#b"`, "http://x/y": `"http://x/y"`, "é日本": `"é日本"`,
		"|\n  a\n   b\n\n  c\n": `"a\n b\n\nc\n"`, "|-\n  a\n": `"a"`, "|+\n  a\n\n": `"a\n\n\n"`, ">\n  a\n  b\n": `"a b\n"`,
		"plain\n  text": `"plain text"`, "\"quoted\n  text\"": `"quoted text"`,
	} {
		if want == "" {
			continue
		}
		if got := yamlParams(t, "", "v: "+yaml); got != `{"v":`+want+"}" {
			t.Errorf("%q: got %s, want %s", yaml, got, want)
		}
	}
}

func TestCollectionsAndKeys(t *testing.T) {
	for yaml, want := range map[string]string{
		"a: [1, [2, {b: c}], ]":             `{"a":[1,[2,{"b":"c"}]]}`,
		"a:\n- 1\n-\n  - 2\n- b: 3\n  c: 4": `{"a":[1,[2],{"b":3,"c":4}]}`,
		"a: {}\nb: []":                      `{"a":{},"b":[]}`,
		"a:\n  b:\n    c: 1\nd: 2":          `{"a":{"b":{"c":1}},"d":2}`,
		"1: a\ntrue: b\n\"q r\": c\n's': d": `{"1":"a","true":"b","q r":"c","s":"d"}`,
		"\"<<\": 1":                         `{"<<":1}`,
		"a: {b: 1, \"c\":2, d}":             `{"a":{"b":1,"c":2,"d":null}}`,
	} {
		if got := yamlParams(t, "", yaml); got != want {
			t.Errorf("%q: got %s, want %s", yaml, got, want)
		}
	}
}

func TestAnchorsAndMerges(t *testing.T) {
	const head = "x-a: &a {p: 1, q: 2}\nx-b: &b\n  q: 3\n  r: [&n 4, *n]\nx-c: &c {<<: *b, s: 5}\n"
	for yaml, want := range map[string]string{
		"v: *a":                         `{"v":{"p":1,"q":2}}`,
		"<<: *a\nq: 9":                  `{"q":9,"p":1}`,
		"q: 9\n<<: *a":                  `{"q":9,"p":1}`,
		"<<: [*a, *b]":                  `{"p":1,"q":2,"r":[4,4]}`,
		"<<: [*b, *a]":                  `{"q":3,"r":[4,4],"p":1}`,
		"<<: *c":                        `{"s":5,"q":3,"r":[4,4]}`,
		"<<: {p: 7}":                    `{"p":7}`,
		"a: &x 1\nb: &x 2\nc: *x":       `{"a":1,"b":2,"c":2}`,
		"a: &x\n  b: 1\nc: *x\nd: [*x]": `{"a":{"b":1},"c":{"b":1},"d":[{"b":1}]}`,
		"a: &s text\nb: *s":             `{"a":"text","b":"text"}`,
		"a: &n\nb: *n":                  `{"a":null,"b":null}`,
	} {
		if got := yamlParams(t, head, yaml); got != want {
			t.Errorf("%q: got %s, want %s", yaml, got, want)
		}
	}
}

func TestAnchoredNodes(t *testing.T) {
	m := parseGood(t, "a.yaml", `
version: v1
x-node: &base
  type: Gain
  params: &params {gain_db: -3.0}
nodes:
  - &first
    <<: *base
    id: a
  - <<: *first
    id: b
    params:
      <<: *params
      ramp: 1
`)
	if m.Nodes[0].ID != "a" || m.Nodes[1].ID != "b" || m.Nodes[1].Type != "Gain" {
		t.Errorf("got %+v", m.Nodes)
	}
	if got := string(m.Nodes[1].Params); got != `{"ramp":1,"gain_db":-3.0}` {
		t.Errorf("params %s", got)
	}
	if p := m.Locate("nodes[1].params.gain_db"); p.Line != 5 || p.Column != 29 {
		t.Errorf("a merged value isn't found where it stands: %+v", p)
	}
	if p := m.Locate("nodes[1].id"); p.Line != 11 {
		t.Errorf("a value of its own isn't found: %+v", p)
	}
}

func TestDocumentMarkers(t *testing.T) {
	for _, text := range []string{
		"---\nversion: v1\nnodes: []\n", "# c\n---\nversion: v1\nnodes: []\n...\n# end\n", "--- \nversion: v1\nnodes: []",
	} {
		parseGood(t, "a.yaml", text)
	}
}

func TestCarriageReturns(t *testing.T) {
	text := strings.ReplaceAll(fullYAML, "\n", "\r\n")
	if d := diff(parseGood(t, "a.yaml", fullYAML), parseGood(t, "a.yaml", text)); d != "" {
		t.Error(d)
	}
	m := parseGood(t, "a.yaml", text)
	p := m.Locate("nodes[0].timeout_ms")
	if !strings.HasPrefix(text[p.Offset:], "18446744073709551615") {
		t.Errorf("place in a text with carriage returns: %+v", p)
	}
	if problems := parseProblems(t, "a.yaml", "version: v1\rnodes: []"); len(problems) != 1 || problems[0].Code != fault.CodeSyntax {
		t.Errorf("a lone carriage return: %v", problems)
	}
}
