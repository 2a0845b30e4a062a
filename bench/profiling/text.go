package profiling

import (
	"fmt"
	"strings"

	"github.com/remotemedia/remotemedia-go/bench/document"
	"github.com/remotemedia/remotemedia-go/bench/measure"
)

// Short is the excerpt for RESULTS.md: how the CPU time of each target spreads, and what it allocates.
func Short(all []Taken) string {
	var b strings.Builder
	table := document.Table{Head: []string{"part of the CPU time, %"}}
	columns := make([]map[string]float64, 0, len(all))
	order := []string{}
	seen := make(map[string]bool)
	for _, t := range all {
		table.Head = append(table.Head, t.Name)
		column := make(map[string]float64)
		for _, s := range Shares(t.CPU, Index(t.CPU, "cpu")) {
			column[s.Layer] = s.Part
			if !seen[s.Layer] {
				seen[s.Layer] = true
				order = append(order, s.Layer)
			}
		}
		columns = append(columns, column)
	}
	for _, name := range order {
		row := []string{name}
		for _, c := range columns {
			row = append(row, fmt.Sprintf("%.0f", 100*c[name]))
		}
		table.Add(row...)
	}
	table.Add(figures("calls or chunks a second", all, func(t *Taken) float64 { return t.Rate })...)
	table.Add(figures("allocations each", all, func(t *Taken) float64 { return perUnit(t, "alloc_objects") })...)
	table.Add(figures("KB allocated each", all, func(t *Taken) float64 { return perUnit(t, "alloc_space") / 1e3 })...)
	b.WriteString(table.String())
	for i := range all {
		b.WriteString("\n" + all[i].who())
	}
	return b.String()
}

func figures(name string, all []Taken, f func(*Taken) float64) []string {
	row := []string{name}
	for i := range all {
		row = append(row, measure.Number(f(&all[i])))
	}
	return row
}

// perUnit is what a call or a chunk allocates, as the runtime's samples estimate it.
func perUnit(t *Taken, value string) float64 {
	at := Index(t.Alloc, value)
	if t.Units == 0 || at < 0 {
		return 0
	}
	return float64(Total(t.Alloc, at)) / t.Units
}

// who names the functions that most CPU time, outside of the runtime, falls to.
func (t *Taken) who() string {
	const lines = 8
	parts := make([]string, 0, lines)
	for _, l := range Top(t.CPU, Index(t.CPU, "cpu"), lines, true) {
		parts = append(parts, fmt.Sprintf("`%s` %.0f %%", shorten(l.Function), 100*l.Part))
	}
	return fmt.Sprintf("%s, by who asked for it: %s.\n", t.Name, strings.Join(parts, ", "))
}

// shorten leaves away what all names have.
func shorten(function string) string {
	function = strings.TrimPrefix(function, module)
	function = strings.Replace(function, "google.golang.org/grpc", "grpc", 1)
	return strings.Replace(function, "google.golang.org/protobuf", "protobuf", 1)
}

// Long is the table of a target for its own file.
func (t *Taken) Long() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %.0f %ss a second, %.1f allocations and %.1f KB of each\n", t.Name, t.Rate, t.Unit, perUnit(t, "alloc_objects"), perUnit(t, "alloc_space")/1e3)
	if at := Index(t.CPU, "cpu"); at >= 0 {
		fmt.Fprintf(&b, "\nCPU by part\n")
		for _, s := range Shares(t.CPU, at) {
			fmt.Fprintf(&b, "%6.1f %%  %s\n", 100*s.Part, s.Layer)
		}
		b.WriteString(lines("CPU by function", Top(t.CPU, at, 30, false), 1e6, "ms"))
		b.WriteString(lines("CPU by who asked for it", Top(t.CPU, at, 30, true), 1e6, "ms"))
	}
	if at := Index(t.Alloc, "alloc_space"); at >= 0 {
		b.WriteString(lines("bytes allocated, by who asked for them", Top(t.Alloc, at, 25, true), 1e3, "KB"))
	}
	if at := Index(t.Alloc, "alloc_objects"); at >= 0 {
		b.WriteString(lines("allocations, by who asked for them", Top(t.Alloc, at, 25, true), 1, ""))
	}
	if at := Index(t.Block, "delay"); at >= 0 {
		b.WriteString(lines("waiting for channels, locks and conditions", Top(t.Block, at, 20, true), 1e6, "ms"))
	}
	if at := Index(t.Mutex, "delay"); at >= 0 {
		b.WriteString(lines("held locks that others waited for", Top(t.Mutex, at, 20, true), 1e6, "ms"))
	}
	return b.String()
}

func lines(title string, all []Line, unit float64, name string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s\n", title)
	for _, l := range all {
		fmt.Fprintf(&b, "%6.1f %%  %12.1f %s  %s\n", 100*l.Part, float64(l.Value)/unit, name, l.Function)
	}
	return b.String()
}

// File is the name of the file for Long.
func (t *Taken) File() string { return slug(t.Name) + ".txt" }
