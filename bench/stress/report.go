package stress

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/remotemedia/remotemedia-go/bench/document"
	"github.com/remotemedia/remotemedia-go/bench/measure"
	"github.com/remotemedia/remotemedia-go/internal/machine"
)

// Check is one thing that had to hold.
type Check struct {
	Row    string  `json:"row"` // of the requirements that it proves
	What   string  `json:"what"`
	Got    float64 `json:"got"`
	Limit  float64 `json:"limit"`
	AtMost bool    `json:"at_most"` // otherwise at least
	Unit   string  `json:"unit"`
	Note   string  `json:"note,omitempty"`
	Told   bool    `json:"told,omitempty"` // nothing is required: it is beside what is, to compare with
}

// Pass reports whether it held; what is only told always does.
func (c Check) Pass() bool {
	if c.Told {
		return true
	}
	if c.AtMost {
		return c.Got <= c.Limit
	}
	return c.Got >= c.Limit
}

// Margin is how far it is on the right side of its limit, as a share of the limit; negative where it failed. Where the limit is 0 there is none,
// and what is beyond is beyond by all of it.
func (c Check) Margin() float64 {
	beyond := c.Limit - c.Got
	if !c.AtMost {
		beyond = -beyond
	}
	switch {
	case c.Limit != 0:
		return beyond / math.Abs(c.Limit)
	case beyond < 0:
		return -1
	}
	return 0
}

func (c Check) value(v float64) string {
	if c.Unit == "%" {
		return fmt.Sprintf("%.4g %%", v)
	}
	return strings.TrimSpace(measure.Number(v) + " " + c.Unit)
}

func (c Check) cells() []string {
	if c.Told {
		return []string{c.Row, c.What, c.value(c.Got), "", "", "told", c.Note}
	}
	sign, verdict := "≥", "pass"
	if c.AtMost {
		sign = "≤"
	}
	if !c.Pass() {
		verdict = "**FAIL**"
	}
	return []string{c.Row, c.What, c.value(c.Got), sign + " " + c.value(c.Limit), fmt.Sprintf("%+.0f %%", 100*c.Margin()), verdict, c.Note}
}

// Report is what a program measured.
type Report struct {
	Title   string              `json:"title"`
	Command string              `json:"command"`
	Date    string              `json:"date"`
	Version string              `json:"version"`
	Machine machine.Description `json:"machine"`
	Loads   [2]float64          `json:"load_averages"`  // before and after
	Void    []string            `json:"void,omitempty"` // why the figures count for nothing; empty: they count
	Facts   []Fact              `json:"facts"`
	Checks  []Check             `json:"checks"`
	Notes   []string            `json:"notes,omitempty"`
}

// Fact is a figure that others depend on.
type Fact struct{ What, Value string }

// NewReport begins a report. Where the machine has more to do than it has cores before anything is begun, the figures count for nothing.
func NewReport(title, command, version string) *Report {
	r := &Report{
		Title: title, Command: command, Version: version, Date: time.Now().UTC().Format(time.DateOnly), Machine: machine.Describe(),
		Loads: [2]float64{machine.Load(), -1},
	}
	if r.Loads[0] > float64(r.Machine.Cores) {
		r.Invalid("the load average was %.1f before anything was begun: the machine did other work, too", r.Loads[0])
	}
	return r
}

// Fact notes a figure.
func (r *Report) Fact(what, format string, args ...any) {
	r.Facts = append(r.Facts, Fact{what, fmt.Sprintf(format, args...)})
}

// AtMost notes what must not be more than a limit.
func (r *Report) AtMost(row, what string, got, limit float64, unit, note string) {
	r.Checks = append(r.Checks, Check{Row: row, What: what, Got: got, Limit: limit, AtMost: true, Unit: unit, Note: note})
}

// AtLeast notes what must not be less than a limit.
func (r *Report) AtLeast(row, what string, got, limit float64, unit, note string) {
	r.Checks = append(r.Checks, Check{Row: row, What: what, Got: got, Limit: limit, Unit: unit, Note: note})
}

// Tell notes a figure beside those of which something is required.
func (r *Report) Tell(row, what string, got float64, unit, note string) {
	r.Checks = append(r.Checks, Check{Row: row, What: what, Got: got, Unit: unit, Note: note, Told: true})
}

// Invalid notes why the figures count for nothing.
func (r *Report) Invalid(format string, args ...any) {
	r.Void = append(r.Void, fmt.Sprintf(format, args...))
}

// Failed counts the checks that didn't hold.
func (r *Report) Failed() (n int) {
	for _, c := range r.Checks {
		if !c.Pass() {
			n++
		}
	}
	return n
}

// Markdown renders the report.
func (r *Report) Markdown() string {
	var b strings.Builder
	m := r.Machine
	fmt.Fprintf(&b, "# %s\n\nWritten by `%s` on %s, version %s. %d cores of %s, %s, %s; load average %.1f before, %.1f after.\n\n",
		r.Title, r.Command, r.Date, r.Version, m.Cores, m.Processor, m.System, m.Go, r.Loads[0], r.Loads[1])
	for _, why := range r.Void {
		fmt.Fprintf(&b, "**Void:** %s\n\n", why)
	}
	facts := document.Table{Head: []string{"measured", ""}}
	for _, f := range r.Facts {
		facts.Add(f.What, f.Value)
	}
	checks := document.Table{Head: []string{"row", "what", "got", "required", "margin", "", "note"}}
	for _, c := range r.Checks {
		checks.Add(c.cells()...)
	}
	fmt.Fprintf(&b, "%s\n%s\n", facts.String(), checks.String())
	for _, n := range r.Notes {
		fmt.Fprintf(&b, "%s\n\n", n)
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// Write writes the report as a text and, beside it, as JSON.
func (r *Report) Write(markdown, data string) error {
	r.Loads[1] = machine.Load()
	if err := document.WriteFile(markdown, []byte(r.Markdown())); err != nil {
		return err
	}
	text, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	return document.WriteFile(data, append(text, '\n'))
}
