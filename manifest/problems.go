package manifest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/remotemedia/remotemedia-go/fault"
)

// collector gathers the problems of one document, at most MaxProblems of them.
type collector struct {
	problems []fault.Problem
	more     int // problems beyond the bound
}

func (c *collector) add(p fault.Problem) {
	if c.full() {
		c.more++
		return
	}
	c.problems = append(c.problems, p)
}

// full reports whether further problems are only counted, so that their texts needn't be made.
func (c *collector) full() bool { return len(c.problems) == MaxProblems }

// list gives what was gathered, in the order of the text; the last one tells how many were left out.
func (c *collector) list() []fault.Problem {
	slices.SortStableFunc(c.problems, func(a, b fault.Problem) int { return cmp.Compare(a.Offset, b.Offset) })
	if c.more > 0 {
		last := &c.problems[len(c.problems)-1]
		last.Message += fmt.Sprintf("; %d more problems aren't listed", c.more)
	}
	return c.problems
}

// hasErrors reports whether any of the problems is an error.
func hasErrors(problems []fault.Problem) bool {
	return slices.ContainsFunc(problems, func(p fault.Problem) bool { return p.Severity == fault.SeverityError })
}

// Combine merges the problems of parsing with those that were found later, in the order of the text. A later problem of a
// place that is already known to be wrong, or of something below it, is left out: it is only a consequence. A node whose
// params are wrong anywhere has no params at all, so nothing that is said of them later counts.
func Combine(parsed, later []fault.Problem) []fault.Problem {
	out := slices.Clone(parsed)
	for _, p := range later {
		if !slices.ContainsFunc(parsed, func(q fault.Problem) bool { return covers(q, p.Path) }) {
			out = append(out, p)
		}
	}
	slices.SortStableFunc(out, func(a, b fault.Problem) int { return cmp.Compare(a.Offset, b.Offset) })
	return out
}

func covers(q fault.Problem, path string) bool {
	if q.Severity != fault.SeverityError {
		return false
	}
	if q.Path == "" {
		return q.Code == fault.CodeWrongType // the document isn't an object: it has nothing that could be wrong by itself
	}
	known := q.Path
	if node, _, ok := strings.Cut(known, "].params"); ok {
		known = node + "].params"
	}
	rest, ok := strings.CutPrefix(path, known)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// placed fills the place of a problem from a position in s.
func (s *Source) placed(p fault.Problem, at Position) fault.Problem {
	p.Line, p.Column, p.Offset, p.Excerpt = at.Line, at.Column, at.Offset, s.excerpt(at)
	return p
}
