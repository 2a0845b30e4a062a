// Package report makes tables and verdicts of what a run has measured.
package report

import (
	"github.com/remotemedia/remotemedia-go/bench/measure"
	"github.com/remotemedia/remotemedia-go/bench/suite"
)

// figure is one of the figures of a measurement.
type figure func(suite.Figures) float64

func p50(f suite.Figures) float64       { return f.P50 }
func p99(f suite.Figures) float64       { return f.P99 }
func rate(f suite.Figures) float64      { return f.Rate }
func serverCPU(f suite.Figures) float64 { return f.ServerCPU }
func peakRSS(f suite.Figures) float64   { return f.PeakRSS }
func streamRSS(f suite.Figures) float64 { return f.StreamRSS }
func openedRSS(f suite.Figures) float64 { return f.OpenedRSS }
func lateShare(f suite.Figures) float64 { return f.LateShare() }
func ownCPU(f suite.Figures) float64    { return f.OwnCPU }
func streams(f suite.Figures) float64   { return float64(f.Streams) }

// Summary has the cells of a run by scenario, subject and round. Measurements that failed aren't in it.
type Summary struct {
	cells map[string]map[string]map[int]suite.Figures
	bad   []suite.Cell // that failed, or had wrong answers
}

// Summarise sorts the cells of a run.
func Summarise(cells []suite.Cell) *Summary {
	s := &Summary{cells: make(map[string]map[string]map[int]suite.Figures)}
	for _, c := range cells {
		if c.Skipped != "" || c.Failed > 0 {
			s.bad = append(s.bad, c)
		}
		if c.Skipped != "" {
			continue
		}
		if s.cells[c.Scenario] == nil {
			s.cells[c.Scenario] = make(map[string]map[int]suite.Figures)
		}
		if s.cells[c.Scenario][c.Subject] == nil {
			s.cells[c.Scenario][c.Subject] = make(map[int]suite.Figures)
		}
		s.cells[c.Scenario][c.Subject][c.Round] = c.Figures
	}
	return s
}

// rounds gives one figure, by round.
func (s *Summary) rounds(scenario, subject string, f figure) map[int]float64 {
	out := make(map[int]float64)
	for round, cell := range s.cells[scenario][subject] {
		out[round] = f(cell)
	}
	return out
}

func (s *Summary) spread(scenario, subject string, f figure) measure.Spread {
	return measure.Values(s.rounds(scenario, subject, f))
}

// ratio sets a figure of one subject over that of another, round by round.
func (s *Summary) ratio(scenario, over, under string, f figure) measure.Spread {
	return measure.Ratio(s.rounds(scenario, over, f), s.rounds(scenario, under, f))
}

// combine computes a figure of each round from those of several subjects; a round that lacks one is left out.
func combine(f func(values ...float64) float64, figures ...map[int]float64) map[int]float64 {
	out := make(map[int]float64)
	for round := range figures[0] {
		values := make([]float64, 0, len(figures))
		for _, one := range figures {
			if v, ok := one[round]; ok {
				values = append(values, v)
			}
		}
		if len(values) == len(figures) {
			out[round] = f(values...)
		}
	}
	return out
}
