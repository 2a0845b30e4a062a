package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/internal/load"
)

// benchReport tells the result of a load.
type benchReport struct {
	cmd      *benchCmd
	result   *load.Result
	verdicts []load.Verdict
	service  string // release, "" where it isn't known
}

// judge gives the exit code.
func (b *benchReport) judge() error {
	for _, v := range b.verdicts {
		if v.Breached {
			return toldError{ExitThreshold}
		}
	}
	r := b.result
	switch {
	case r.Units > 0 || r.Failed+r.Unstarted == 0:
		return nil
	case len(r.Failures) > 0 && (r.Failures[0].Origin == load.FromStatus || r.Failures[0].Origin == load.FromTransport):
		return fmt.Errorf("nothing was answered right: %w", fault.New(fault.CodeUnreachable, "%s", r.Failures[0].Example))
	}
	return errors.New("nothing was answered right")
}

// write writes all that was asked for.
func (b *benchReport) write(env *Env) error {
	c := b.cmd
	text := env.Stdout
	if c.JSON == stdio || c.Plot == stdio || c.HDR == stdio {
		text = env.Stderr
	}
	if !c.Quiet {
		b.print(text)
	}
	return errors.Join(
		writeTo(c.JSON, env, func(w io.Writer) error { return writeJSON(w, b.json()) }),
		writeTo(c.Plot, env, b.plot),
		writeTo(c.HDR, env, b.result.WriteHDR),
	)
}

// writeTo writes a file, nothing where there is no path. A file that can't be written in full doesn't stay.
func writeTo(path string, env *Env, write func(io.Writer) error) error {
	switch path {
	case "":
		return nil
	case stdio:
		return write(env.Stdout)
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := errors.Join(write(f), f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// benchJSON is the report with what only the command knows.
type benchJSON struct {
	load.Report
	Server  string `json:"target"`
	Service string `json:"service_version"`
}

func (b *benchReport) json() benchJSON {
	return benchJSON{b.result.Report(b.verdicts), b.cmd.Server, b.service}
}

// unit is what is counted, one of them.
func (b *benchReport) unit() string { return strings.TrimSuffix(b.result.Kind.String(), "s") }

func (b *benchReport) print(w io.Writer) {
	r := b.result
	fmt.Fprintf(w, "%s\n%s\n\n", b.title(), b.subtitle())
	if r.Concurrency > 0 {
		b.printCounts(w)
		b.printLatencies(w)
	}
	b.printFailures(w)
	b.printIdle(w)
	b.printUse(w)
	b.printMachine(w)
	b.printVerdicts(w)
	for _, text := range b.warnings() {
		fmt.Fprintf(w, "warning: %s\n", text)
	}
}

func (b *benchReport) title() string {
	text := fmt.Sprintf("%s on %s", b.result.Name, b.cmd.Server)
	if b.service != "" {
		text += ", service " + b.service
	}
	if b.result.Interrupted {
		text += ", interrupted"
	}
	return text
}

func (b *benchReport) subtitle() string {
	r := b.result
	if r.Concurrency == 0 {
		return fmt.Sprintf("idle streams only, held for %.1f s", r.Elapsed.Seconds())
	}
	loop := fmt.Sprintf("closed loop of %s", plural(int64(r.Concurrency), "worker"))
	if r.OpenLoop {
		loop = fmt.Sprintf("open loop of %.6g/s, at most %d at once", r.Asked, r.Concurrency)
	}
	what := "calls"
	switch {
	case b.cmd.Realtime && r.OpenLoop:
		what = "streams in real time"
	case b.cmd.Realtime:
		what, loop = "in real time", plural(int64(r.Concurrency), "stream")+" at once"
	case b.cmd.Stream:
		what = "streams"
	}
	return fmt.Sprintf("%s, %s, %s, %.1f s after a warm-up of %v", what, loop, plural(int64(r.Connections), "connection"), r.Elapsed.Seconds(), b.cmd.Warmup)
}

func (b *benchReport) printCounts(w io.Writer) {
	r, unit := b.result, b.result.Kind
	line := fmt.Sprintf("%.1f %s/s", r.Throughput(), unit)
	if r.Late > 0 {
		line += fmt.Sprintf(", in time %.1f/s", r.Goodput())
	}
	fmt.Fprintf(w, "throughput  %s; sent %s/s, received %s/s\n", line, b.bytesPerSecond(r.Sent), b.bytesPerSecond(r.Received))
	counts := []string{fmt.Sprintf("%d right", r.Units)}
	if r.Deadline > 0 {
		counts = append(counts, fmt.Sprintf("%d later than %v (%s)", r.Late, r.Deadline, percent(r.LateShare())))
	}
	counts = append(counts, fmt.Sprintf("%d failed (%s)", r.Failed, percent(r.ErrorShare())))
	for _, n := range []struct {
		count uint64
		what  string
	}{
		{r.Streams, "whole streams"}, {r.Unanswered, "unanswered"}, {r.Unstarted, "due but unstarted"}, {r.Retries, "retries"},
		{r.Canceled, "given up"}, {r.Warmup, "in the warm-up"},
	} {
		if n.count > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n.count, n.what))
		}
	}
	fmt.Fprintf(w, "%-11s %s\n\n", unit, strings.Join(counts, ", "))
}

