package report

import (
	"fmt"

	"github.com/remotemedia/remotemedia-go/bench/measure"
	"github.com/remotemedia/remotemedia-go/bench/suite"
)

func scenario(mode suite.Mode, work string, concurrency int) string {
	return (&suite.Scenario{Mode: mode, Work: work, Concurrency: concurrency}).Name()
}

// Goals are the goals for the transport, and for the transport and the resampler together, beside what was measured. Cores is the
// number of those that servers and generator share.
func (s *Summary) Goals(cores int) []measure.Verdict {
	var all []measure.Verdict
	for _, group := range [][]measure.Verdict{
		s.unaryGoals(cores), s.referenceGoals(), s.streamGoals(), s.liveGoals(cores), s.memoryGoals(),
	} {
		all = append(all, group...)
	}
	return all
}

const (
	pass1     = "pass 1 s"
	resample1 = "resample 1 s"
	chunks    = "pass, 4096"
	resampled = "resample, 4096"
	live100   = "resample+VAD, 100 ms"
	live20    = "16 to 8 kHz+VAD, 20 ms"
	mostLive  = 600
	idle      = "pass, 20 ms"
)

func (s *Summary) unaryGoals(cores int) []measure.Verdict {
	one := scenario(suite.Unary, resample1, 1)
	floor := combine(func(v ...float64) float64 { return v[0] + v[1] }, s.rounds(one, suite.OneCopy, p50), s.rounds(one, suite.Kernel, p50))
	tail := combine(func(v ...float64) float64 { return v[0] / v[1] }, s.rounds(one, suite.Service, p99), s.rounds(one, suite.Service, p50))
	all := []measure.Verdict{
		{What: "resample 1 s, c=1: p50 over that of echo + kernel", Figure: measure.Ratio(s.rounds(one, suite.Service, p50), floor), Limit: 1.10},
		{What: "resample 1 s, c=1: p99 over p50", Figure: measure.Values(tail), Limit: 2.5},
	}
	for _, c := range []int{10, 100} {
		all = append(all,
			measure.Verdict{
				What: fmt.Sprintf("resample 1 s, c=%d: calls a second over what echo CPU + kernel CPU allow", c), Figure: s.ofAllowed(cores, c),
				Limit: 0.85, Least: true,
			},
			measure.Verdict{
				What:   fmt.Sprintf("pass 1 s, c=%d: calls a second over those of the echo", c),
				Figure: s.ratio(scenario(suite.Unary, pass1, c), suite.Service, suite.OneCopy, rate), Limit: 0.85, Least: true,
			})
	}
	return all
}

// ofAllowed is the service's rate of resampling over what the echo's rate would be if each of its calls took the kernel's time too.
func (s *Summary) ofAllowed(cores, concurrency int) measure.Spread {
	at := scenario(suite.Unary, resample1, concurrency)
	allowed := combine(func(v ...float64) float64 {
		echo, kernel := 1/v[0], v[1]/1e6
		return 1 / (echo + kernel/float64(cores))
	}, s.rounds(at, suite.OneCopy, rate), s.rounds(scenario(suite.Unary, resample1, 1), suite.Kernel, p50))
	return measure.Ratio(s.rounds(at, suite.Service, rate), allowed)
}

func (s *Summary) streamGoals() []measure.Verdict {
	all := []measure.Verdict{{
		What: "stream, 4096, pass-through: p50 of a ping over that of the echo", Limit: 1.15,
		Figure: s.ratio(scenario(suite.Ping, chunks, 1), suite.Service, suite.OneCopy, p50),
	}}
	for _, c := range []int{1, 10, 100, 1000} {
		all = append(all, measure.Verdict{
			What:   fmt.Sprintf("stream, 4096, pass-through, %d: chunks a second over those of the echo", c),
			Figure: s.ratio(scenario(suite.Pipelined, chunks, c), suite.Service, suite.OneCopy, rate), Limit: 0.85, Least: true,
		})
	}
	return all
}

