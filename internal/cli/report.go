package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/media"
)

// report is what run tells of an execution.
type report struct {
	Pipeline string                       `json:"pipeline"`
	Server   string                       `json:"server,omitempty"`
	Request  string                       `json:"request_id,omitempty"`
	Status   media.Status                 `json:"status"`
	Wall     float64                      `json:"wall_time_ms"`
	Busy     float64                      `json:"busy_time_ms"`
	Memory   uint64                       `json:"memory_bytes"`
	Nodes    []nodeReport                 `json:"nodes"`
	Audio    map[string]*audioReport      `json:"audio_outputs"`
	Data     map[string][]json.RawMessage `json:"data_outputs"`
	Items    map[string]int64             `json:"data_items"`
	Segments map[string][]segment         `json:"segments"`
	Warnings []string                     `json:"warnings"`
}

type nodeReport struct {
	ID       string         `json:"id"`
	Type     string         `json:"type"`
	Status   media.Status   `json:"status"`
	Time     float64        `json:"time_ms"`
	Samples  uint64         `json:"samples"`
	ItemsIn  uint64         `json:"items_in"`
	ItemsOut uint64         `json:"items_out"`
	Memory   uint64         `json:"memory_bytes"`
	Custom   map[string]any `json:"custom,omitempty"`
}

type audioReport struct {
	Path       string  `json:"path,omitempty"`
	SampleRate int     `json:"sample_rate"`
	Channels   int     `json:"channels"`
	Format     string  `json:"format"`
	Frames     int64   `json:"frames"`
	Duration   float64 `json:"duration_s"`

	format audio.Format
}

// inMillis rounds down to microseconds.
func inMillis(d time.Duration) float64 {
	if d > 0 {
		d = max(d, time.Microsecond) // a coarse clock saw nothing of it
	}
	return float64(d.Microseconds()) / 1000
}

func newReport(name, server string, result *media.Result, o *outputs) *report {
	r := &report{
		Pipeline: name, Server: server, Request: result.RequestID, Status: result.Status,
		Wall: inMillis(result.Metrics.Wall), Busy: inMillis(result.Metrics.Busy), Memory: result.Metrics.PeakMemory,
		Audio: make(map[string]*audioReport), Data: o.data, Items: o.items, Segments: make(map[string][]segment),
		Warnings: append([]string{}, result.Warnings...),
	}
	for _, n := range result.Nodes {
		r.Nodes = append(r.Nodes, nodeReport{
			ID: n.ID, Type: n.Type, Status: n.Status, Time: inMillis(n.Time), Samples: n.Samples,
			ItemsIn: n.ItemsIn, ItemsOut: n.ItemsOut, Memory: n.Memory, Custom: n.Custom,
		})
	}
	r.addOutputs(o)
	r.Warnings = append(r.Warnings, o.warnings()...)
	return r
}

func (r *report) addOutputs(o *outputs) {
	for _, s := range slices.Concat(o.sinks, slices.Collect(maps.Values(o.uncalled))) {
		if gave := s.report(); gave != nil {
			r.Audio[s.node] = gave
		}
	}
	for id, t := range o.segments {
		r.Segments[id] = t.done
		if t.dropped > 0 {
			r.Warnings = append(r.Warnings, fmt.Sprintf("node %q: %d more segments aren't listed", id, t.dropped))
		}
	}
}

// print writes the report for people.
func (r *report) print(w io.Writer) {
	where := ""
	if r.Server != "" {
		where = " on " + r.Server
	}
	fmt.Fprintf(w, "pipeline %s: %s%s in %s, peak memory %s\n\n", r.Pipeline, r.Status, where, millis(fromMillis(r.Wall)), size(r.Memory))
	r.printNodes(w)
	for _, id := range slices.Sorted(maps.Keys(r.Segments)) {
		printSegments(w, id, r.Segments[id])
	}
	r.printOutputs(w)
	r.printWarnings(w)
}

func (r *report) printWarnings(w io.Writer) {
	for _, text := range r.Warnings {
		fmt.Fprintf(w, "warning: %s\n", text)
	}
}

func fromMillis(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

func (r *report) printNodes(w io.Writer) {
	t := newTable(w, "node", "type", "status", "time", "samples", "in", "out", "memory")
	rightAligned(t, "time", "samples", "in", "out", "memory")
	for _, n := range r.Nodes {
		t.AppendRow(table.Row{n.ID, n.Type, n.Status, millis(fromMillis(n.Time)), n.Samples, n.ItemsIn, n.ItemsOut, size(n.Memory)})
	}
	t.Render()
}

func printSegments(w io.Writer, node string, list []segment) {
	fmt.Fprintf(w, "\nspeech at node %s\n", node)
	t := newTable(w, "segment", "start", "end", "length")
	rightAligned(t, "segment", "start", "end", "length")
	for i, s := range list {
		t.AppendRow(table.Row{i + 1, inSeconds(s.Start), inSeconds(s.End), inSeconds(s.End - s.Start)})
	}
	t.Render()
}

func inSeconds(s float64) string { return fmt.Sprintf("%.2f s", s) }

func (r *report) printOutputs(w io.Writer) {
	fmt.Fprintln(w)
	for _, id := range slices.Sorted(maps.Keys(r.Audio)) {
		a := r.Audio[id]
		where := "not written (-o PATH does)"
		if a.Path != "" {
			where = a.Path
		}
		fmt.Fprintf(w, "audio of %s: %s (%s, %s)\n", id, where, describe(a.format), inSeconds(a.Duration))
	}
	for _, id := range slices.Sorted(maps.Keys(r.Items)) {
		fmt.Fprintf(w, "data of %s: %s%s\n", id, plural(r.Items[id], "item"), brieflyData(r.Data[id]))
	}
}

// brieflyData shows data in a line, as far as it fits there; --json and --events have it all.
func brieflyData(items []json.RawMessage) string {
	const most = 100
	if len(items) == 0 {
		return ""
	}
	texts := make([]string, 0, len(items))
	for _, item := range items {
		texts = append(texts, string(item))
	}
	line := []rune(": " + strings.Join(texts, ", "))
	if len(line) > most {
		return string(line[:most]) + "..."
	}
	return string(line)
}
