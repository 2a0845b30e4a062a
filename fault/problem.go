package fault

import (
	"fmt"
	"slices"
	"strings"
)

// Severity tells a fault that stops a document from one that is only told.
type Severity uint8

// The severities.
const (
	SeverityError Severity = iota
	SeverityWarning
)

// String returns "error" or "warning".
func (s Severity) String() string {
	if s == SeverityWarning {
		return "warning"
	}
	return "error"
}

// Problem is one fault of a document, with its place. Line and Column count from 1 and are 0 where the place is unknown;
// Column counts characters, not bytes. Offset is in bytes from 0.
type Problem struct {
	Severity Severity
	Code     Code
	NodeID   string
	Path     string // nodes[2].params.target_sample_rate
	Message  string // what is wrong and what was expected
	Hint     string // what to do, "" where the message says it
	Line     int
	Column   int
	Offset   int
	Excerpt  string // the offending line and a caret below it, "" where there is no text
}

// String renders the problem in one line: `line 4, column 7: message (hint)`.
func (p Problem) String() string {
	var b strings.Builder
	if p.Line > 0 {
		fmt.Fprintf(&b, "line %d, column %d: ", p.Line, p.Column)
	}
	b.WriteString(p.Message)
	if p.Hint != "" {
		fmt.Fprintf(&b, " (%s)", p.Hint)
	}
	return b.String()
}

// FromProblems makes a validation error of the problems of severity error: the first is told in the message, all are in
// Problems (warnings too). It returns nil when there is no error among them. The kind is the first error's own.
func FromProblems(problems []Problem) *Error {
	first := slices.IndexFunc(problems, func(p Problem) bool { return p.Severity == SeverityError })
	if first < 0 {
		return nil
	}
	p := problems[first]
	e := New(p.Code, "%s", p.String())
	if n := countErrors(problems); n > 1 {
		e.Message += fmt.Sprintf(" [and %d more]", n-1)
	}
	e.NodeID, e.Problems = p.NodeID, problems
	return e
}

// Warnings returns the texts of the problems of severity warning.
func Warnings(problems []Problem) []string {
	var out []string
	for _, p := range problems {
		if p.Severity == SeverityWarning {
			out = append(out, p.String())
		}
	}
	return out
}

func countErrors(problems []Problem) int {
	n := 0
	for _, p := range problems {
		if p.Severity == SeverityError {
			n++
		}
	}
	return n
}
