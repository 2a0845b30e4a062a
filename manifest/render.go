package manifest

import (
	"fmt"
	"strings"

	"github.com/remotemedia/remotemedia-go/fault"
)

// Render writes problems as a compiler does, each with its excerpt and hint:
//
//	speech.yaml:4:1: error: unknown field "nodez" [unknown_field]
//	   4 | nodez:
//	     | ^~~~~
//	  hint: did you mean nodes?
//
// Name is that of the file. With color, the parts are marked for a terminal.
func Render(name string, problems []fault.Problem, color bool) string {
	r := renderer{color: color}
	for _, p := range problems {
		r.problem(name, p)
	}
	return r.out.String()
}

type renderer struct {
	out   strings.Builder
	color bool
}

// Colours of a terminal.
const (
	bold   = "1"
	red    = "1;31"
	yellow = "1;33"
	green  = "32"
)

func (r *renderer) paint(style, text string) string {
	if !r.color {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}

func (r *renderer) problem(name string, p fault.Problem) {
	place := name
	if p.Line > 0 {
		place = fmt.Sprintf("%s:%d:%d", name, p.Line, p.Column)
	}
	style := red
	if p.Severity == fault.SeverityWarning {
		style = yellow
	}
	fmt.Fprintf(&r.out, "%s %s %s [%s]\n",
		r.paint(bold, place+":"), r.paint(style, p.Severity.String()+":"), p.Message, p.Code)
	r.excerpt(p)
	if p.Hint != "" {
		fmt.Fprintf(&r.out, "  %s %s\n", r.paint(green, "hint:"), p.Hint)
	}
}

func (r *renderer) excerpt(p fault.Problem) {
	line, caret, ok := strings.Cut(p.Excerpt, "\n")
	if !ok || p.Line == 0 {
		return
	}
	gutter := fmt.Sprintf("%4d", p.Line)
	fmt.Fprintf(&r.out, "%s | %s\n", gutter, line)
	fmt.Fprintf(&r.out, "%s | %s\n", strings.Repeat(" ", len(gutter)), r.paint(green, caret))
}