func (s *Summary) liveGoals(cores int) []measure.Verdict {
	hundred, thousand := scenario(suite.Live, live100, 100), scenario(suite.Live, live20, 1000)
	ms := func(f suite.Figures) float64 { return f.P99 / 1000 }
	all := []measure.Verdict{
		{What: "100 live streams, 100 ms, resample + VAD: p99", Figure: s.spread(hundred, suite.Service, ms), Limit: 5, Unit: "ms"},
		{What: "100 live streams, 100 ms, resample + VAD: late", Figure: s.spread(hundred, suite.Service, lateShare), Limit: 0, Unit: "%"},
		{What: "1,000 live streams at 16 kHz, 20 ms, resample + VAD: late", Figure: s.spread(thousand, suite.Service, lateShare), Limit: 0.1, Unit: "%"},
		{What: "1,000 live streams at 16 kHz, 20 ms: server CPU of a chunk", Figure: s.spread(thousand, suite.Service, serverCPU), Limit: 20, Unit: "us"},
	}
	return append(all, s.liveControls(thousand, cores)...)
}

// liveControls tell what a server without work, and the generator, take under the load of so many live streams, and how many streams each does.
func (s *Summary) liveControls(at string, cores int) []measure.Verdict {
	told := func(what string, figure measure.Spread, unit, note string) measure.Verdict {
		return measure.Verdict{What: "- " + what, Figure: figure, Unit: unit, Told: true, Note: note}
	}
	all := []measure.Verdict{
		told("the echo in place of the service: late", s.spread(at, suite.OneCopy, lateShare), "%", ""),
		told("the echo in place of the service: server CPU of a chunk", s.spread(at, suite.OneCopy, serverCPU), "us", "what the transport alone takes"),
	}
	for _, subject := range []struct{ name, is string }{{"service", suite.Service}, {"echo", suite.OneCopy}} {
		all = append(all,
			told("the generator beside the "+subject.name+": its CPU of a chunk", s.spread(at, subject.is, ownCPU), "us", "on the same cores"),
			told("the "+subject.name+" and the generator: cores for 50,000 such chunks a second", measure.Values(s.coresOf(at, subject.is, 50_000)), "",
				fmt.Sprintf("there are %d; chunks that wait for each other go together and are cheaper than those on time", cores)))
	}
	most := scenario(suite.Climb, live20, mostLive)
	for _, subject := range []string{suite.Service, suite.OneCopy} {
		all = append(all, told("live streams at 16 kHz, 20 ms, on time, of 100, 200, 300, 400, 600: "+subject, s.spread(most, subject, streams), "",
			fmt.Sprintf("at most %s %% late; the first number that isn't ends the search", measure.Number(suite.MostLate))))
	}
	return all
}

// coresOf is how many cores so many chunks a second would keep busy, at what each takes of server and generator.
func (s *Summary) coresOf(at, subject string, chunks float64) map[int]float64 {
	return combine(func(v ...float64) float64 { return (v[0] + v[1]) * chunks / 1e6 }, s.rounds(at, subject, serverCPU), s.rounds(at, subject, ownCPU))
}

func (s *Summary) memoryGoals() []measure.Verdict {
	many, most := scenario(suite.Idle, idle, 1000), scenario(suite.Idle, idle, 9900)
	growth := func(f suite.Figures) float64 { return (f.PeakRSS - f.BaseRSS) / 100 }
	flat := combine(func(v ...float64) float64 { return v[0] / v[1] }, s.rounds(most, suite.Service, streamRSS), s.rounds(many, suite.Service, streamRSS))
	return []measure.Verdict{
		{What: "an idle stream on its own connection, of 1,000", Figure: s.spread(many, suite.Service, streamRSS), Limit: 40, Unit: "KB"},
		{What: "- right after opening", Figure: s.spread(many, suite.Service, openedRSS), Unit: "KB", Told: true, Note: "the goal is 15 s later"},
		{What: "- the echo in place of the service: an idle stream, of 1,000", Figure: s.spread(many, suite.OneCopy, streamRSS), Unit: "KB", Told: true},
		{What: "an idle stream, of 1,000, TLS", Figure: s.spread(many, suite.Secure, streamRSS), Limit: 80, Unit: "KB"},
		{What: "an idle stream of 9,900 over one of 1,000", Figure: measure.Values(flat), Limit: 1.1},
		{What: "memory of one of 100 executions in flight, resample 1 s", Figure: s.spread(scenario(suite.Unary, resample1, 100), suite.Service, growth), Limit: 1, Unit: "MB"},
		{What: "peak RSS, pass 1 s, c=1000", Figure: s.spread(scenario(suite.Unary, pass1, 1000), suite.Service, peakRSS), Limit: 600, Unit: "MB"},
	}
}
