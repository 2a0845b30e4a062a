package suite

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func parsed(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// Every pattern must be able to refuse: each stands with what fits it and with what doesn't.
func TestWrongExpectationsAreTold(t *testing.T) {
	for _, c := range []struct{ pattern, fits, differs string }{
		{`1`, `1`, `2`},
		{`1`, `1.0`, `"1"`},
		{`"a"`, `"a"`, `null`},
		{`null`, `null`, `0`},
		{`{"a": 1}`, `{"a": 1, "b": 2}`, `{"b": 2}`},
		{`{"a": {}}`, `{"a": {}}`, `{}`},
		{`[1, 2]`, `[1, 2]`, `[1, 2, 3]`},
		{`[{"a": 1}]`, `[{"a": 1, "b": 1}]`, `[{"a": 2}]`},
		{`{"$min": 2}`, `2`, `1`},
		{`{"$min": 2}`, `3`, `null`},
		{`{"$max": 2}`, `2`, `3`},
		{`{"$max": 2}`, `0`, `"1"`},
		{`{"$min": 1, "$max": 2}`, `2`, `3`},
		{`{"$near": 1, "$within": 0.5}`, `1.4`, `1.6`},
		{`{"$near": 1, "$within": 0.5}`, `1`, `"1"`},
		{`{"$has": "b"}`, `"abc"`, `"ac"`},
		{`{"$has": ["a", "c"]}`, `"abc"`, `"ab"`},
		{`{"$has": ["x"]}`, `["x", "y"]`, `["y"]`},
		{`{"$has": "long"}`, `["a long text"]`, `["short"]`},
		{`{"$has": "b"}`, `"b"`, `null`},
		{`{"$some": true}`, `"x"`, `""`},
		{`{"$some": true}`, `[0]`, `[]`},
		{`{"$some": true}`, `{"a": 1}`, `null`},
		{`{"$none": true}`, `[]`, `[1]`},
		{`{"$none": true}`, `null`, `"x"`},
		{`{"$none": true}`, `false`, `true`},
		{`{"$len": 2}`, `[1, 1]`, `[1]`},
		{`{"$len": 0}`, `[]`, `[1]`},
		{`{"$one": [1, 2]}`, `2`, `3`},
		{`{"$each": {"a": 1}}`, `[{"a": 1}, {"a": 1}]`, `[{"a": 1}, {"a": 2}]`},
		{`{"$each": 1}`, `[1]`, `[]`},
		{`{"$any": 1}`, `[2, 1]`, `[2]`},
		{`{"$any": 1}`, `[1]`, `null`},
		{`{"$count": {"pattern": 1, "$min": 2}}`, `[1, 1]`, `[1, 2]`},
		{`{"$count": {"pattern": 1, "$max": 1}}`, `[1, 2]`, `[1, 1]`},
		{`{"data": {"a": [1]}}`, `{"data": {"a": [1]}}`, `{"data": {"a": [1], "b": [1]}}`},
		{`{"data": {}}`, `{"data": {}}`, `{"data": {"b": [1]}}`},
		{`{"error": {"kind": "validation"}}`, `{"error": {"kind": "validation", "message": "x"}}`, `{}`},
	} {
		m := &matcher{}
		if m.match("", parsed(t, c.pattern), parsed(t, c.fits)); len(m.wrong) > 0 {
			t.Errorf("%s refuses %s: %v", c.pattern, c.fits, m.wrong)
		}
		if m = (&matcher{}); m.matches(parsed(t, c.pattern), parsed(t, c.differs)) {
			t.Errorf("%s takes %s", c.pattern, c.differs)
		}
	}
	for _, broken := range []string{`{"$near": 1}`, `{"$mni": 1}`, `{"$count": {"$min": 0}}`} {
		if (&matcher{}).matches(parsed(t, broken), parsed(t, `[1]`)) {
			t.Errorf("the broken pattern %s takes anything", broken)
		}
	}
}

func TestErrorsAreExpectedOrFail(t *testing.T) {
	for _, c := range []struct {
		pattern, got string
		good         bool
	}{
		{`{}`, `{"error": {"kind": "internal", "message": "x"}}`, false},
		{`{"result": {}}`, `{"result": {"request_id": "a", "wall_ms": 1, "memory_bytes": 1}, "error": {"kind": "internal", "message": "x"}}`, false},
		{`{"error": {}}`, `{"error": {"kind": "internal", "message": "x"}}`, true},
		{`{"error": {}}`, `{"error": {"kind": "odd", "message": "x"}}`, false},
		{`{"error": {}}`, `{"error": {"kind": "internal", "message": ""}}`, false},
		{`{"result": {}}`, `{"result": {"request_id": "", "wall_ms": 1, "memory_bytes": 1}}`, false},
		{`{"result": {}}`, `{"result": {"request_id": "a", "wall_ms": 0, "memory_bytes": 1}}`, false},
		{`{"outcomes": {"$len": 1}}`, `{"outcomes": [{"result": {"request_id": "a", "wall_ms": 1, "memory_bytes": 0}}]}`, false},
		{`{"stream": {}}`, `{"stream": {"answers": [{"sequence": 0}, {"sequence": 1}, {"sequence": 1, "final": true}]}}`, true},
		{`{"stream": {}}`, `{"stream": {"answers": [{"sequence": 0}, {"sequence": 2}]}}`, false},
		{`{"stream": {}}`, `{"stream": {"answers": [{"sequence": 0, "final": true}, {"sequence": 0}]}}`, false},
		{`{"stream": {}}`, `{"stream": {"answers": [{"sequence": 0}, {"sequence": 2, "final": true}]}}`, false},
		{`{}`, `7`, false},
	} {
		m := &matcher{}
		m.step(parsed(t, c.pattern), parsed(t, c.got))
		if (len(m.wrong) == 0) != c.good {
			t.Errorf("%s against %s: %v", c.pattern, c.got, m.wrong)
		}
	}
}

func TestAudioThatDiffersIsTold(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, data ...byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("g.f32", 0, 0, 0, 0, 0, 0, 0, 0x3f, 0, 0, 0, 0) // 0, 0.5, 0
	half := write("half.raw", 0, 0, 0, 0x40, 0, 0)        // the same in 16 bits
	other := write("other.raw", 0, 0, 0, 0x41, 0, 0)
	odd := write("odd.raw", 1, 2, 3)
	signal := &sound{Rate: 8000, Channels: 1, Format: "i16", Bytes: []byte{0, 0, 0, 0x40, 0, 0}}
	audio := func(file, more string) string {
		return `{"audio": {"a": {"file": ` + string(must(t, file)) + `, "rate": 8000, "channels": 1, "format": "i16"` + more + `}}}`
	}
	for _, c := range []struct{ pattern, got, says string }{
		{`{"same": "s", "rate": 8000, "channels": 1, "format": "i16", "frames": 3}`, audio(half, ""), ""},
		{`{"same": "s"}`, audio(other, ""), "first difference is at byte 3"},
		{`{"same": "s"}`, `{"audio": {"a": {"file": ` + string(must(t, half)) + `, "rate": 16000, "channels": 1, "format": "i16"}}}`, "16000 Hz"},
		{`{"same": "none"}`, audio(half, ""), "unknown signal"},
		{`{"rate": 16000}`, audio(half, ""), "got 8000, want 16000"},
		{`{"frames": 2}`, audio(half, ""), "got 3, want 2"},
		{`{"frames": 2}`, audio(half, `, "first": 2, "bytes": 4`), ""},
		{`{"frames": 2}`, audio(half, `, "first": 4, "bytes": 4`), "names bytes"},
		{`{"golden": "g", "within": 0}`, audio(half, ""), ""},
		{`{"golden": "g", "within": 0.001}`, audio(other, ""), "differs from g by up to 0.00781"},
		{`{"golden": "g", "within": 0.01}`, audio(other, ""), ""},
		{`{"golden": "g", "within": 1, "skip": 2}`, audio(half, ""), "skips all"},
		{`{"golden": "g", "within": 1}`, audio(half, `, "bytes": 2`), "got 1 samples, want 3"},
		{`{"golden": "h", "within": 1}`, audio(half, ""), "h.f32"},
		{`{"smae": "s"}`, audio(half, ""), "can't be read"},
		{`{"frames": 1}`, audio(odd, ""), "whole frames"},
		{`{"frames": 1}`, `{"audio": {}}`, "no audio came"},
		{`{"frames": 1}`, `{}`, "want audio"},
		{`{"frames": 3}`, strings.Replace(audio(half, ""), `{"a"`, `{"b": 1, "a"`, 1), "wasn't expected"},
	} {
		m := &matcher{sounds: map[string]*sound{"s": signal}, golden: dir}
		m.match("", parsed(t, `{"audio": {"a": `+c.pattern+`}}`), parsed(t, c.got))
		if told := strings.Join(m.wrong, "\n"); (c.says == "") != (told == "") || !strings.Contains(told, c.says) {
			t.Errorf("%s against %s: %q, want %q", c.pattern, c.got, told, c.says)
		}
	}
}

func must(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
