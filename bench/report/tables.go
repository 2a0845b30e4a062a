package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/remotemedia/remotemedia-go/bench/document"
	"github.com/remotemedia/remotemedia-go/bench/measure"
	"github.com/remotemedia/remotemedia-go/bench/suite"
)

// group is a table: the scenarios of one mode and work.
type group struct {
	title, intro string
	mode         suite.Mode
	scenarios    []suite.Scenario
}

var intros = map[suite.Mode]string{
	suite.Unary:     "Calls in a closed loop of c workers, at most 10 connections.\n\n",
	suite.Ping:      "Chunks of c streams, each sent when the last was answered, at most 10 connections.\n\n",
	suite.Pipelined: "Chunks of c streams, up to 16 of a stream without their answer, at most 10 connections. The latency is that of a full pipe.\n\n",
	suite.Live:      "Chunks of c streams sent when they are due, whatever became of those before; latencies count from then. Late is an answer after the next chunk was due.\n\n",
	suite.Climb: fmt.Sprintf("Live streams, more and more of them (100, 200, 300, 400, 600), each number on a server that was started for it, until more than "+
		"%.1f %% of the chunks are late. The figures are those of the last number before that.\n\n", suite.MostLate),
	suite.Idle: "Streams that are opened and left alone for 15 s, each on its own connection.\n\n",
}

var titles = map[suite.Mode]string{
	suite.Unary: "Unary", suite.Ping: "Streams, one chunk at a time", suite.Pipelined: "Streams, pipelined", suite.Live: "Live streams",
	suite.Climb: "Live streams that are on time", suite.Idle: "Idle streams",
}

// groups sorts what was measured into tables, in the order of the suite.
func groups(cells []suite.Cell) []group {
	measured := make(map[string]bool)
	for _, c := range cells {
		measured[c.Scenario] = true
	}
	var all []group
	for _, s := range suite.Scenarios() {
		if !measured[s.Name()] {
			continue
		}
		title := titles[s.Mode] + ": " + s.Work
		at := slices.IndexFunc(all, func(g group) bool { return g.title == title })
		if at < 0 {
			all, at = append(all, group{title: title, intro: intros[s.Mode], mode: s.Mode}), len(all)
		}
		all[at].scenarios = append(all[at].scenarios, s)
	}
	return all
}

// column is a column of a table.
type column struct {
	head string
	of   func(s *Summary, scenario, subject string) string
}

func plain(head string, f figure) column {
	return column{head, func(s *Summary, scenario, subject string) string {
		return measure.Number(s.spread(scenario, subject, f).Median)
	}}
}

func spread(head string, f figure) column {
	return column{head, func(s *Summary, scenario, subject string) string { return s.spread(scenario, subject, f).String() }}
}

// against sets the service over each of the others.
func against(head string, f figure) column {
	return column{head, func(s *Summary, scenario, subject string) string {
		if subject == suite.Service {
			return ""
		}
		return s.ratio(scenario, suite.Service, subject, f).String()
	}}
}

func columns(mode suite.Mode) []column {
	switch mode {
	case suite.Idle:
		return []column{spread("RSS of a stream once left alone, KB", streamRSS), spread("right after opening, KB", openedRSS), plain("peak RSS, MB", peakRSS), against("service over it", streamRSS)}
	case suite.Climb:
		return []column{
			spread("streams on time", streams), spread("late, %", lateShare), spread("p99, us", p99), spread("server CPU of a chunk, us", serverCPU),
			spread("generator CPU of a chunk, us", ownCPU),
		}
	case suite.Live:
		return []column{
			spread("p50, us", p50), spread("p99, us", p99), plain("max, us", func(f suite.Figures) float64 { return f.Max }), spread("late, %", lateShare),
			plain("generator late, p99 us", func(f suite.Figures) float64 { return f.LatenessP99 }), spread("server CPU of a chunk, us", serverCPU),
			spread("generator CPU of a chunk, us", ownCPU), plain("server, cores", func(f suite.Figures) float64 { return f.ServerShare }), plain("generator, cores", func(f suite.Figures) float64 { return f.OwnShare }),
			plain("peak RSS, MB", peakRSS),
		}
	}
	return []column{
		spread("p50, us", p50), plain("p99, us", p99), spread("a second", rate), plain("server CPU, us", serverCPU), plain("peak RSS, MB", peakRSS),
		against("p50: service over it", p50), against("a second: service over it", rate),
	}
}

// table renders a group: a row for each server and concurrency, those of one concurrency together.
func (s *Summary) table(g group) string {
	all := columns(g.mode)
	t := document.Table{Head: []string{"c", "server"}}
	for _, c := range all {
		t.Head = append(t.Head, c.head)
	}
	for _, sc := range g.scenarios {
		concurrency := fmt.Sprint(sc.Concurrency)
		for _, subject := range sc.Subjects {
			if len(s.cells[sc.Name()][subject]) == 0 {
				continue
			}
			row := []string{concurrency, strings.ReplaceAll(subject, suite.Service, "**"+suite.Service+"**")}
			for _, c := range all {
				row = append(row, c.of(s, sc.Name(), subject))
			}
			t.Add(row...)
			concurrency = ""
		}
	}
	return t.String()
}
