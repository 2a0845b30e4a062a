package manifest

import (
	"strings"
	"testing"

	"github.com/remotemedia/remotemedia-go/fault"
)

func TestParseParams(t *testing.T) {
	for text, want := range map[string]string{
		"": "{}", "null": "{}", " \n": "{}", " null ": "{}", "{}": "{}",
		` { "a" : 15.0 , "b":[1E5, -0,"\u00e9\/"] } `: `{"a":15.0,"b":[1E5,-0,"é/"]}`,
		`{"a":1e999}`: `{"a":1e999}`,
	} {
		got, source, problems := ParseParams(0, "a", text)
		if string(got) != want || len(problems) > 0 || source == nil {
			t.Errorf("%q: got %s, %v", text, got, problems)
		}
	}
}

func TestParseParamsFaults(t *testing.T) {
	for _, tt := range []struct {
		text         string
		code         fault.Code
		path         string
		line, column int
		message      []string // parts of it
	}{
		{"{\n  \"a\": 1,\n  \"b\": ]\n}", fault.CodeParamsSyntax, "nodes[3].params", 3, 8, []string{`node "vad"`, "offset 19", "']'"}},
		{`{"é": tru}`, fault.CodeParamsSyntax, "nodes[3].params", 1, 10, []string{`node "vad"`, "offset 10"}},
		{`[1]`, fault.CodeParamsSyntax, "nodes[3].params", 1, 1, []string{`node "vad"`, "expected a JSON object, found a list"}},
		{`5`, fault.CodeParamsSyntax, "nodes[3].params", 1, 1, []string{"a number"}},
		{`"{}"`, fault.CodeParamsSyntax, "nodes[3].params", 1, 1, []string{"a string"}},
		{`true`, fault.CodeParamsSyntax, "nodes[3].params", 1, 1, []string{"a boolean"}},
		{`{} x`, fault.CodeParamsSyntax, "nodes[3].params", 1, 4, []string{"text follows"}},
		{`{"a": {"b": 1`, fault.CodeParamsSyntax, "nodes[3].params", 1, 14, []string{"ends in the middle"}},
		{"{\"a\": \"\xff\"}", fault.CodeParamsSyntax, "nodes[3].params", 1, 8, []string{"UTF-8"}},
		{`{"a": 1, "b": {"c": 1, "c": 2}}`, fault.CodeDuplicateField, "nodes[3].params.b.c", 1, 24, []string{"c is given twice"}},
		{`{"a b": 1, "a b": 2}`, fault.CodeDuplicateField, `nodes[3].params["a b"]`, 1, 12, []string{"twice"}},
		{`{"a": [{}, {"1": 1, "1": 2}]}`, fault.CodeDuplicateField, `nodes[3].params.a[1].1`, 1, 21, []string{"twice"}},
		{strings.Repeat(`{"a":`, 65) + "1" + strings.Repeat("}", 65), fault.CodeTooDeep, "nodes[3].params", 1, 321, []string{"64 levels"}},
		{`{"a": "` + strings.Repeat("x", MaxTextBytes) + `"}`, fault.CodeTooLarge, "nodes[3].params", 1, 1, []string{"1048576"}},
		{`{"a": [` + strings.Repeat("1,", MaxValues) + `1]}`, fault.CodeTooLarge, "nodes[3].params", 1, 200003, []string{"100000 values"}},
	} {
		got, _, problems := ParseParams(3, "vad", tt.text)
		if len(problems) != 1 || got != nil {
			t.Errorf("%.40q: got %.40s, %v; want one problem", tt.text, got, problems)
			continue
		}
		p := problems[0]
		if p.Code != tt.code || p.Path != tt.path || p.Line != tt.line || p.Column != tt.column || p.NodeID != "vad" {
			t.Errorf("%.40q: got %+v, want %s at %s %d:%d", tt.text, p, tt.code, tt.path, tt.line, tt.column)
		}
		for _, part := range tt.message {
			if !strings.Contains(p.Message, part) {
				t.Errorf("%.40q: message %q lacks %q", tt.text, p.Message, part)
			}
		}
	}
}

// All duplicates are reported, not the first alone.
func TestParseParamsReportsEveryDuplicate(t *testing.T) {
	_, _, problems := ParseParams(0, "a", `{"a": 1, "a": 2, "b": [{"c": 1, "c": 1}], "a": 3}`)
	if len(problems) != 3 {
		t.Errorf("%d problems, want 3: %v", len(problems), problems)
	}
}

func TestParamsAtTheBoundOfDepth(t *testing.T) {
	text := strings.Repeat(`{"a":`, MaxDepth) + "1" + strings.Repeat("}", MaxDepth)
	if _, _, problems := ParseParams(0, "a", text); len(problems) > 0 {
		t.Errorf("%d levels: %v", MaxDepth, problems)
	}
	for name, frame := range map[string]string{
		"a.json": `{"version":"v1","nodes":[{"id":"a","type":"T","params":` + "%" + `}]}`,
		"a.yaml": "version: v1\nnodes:\n- id: a\n  type: T\n  params: %\n",
	} {
		for depth, ok := range map[int]bool{MaxDepth - 3: true, MaxDepth - 2: false} {
			params := strings.Repeat(`{"a": `, depth) + "1" + strings.Repeat("}", depth)
			_, problems := Parse(name, []byte(strings.Replace(frame, "%", params, 1)))
			if ok != (len(problems) == 0) || !ok && problems[0].Code != fault.CodeTooDeep {
				t.Errorf("%s, params of %d levels: %v", name, depth, problems)
			}
		}
	}
}
