package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/remotemedia/remotemedia-go/bench/document"
	"github.com/remotemedia/remotemedia-go/bench/measure"
	"github.com/remotemedia/remotemedia-go/bench/suite"
)

// Text is the generated part of RESULTS.md.
func Text(state *suite.State) string {
	s := Summarise(state.Cells)
	var b strings.Builder
	b.WriteString(head(state))
	b.WriteString("\n### Goals\n\n" + goalsIntro)
	b.WriteString(goalsTable(s.Goals(state.Header.Machine.Cores)))
	for _, g := range groups(state.Cells) {
		fmt.Fprintf(&b, "\n### %s\n\n%s%s", g.title, g.intro, s.table(g))
	}
	b.WriteString("\n### Reference figures\n\n" + Reference)
	if len(s.bad) > 0 {
		b.WriteString("\n### What went wrong\n\n" + badTable(s.bad))
	}
	return b.String()
}

const goalsIntro = `"Echo" is grpc-go with the service's codec, which answers with bytes made before; "kernel" is the resampler alone on one core. A ratio is that of figures of the
same round, the median of all rounds and [least..most].

Goals "over the newest Rust service" and "over the repaired Python service" set this run beside figures of another, faster machine ([below](#reference-figures)).
Rows that begin with "-" are controls of the goal above them. They are told and not judged, and none of them is the goal itself. "Scaled by the speed of this
machine" multiplies the reference by the speed that this run's echo (one-copy codec) has of the same echo on the reference machine, as if those servers were slower
here by just as much; it is there only where such an echo was measured there: calls of 177 KB at c=10, the ping of one stream, and pipelined chunks of 100 streams.
"The echo in place of the service" is what a server that does no work at all gets here, over the reference as it is: where that misses the goal, the transport on
this machine does. The live streams have the echo under the same load in the same rounds, and what the generator takes beside both.

`

func goalsTable(goals []measure.Verdict) string {
	t := document.Table{Head: []string{"goal", "asked for", "measured", "met", "margin", ""}}
	for _, g := range goals {
		result := g.Result()
		if result == "no" {
			result = "**no**"
		}
		t.Add(g.What, g.Demand(), g.Shown(), result, g.Margin(), g.Note)
	}
	return t.String()
}

func head(state *suite.State) string {
	h, m := state.Header, state.Header.Machine
	first, last := state.Cells[0], state.Cells[len(state.Cells)-1]
	least, most := loads(state.Cells)
	versions := make([]string, 0, len(h.Versions))
	for _, v := range h.Versions {
		versions = append(versions, v.Name+" "+v.Version)
	}
	how := "make bench"
	if h.Scale != "full" {
		how = "BENCH_QUICK=1 make bench"
	}
	text := fmt.Sprintf("Made by `%s` at revision %s, from %s to %s, on %d cores of %s, %.0f GB, %s, Linux %s, `ulimit -n` %d. Servers and generator share the cores. "+
		"The load average of the machine was %.1f to %.1f before a measurement and as high as %.1f after one; the run itself makes about %d of it.\n\nVersions: %s.\n",
		how, h.Commit, first.At.Format("2006-01-02 15:04"), last.At.Format("15:04 MST"), m.Cores, m.Processor, m.MemoryGB, m.System, m.Kernel, m.OpenFiles,
		least, most, mostAfter(state.Cells), m.Cores, strings.Join(versions, ", "))
	for _, missing := range h.Missing {
		text += "\nNot measured: " + missing + ".\n"
	}
	if m.OpenFiles > 0 && m.OpenFiles < 10500 {
		text += fmt.Sprintf("\n`ulimit -n` caps the connections at about %d: scenarios with more of them fail.\n", m.OpenFiles)
	}
	return text
}

func loads(cells []suite.Cell) (least, most float64) {
	least = cells[0].LoadBefore
	for _, c := range cells {
		least, most = min(least, c.LoadBefore), max(most, c.LoadBefore)
	}
	return least, most
}

func mostAfter(cells []suite.Cell) (most float64) {
	for _, c := range cells {
		most = max(most, c.LoadAfter)
	}
	return most
}

func badTable(bad []suite.Cell) string {
	t := document.Table{Head: []string{"scenario", "server", "round", "wrong", "of", ""}}
	for _, c := range bad {
		why := c.Skipped
		if why == "" {
			classes := make([]string, 0, len(c.Errors))
			for class, n := range c.Errors {
				classes = append(classes, fmt.Sprintf("%s: %d", class, n))
			}
			slices.Sort(classes)
			why = strings.Join(classes, "; ") + "; " + c.Example
		}
		why, _, _ = strings.Cut(why, "\n")
		t.Add(c.Scenario, c.Subject, fmt.Sprint(c.Round+1), fmt.Sprint(c.Failed), fmt.Sprint(c.Failed+c.Units), why)
	}
	return t.String()
}
