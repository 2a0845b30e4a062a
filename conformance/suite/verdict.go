package suite

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Outcome says how a case ended in a language.
type Outcome string

// The outcomes.
const (
	Passed Outcome = "pass"
	Failed Outcome = "FAIL"
	NotRun Outcome = "not run"
)

// Verdict is the outcome with its reasons.
type Verdict struct {
	Outcome Outcome
	Reasons []string
}

// Observation is what a runner tells of a case.
type Observation struct {
	Case   string `json:"case"`
	Steps  []any  `json:"steps"`
	NotRun string `json:"not_run"`
	Broken string `json:"broken"`
}

func failed(format string, args ...any) Verdict {
	return Verdict{Failed, []string{fmt.Sprintf(format, args...)}}
}

// judge compares what a runner observed with what the case expects.
func (c *Case) judge(o *Observation, language, golden string, signals *Signals) Verdict {
	switch {
	case o.NotRun != "":
		return Verdict{NotRun, []string{o.NotRun}}
	case o.Broken != "":
		return failed("the runner broke: %s", o.Broken)
	case len(o.Steps) != len(c.Steps):
		return failed("the runner told %d steps of %d", len(o.Steps), len(c.Steps))
	}
	sounds, err := signals.of(c.file)
	if err != nil {
		return failed("%v", err)
	}
	var reasons []string
	for i := range c.Steps {
		m := &matcher{sounds: sounds, golden: golden}
		m.step(c.Steps[i].expected(language), o.Steps[i])
		for _, wrong := range m.wrong {
			if len(c.Steps) > 1 {
				wrong = fmt.Sprintf("step %d: %s", i, wrong)
			}
			reasons = append(reasons, wrong)
		}
	}
	return c.verdict(reasons)
}

func (c *Case) verdict(reasons []string) Verdict {
	switch {
	case c.Wrong && len(reasons) == 0:
		return failed("it has a wrong expectation and passed all the same: nothing of this language is tested")
	case c.Wrong || len(reasons) == 0:
		return Verdict{Outcome: Passed}
	}
	return Verdict{Failed, reasons}
}

func (m *matcher) step(want, got any) {
	if want == nil { // of a control step
		want = map[string]any{}
	}
	m.unexpectedError(want, got)
	m.match("", want, got)
	m.sane(got)
}

// unexpectedError refuses an error that wasn't expected, which a pattern of other members would overlook.
func (m *matcher) unexpectedError(want, got any) {
	wanted, _ := want.(map[string]any)
	object, ok := got.(map[string]any)
	if !ok {
		m.fail("", "the runner told %s: expected an object", short(got))
		return
	}
	if e, is := object["error"]; is && wanted["error"] == nil && !isOperator(wanted) {
		m.fail("error", "it wasn't expected: %s", short(e))
	}
}

// kinds are the kinds of errors that clients tell.
var kinds = []string{
	"validation", "node_execution", "resource_limit", "authentication", "version_mismatch", "internal",
	"unavailable", "rate_limited", "deadline_exceeded", "canceled", "closed",
}

// sane checks what holds of every observation.
func (m *matcher) sane(got any) {
	object, _ := got.(map[string]any)
	if e, ok := object["error"]; ok {
		m.saneError("error", e)
	}
	if r, ok := object["result"].(map[string]any); ok {
		m.saneResult(r)
	}
	if s, ok := object["stream"].(map[string]any); ok {
		m.saneStream(s)
	}
	outcomes, _ := object["outcomes"].([]any)
	for _, o := range outcomes {
		m.sane(o)
	}
}

func (m *matcher) saneError(at string, v any) {
	m.match(at, map[string]any{"message": map[string]any{"$some": true}}, v)
	e, _ := v.(map[string]any)
	if kind, _ := e["kind"].(string); !slices.Contains(kinds, kind) {
		m.fail(at+".kind", "got %s, want one of %s", short(e["kind"]), strings.Join(kinds, ", "))
	}
}

func (m *matcher) saneResult(r map[string]any) {
	positive := map[string]any{"$min": 1e-9}
	m.match("result", map[string]any{
		"request_id": map[string]any{"$some": true}, "wall_ms": positive, "memory_bytes": positive,
	}, any(r))
}

func (m *matcher) saneStream(s map[string]any) {
	answers, _ := s["answers"].([]any)
	next := 0.0
	for i, a := range answers {
		answer, _ := a.(map[string]any)
		at := fmt.Sprintf("stream.answers[%d]", i)
		final, _ := answer["final"].(bool)
		want := next
		if final { // it has the number of the last chunk
			want = max(next-1, 0)
		}
		if got := number(answer["sequence"]); got != want {
			m.fail(at+".sequence", "got %v, want %v", answer["sequence"], want)
		}
		if !final {
			next++
		} else if i != len(answers)-1 {
			m.fail(at, "it is final, and others follow")
		}
		if e := answer["failed"]; e != nil {
			m.saneError(at+".failed", e)
		}
	}
}

// decodeLine reads a line of a runner.
func decodeLine(line []byte) (*Observation, error) {
	o := new(Observation)
	if err := json.Unmarshal(line, o); err != nil {
		return nil, fmt.Errorf("a line isn't an observation: %w: %s", err, short(string(line)))
	}
	return o, nil
}
