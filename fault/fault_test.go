package fault

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestT070_EveryCodeIsDescribed(t *testing.T) {
	for _, c := range Codes() {
		info, ok := c.Describe()
		if !ok || info.Cause == "" || info.Cure == "" {
			t.Errorf("code %q has no cause or cure", c)
		}
		if c != CodeInternal && c != CodePanic && c.Kind() == Internal {
			t.Errorf("code %q is of kind internal", c)
		}
	}
	if k := Code("made up").Kind(); k != Internal {
		t.Errorf("a code outside the table is %v, want internal", k)
	}
}

func TestFromFindsTheErrorInAChain(t *testing.T) {
	inner := New(CodeBadAudio, "rate is 0").WithNode("in")
	if got := From(fmt.Errorf("outer: %w", inner)); got != inner {
		t.Errorf("From found %v", got)
	}
	plain := errors.New("boom")
	if got := From(plain); got.Kind != Internal || !errors.Is(got, plain) {
		t.Errorf("From(plain) = %v", got)
	}
	if From(nil) != nil {
		t.Error("From(nil) isn't nil")
	}
}

func TestErrorNamesTheNodeOnce(t *testing.T) {
	if got := New(CodeNodeFailed, "it broke").WithNode("a").Error(); got != `node "a": it broke` {
		t.Error(got)
	}
	if got := New(CodeNodeFailed, `node "a" broke`).WithNode("a").Error(); strings.Count(got, `"a"`) != 1 {
		t.Error(got)
	}
	if e := New(CodeNodeFailed, "x").WithNode("a").WithNode("b"); e.NodeID != "a" {
		t.Errorf("the node was replaced by %q", e.NodeID)
	}
}

func TestFromProblemsTellsTheFirstError(t *testing.T) {
	problems := []Problem{
		{Severity: SeverityWarning, Code: CodeIgnored, Message: "no effect"},
		{Code: CodeCycle, NodeID: "b", Message: "a cycle", Hint: "cut it", Line: 3, Column: 4},
		{Code: CodeSelfLoop, Message: "a loop"},
	}
	err := FromProblems(problems)
	if err.Code != CodeCycle || err.Kind != Validation || err.NodeID != "b" {
		t.Errorf("code %s, kind %s, node %q", err.Code, err.Kind, err.NodeID)
	}
	if want := "line 3, column 4: a cycle (cut it) [and 1 more]"; err.Message != want {
		t.Errorf("message %q, want %q", err.Message, want)
	}
	if FromProblems(problems[:1]) != nil {
		t.Error("a warning alone is an error")
	}
	if w := Warnings(problems); len(w) != 1 || w[0] != "no effect" {
		t.Errorf("warnings %q", w)
	}
}

func TestDidYouMean(t *testing.T) {
	names := []string{"AudioResample", "VAD", "Echo", "target_sample_rate"}
	for name, want := range map[string]string{
		"AudioResampel": "AudioResample", "audio-resample": "AudioResample", "vda": "", "targetSampleRate": "target_sample_rate",
		"Ecoh": "", "ehco": "", "Ech": "Echo", "something else": "", "": "", strings.Repeat("x", 1<<20): "",
	} {
		got := DidYouMean(name, names)
		if want == "" && got != "" || want != "" && got != "did you mean "+want+"?" {
			t.Errorf("DidYouMean(%.20q) = %q, want %q", name, got, want)
		}
	}
}

func TestLimitHasTheContextOfTheContract(t *testing.T) {
	e := Limit(CodeMemoryLimit, "max_memory_bytes", 5, 7, 10, "send less")
	for _, key := range []string{"limit", "requested", "used", "allowed", "hint"} {
		if _, ok := e.Context[key]; !ok {
			t.Errorf("the context lacks %q", key)
		}
	}
	for _, part := range []string{"5", "7", "10", "send less"} {
		if !strings.Contains(e.Message, part) {
			t.Errorf("the message lacks %q: %s", part, e.Message)
		}
	}
}
