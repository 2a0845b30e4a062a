package manifest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/remotemedia/remotemedia-go/fault"
)

func TestRenderWithoutPlace(t *testing.T) {
	problems := []fault.Problem{{Code: fault.CodeCycle, Message: "cycle: a -> b -> a"}, {
		Severity: fault.SeverityWarning, Code: fault.CodeIgnored, Message: "host has no effect", Hint: "remove it",
	}}
	want := "a.yaml: error: cycle: a -> b -> a [cycle]\na.yaml: warning: host has no effect [ignored]\n  hint: remove it\n"
	if d := cmp.Diff(want, Render("a.yaml", problems, false)); d != "" {
		t.Error(d)
	}
}

// Colour adds escapes and changes nothing else.
func TestRenderInColor(t *testing.T) {
	problems := parseProblems(t, "a.yaml", "version: v1\nnodez: []\n")
	plain, colored := Render("a.yaml", problems, false), Render("a.yaml", problems, true)
	if !strings.Contains(colored, "\x1b[1;31merror:\x1b[0m") || strings.Contains(plain, "\x1b") {
		t.Errorf("colour %q\nplain %q", colored, plain)
	}
	for _, style := range []string{bold, red, yellow, green, "0"} {
		colored = strings.ReplaceAll(colored, "\x1b["+style+"m", "")
	}
	if d := cmp.Diff(plain, colored); d != "" {
		t.Error(d)
	}
}

func TestExcerptOfALongLine(t *testing.T) {
	text := []byte("x\n" + strings.Repeat("é", 500) + "fault\tand\x1bmore" + strings.Repeat("z", 200) + "\ny")
	s := &Source{text: text}
	at := 2 + 1000
	p := s.at(at, at+5)
	if p != (Position{Line: 2, Column: 501, Offset: at, Length: 5}) {
		t.Fatalf("position %+v", p)
	}
	line, caret, _ := strings.Cut(s.excerpt(p), "\n")
	want := "..." + strings.Repeat("é", 60) + "fault and\ufffdmore" + strings.Repeat("z", 26) + "..."
	if d := cmp.Diff(want, line); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(strings.Repeat(" ", 63)+"^~~~~", caret); d != "" {
		t.Error(d)
	}
}
