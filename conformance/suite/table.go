package suite

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Column is what a language gave.
type Column struct {
	Language string
	Skipped  string // why it wasn't run at all
	Verdicts map[string]Verdict
}

// Print writes the table of cases and languages, and the reasons of what isn't a pass. It returns how many cases failed.
func Print(w io.Writer, cases []*Case, columns []Column) (failures int, err error) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprint(t, "case")
	for _, c := range columns {
		fmt.Fprintf(t, "\t%s", c.Language)
	}
	fmt.Fprintln(t)
	for _, c := range cases {
		fmt.Fprint(t, c.Name)
		for _, column := range columns {
			fmt.Fprintf(t, "\t%s", column.outcome(c.Name))
		}
		fmt.Fprintln(t)
	}
	if err := t.Flush(); err != nil {
		return 0, err
	}
	for _, column := range columns {
		failures += column.explain(w, cases)
	}
	return failures, nil
}

func (c Column) outcome(name string) Outcome {
	if v, ok := c.Verdicts[name]; ok {
		return v.Outcome
	}
	return NotRun
}

func (c Column) explain(w io.Writer, cases []*Case) (failures int) {
	if c.Skipped != "" {
		fmt.Fprintf(w, "\n%s: SKIPPED: %s\n", c.Language, c.Skipped)
		return 0
	}
	passed, notRun := 0, 0
	for _, one := range cases {
		v, ok := c.Verdicts[one.Name]
		if !ok { // the language broke, which is an error of its own
			notRun++
			continue
		}
		switch v.Outcome {
		case Passed:
			passed++
			continue
		case Failed:
			failures++
		case NotRun:
			notRun++
		}
		fmt.Fprintf(w, "\n%s: %s: %s\n  %s\n", c.Language, one.Name, v.Outcome, strings.Join(v.Reasons, "\n  "))
	}
	fmt.Fprintf(w, "\n%s: %d passed, %d failed, %d not run\n", c.Language, passed, failures, notRun)
	return failures
}
