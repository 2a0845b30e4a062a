package report

import (
	"fmt"

	"github.com/remotemedia/remotemedia-go/bench/measure"
	"github.com/remotemedia/remotemedia-go/bench/suite"
)

// compared is a goal that sets the service beside a figure that was measured once, of a server that isn't part of this project: see
// Reference.
type compared struct {
	what      string
	scenario  string
	of        figure
	reference float64
	limit     float64
	least     bool
	speed     *speed // nil where no echo was loaded alike on the other machine
}

// speed tells how fast this machine is, by an echo that was measured on the other machine too.
type speed struct {
	scenario string
	of       figure
	there    float64 // the same figure on the other machine
	time     bool    // it is a time, not a rate
}

var (
	callSpeed      = &speed{scenario(suite.Unary, resample1, 10), rate, echoCalls10, false}
	pingSpeed      = &speed{scenario(suite.Ping, chunks, 1), p50, echoPing, true}
	pipelinedSpeed = &speed{scenario(suite.Pipelined, chunks, 100), rate, echoChunks100, false}
)

// comparisons are all of them, in the order of the table.
func comparisons() []compared {
	ten := scenario(suite.Unary, resample1, 10)
	all := []compared{
		{"resample 1 s, c=10: calls a second over the newest Rust service", ten, rate, rustResample10, 6, true, callSpeed},
		{"resample 1 s, c=10: p50 over the newest Rust service", ten, p50, rustResample10P50, 1.0 / 5, false, callSpeed},
		{"resample 1 s, c=10: calls a second over the repaired Python service", ten, rate, pythonResample10, 4, true, callSpeed},
		{"resample 1 s, c=10: p50 over the repaired Python service", ten, p50, pythonResample10P50, 1.0 / 4, false, callSpeed},
	}
	for _, at := range []struct {
		c         int
		reference float64
		speed     *speed
	}{{1, rustStream1, pingSpeed}, {10, rustStream10, nil}, {100, rustStream100, pipelinedSpeed}} {
		what := fmt.Sprintf("stream, 4096, resample, %d: chunks a second over the newest Rust service", at.c)
		all = append(all, compared{what, scenario(suite.Ping, resampled, at.c), rate, at.reference, 1.5, true, at.speed})
	}
	for _, at := range []struct {
		c         int
		reference float64
	}{{1, rustCalculator1}, {10, rustCalculator10}} {
		what := fmt.Sprintf("calculator, c=%d: calls a second over the newest Rust service", at.c)
		all = append(all, compared{what, scenario(suite.Unary, "calculator", at.c), rate, at.reference, 1.5, true, nil})
	}
	return all
}

// referenceGoals are the comparisons, each with its controls: the same scaled by the speed of this machine, and the echo in place of the service.
func (s *Summary) referenceGoals() (all []measure.Verdict) {
	for _, c := range comparisons() {
		all = append(all, s.goal(c))
		if c.speed != nil {
			all = append(all, s.scaled(c))
		}
		all = append(all, measure.Verdict{
			What: "- the echo in place of the service: " + c.what, Figure: s.over(c, suite.OneCopy), Told: true,
			Note: "what the transport alone gets here",
		})
	}
	return all
}

// over is the figure of a server over that of the reference.
func (s *Summary) over(c compared, subject string) measure.Spread {
	return measure.Values(combine(func(v ...float64) float64 { return v[0] / c.reference }, s.rounds(c.scenario, subject, c.of)))
}

func (s *Summary) goal(c compared) measure.Verdict {
	note := fmt.Sprintf("reference: %s a second", measure.Number(c.reference))
	if !c.least {
		note = fmt.Sprintf("reference: %s ms", measure.Number(c.reference/1000))
	}
	return measure.Verdict{What: c.what, Figure: s.over(c, suite.Service), Limit: c.limit, Least: c.least, Note: note}
}

// scaled is the goal's figure as it would be if the other servers were slower here by as much as the echo is.
func (s *Summary) scaled(c compared) measure.Verdict {
	here := s.speeds(c.speed)
	figure := combine(func(v ...float64) float64 {
		if c.least {
			return v[0] / (c.reference * v[1])
		}
		return v[0] / (c.reference / v[1])
	}, s.rounds(c.scenario, suite.Service, c.of), here)
	return measure.Verdict{
		What: "- scaled by the speed of this machine: " + c.what, Figure: measure.Values(figure), Told: true,
		Note: fmt.Sprintf("speed: %s, by the echo of %q", measure.Values(here), c.speed.scenario),
	}
}

// speeds gives the speed of this machine over that of the other one, by round.
func (s *Summary) speeds(by *speed) map[int]float64 {
	return combine(func(v ...float64) float64 {
		if by.time {
			return by.there / v[0]
		}
		return v[0] / by.there
	}, s.rounds(by.scenario, suite.OneCopy, by.of))
}