func (b *benchReport) bytesPerSecond(n uint64) string {
	if b.result.Elapsed <= 0 {
		return size(0)
	}
	return size(uint64(float64(n) / b.result.Elapsed.Seconds()))
}

func percent(share float64) string { return fmt.Sprintf("%.4g%%", 100*share) }

func (b *benchReport) printLatencies(w io.Writer) {
	columns := []string{"time", "count", "min", "mean", "p50", "p90", "p95", "p99", "p99.9", "max"}
	t := newTable(w, columns...)
	rightAligned(t, columns[1:]...)
	rows := 0
	for _, m := range load.Measures() {
		h := b.result.Of(m)
		// In a closed loop of calls nothing is sent later than it is due.
		if h.Count() == 0 || !b.result.OpenLoop && !b.cmd.Realtime && (m == load.Service || m == load.Lateness) {
			continue
		}
		row := table.Row{m.String(), h.Count(), millis(h.Min()), millis(h.Mean())}
		for _, q := range []float64{0.5, 0.9, 0.95, 0.99, 0.999} {
			row = append(row, millis(h.Quantile(q)))
		}
		t.AppendRow(append(row, millis(h.Max())))
		rows++
	}
	if rows > 0 {
		t.Render()
		fmt.Fprintln(w)
	}
}

func (b *benchReport) printFailures(w io.Writer) {
	if len(b.result.Failures) == 0 {
		return
	}
	t := newTable(w, "failures", "origin", "status", "type", "code", "first message")
	rightAligned(t, "failures")
	for _, f := range b.result.Failures {
		t.AppendRow(table.Row{f.Count, f.Origin, orDash(f.Status), orDash(f.ErrorType), orDash(f.Code), oneLine(f.Example)})
	}
	t.Render()
	fmt.Fprintln(w)
}

// oneLine shortens a message for a table.
func oneLine(s string) string {
	const most = 110
	line := []rune(strings.Join(strings.Fields(s), " "))
	if len(line) > most {
		return string(line[:most]) + "..."
	}
	return string(line)
}

func (b *benchReport) printIdle(w io.Writer) {
	i := b.result.Idle
	if i == nil {
		return
	}
	fmt.Fprintf(w, "idle        %s on %s, opened in %s, %d lost", plural(int64(i.Streams), "stream"), plural(int64(i.Connections), "connection"), millis(i.Opening), i.Lost)
	if i.PerStream() > 0 {
		fmt.Fprintf(w, "; %s of the service's memory each", size(uint64(i.PerStream())))
	}
	fmt.Fprintln(w)
}

func (b *benchReport) printUse(w io.Writer) {
	r := b.result
	if r.Server != nil {
		fmt.Fprintf(w, "service     %s; memory %s at the start, %s at the end, %s at most\n",
			b.cpu(r.Server), size(r.Server.RSSFirst), size(r.Server.RSSLast), size(r.Server.RSSPeak))
	}
	if r.Generator.RSSLast > 0 {
		fmt.Fprintf(w, "generator   %s; memory %s\n", b.cpu(&r.Generator), size(r.Generator.RSSPeak))
	}
}

func (b *benchReport) cpu(u *load.Use) string {
	r := b.result
	text := fmt.Sprintf("%.2f s of CPU", u.CPU.Seconds())
	if r.Elapsed > 0 {
		text += fmt.Sprintf(", %.2f cores", u.CPU.Seconds()/r.Elapsed.Seconds())
	}
	if r.Units > 0 {
		text += fmt.Sprintf(", %.1f us a %s", float64(u.CPU.Nanoseconds())/float64(r.Units)/1000, b.unit())
	}
	return text
}

func (b *benchReport) printMachine(w io.Writer) {
	m := b.result.Machine
	fmt.Fprintf(w, "machine     %s, %d CPUs, GOMAXPROCS %d, %s, %s; load %.2f before and %.2f after; generator %s\n",
		orDash(m.CPU), m.CPUs, m.GOMAXPROCS, m.System, m.Go, b.result.LoadBefore, b.result.LoadAfter, m.Generator)
}

func (b *benchReport) printVerdicts(w io.Writer) {
	if len(b.verdicts) == 0 {
		return
	}
	fmt.Fprintln(w)
	t := newTable(w, "fails if", "value", "")
	for _, v := range b.verdicts {
		verdict := "ok"
		if v.Breached {
			verdict = "FAILED"
		}
		t.AppendRow(table.Row{v.Threshold, v, verdict})
	}
	t.Render()
}

// warnings tells what makes the figures less than they seem.
func (b *benchReport) warnings() (out []string) {
	r := b.result
	if p := r.Of(load.Lateness).Quantile(0.99); p > 2*time.Millisecond {
		out = append(out, fmt.Sprintf("the generator itself was late by %s at p99: it is short of CPU, and the latencies are its own too", millis(p)))
	}
	if r.Unstarted > 0 {
		out = append(out, fmt.Sprintf("%d of %d that were due weren't begun (%s): the latencies don't count them; --outstanding lets more wait",
			r.Unstarted, r.Unstarted+r.Attempted(), percent(r.UnstartedShare())))
	}
	if m := r.Machine; r.LoadBefore > float64(m.CPUs) && m.CPUs > 0 {
		out = append(out, fmt.Sprintf("the machine was busy before the run: load %.2f on %d CPUs", r.LoadBefore, m.CPUs))
	}
	return out
}
