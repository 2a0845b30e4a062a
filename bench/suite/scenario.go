package suite

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Mode is how the servers of a scenario are loaded.
type Mode string

// The modes.
const (
	Unary     Mode = "unary"     // calls, each worker one after another
	Ping      Mode = "ping"      // chunks of streams, each after the answer to the last
	Pipelined Mode = "pipelined" // chunks of streams, a number of them without their answer
	Live      Mode = "live"      // chunks of streams in real time
	Climb     Mode = "climb"     // the same, of more and more streams until they are late
	Idle      Mode = "idle"      // streams that are only open, each on its own connection
)

// live says that chunks are sent when they are due.
func (m Mode) live() bool { return m == Live || m == Climb }

// Scenario is one thing that is measured on several servers.
type Scenario struct {
	Mode        Mode
	Work        string // a call or a stream of package work
	Concurrency int    // workers, or streams; of a climb the most that are tried
	Subjects    []string
}

// Name names the scenario in reports and in the state of a run.
func (s *Scenario) Name() string { return fmt.Sprintf("%s, %s, %d", s.Mode, s.Work, s.Concurrency) }

func slug(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, name)
}

// window is how many chunks are without their answer in a pipelined stream.
const window = 16

// connections is how many the workers share: what a client's pool has.
func (s *Scenario) connections() int { return min(s.Concurrency, 10) }

var (
	floors = []string{Raw, NoOp, OneCopy, Default}
	peers  = []string{Python, Rust}
)

// Scenarios are all of a full run.
func Scenarios() []Scenario {
	var all []Scenario
	add := func(mode Mode, work string, concurrency []int, subjects ...[]string) {
		for _, c := range concurrency {
			all = append(all, Scenario{mode, work, c, able(mode, c, slices.Concat(subjects...))})
		}
	}
	whole := []int{1, 10, 100, 1000}
	ours := []string{Service}
	add(Unary, "pass 1 s", whole, ours, []string{Quiet}, floors, peers)
	add(Unary, "resample 1 s", whole, ours, []string{Quiet, Kernel}, floors, peers)
	add(Unary, "resample+VAD 1 s", whole, ours, []string{OneCopy})
	add(Unary, "calculator", whole, ours, []string{Quiet, OneCopy}, peers)
	for _, work := range []string{"pass 10 s", "resample 10 s", "resample+VAD 10 s"} {
		add(Unary, work, []int{1, 10, 100}, ours, []string{OneCopy})
	}
	add(Ping, "pass, 4096", []int{1}, ours, floors, peers)
	add(Ping, "pass, 20 ms", []int{1}, ours, []string{OneCopy}, peers)
	add(Pipelined, "pass, 4096", whole, ours, floors, peers)
	add(Pipelined, "pass, 20 ms", []int{1, 100}, ours, []string{OneCopy}, peers)
	add(Ping, "resample, 4096", []int{1, 10, 100}, ours, []string{OneCopy}, peers)
	add(Ping, "resample, 20 ms", []int{1, 100}, ours, peers)
	add(Pipelined, "resample, 4096", []int{1, 10, 100, 1000}, ours, peers)
	add(Pipelined, "resample+VAD, 20 ms", []int{1, 100}, ours)
	add(Live, "resample+VAD, 100 ms", []int{100}, ours)
	add(Live, "16 to 8 kHz+VAD, 20 ms", []int{1000}, ours, []string{OneCopy})
	add(Climb, "16 to 8 kHz+VAD, 20 ms", []int{600}, ours, []string{OneCopy})
	add(Idle, "pass, 20 ms", []int{1000}, ours, []string{Secure, OneCopy, Rust})
	add(Idle, "pass, 20 ms", []int{9900}, ours, []string{OneCopy})
	return all
}

// able leaves out the servers that can't be loaded so: the Python server holds a thread for each stream and has 128, and the
// kernel is one call at a time.
func able(mode Mode, concurrency int, subjects []string) []string {
	return slices.DeleteFunc(subjects, func(name string) bool {
		switch name {
		case Python:
			return mode == Unary && concurrency > 10 || mode != Unary && concurrency > 100
		case Kernel:
			return concurrency > 1
		case Quiet:
			return concurrency > 10 // enough to tell what the log costs
		}
		return false
	})
}

// Scale says how long a run takes.
type Scale struct {
	Name    string
	Rounds  int
	Measure time.Duration // of most scenarios
	Live    time.Duration // of those in real time
	Rest    time.Duration // for which idle streams are left alone: a service is to give back what opening them took
	Once    int           // rounds of scenarios that take long
	Count   int           // calls of a worker, or chunks of a stream, in place of a time; 0: as many as there is time for
	keep    func(*Scenario) bool
}

// Scales by name.
var Scales = map[string]Scale{
	"full": {Name: "full", Rounds: 5, Measure: 500 * time.Millisecond, Live: 5 * time.Second, Rest: 15 * time.Second, Once: 2},
	"quick": {Name: "quick", Rounds: 3, Measure: 250 * time.Millisecond, Live: 3 * time.Second, Once: 1, keep: func(s *Scenario) bool {
		return s.Concurrency <= 10 && !s.long() && s.Mode != Idle || s.Mode.live()
	}},
}

// Pick gives the scenarios of a scale, with the subjects that are there.
func (sc Scale) Pick(all []Scenario, there func(subject string) bool) []Scenario {
	var out []Scenario
	for _, s := range all {
		s.Subjects = slices.DeleteFunc(slices.Clone(s.Subjects), func(name string) bool { return !there(name) })
		if (sc.keep == nil || sc.keep(&s)) && len(s.Subjects) > 0 {
			out = append(out, s)
		}
	}
	return out
}

// long says that a call takes ten times as long as others.
func (s *Scenario) long() bool { return strings.Contains(s.Work, "10 s") }

// rounds is how often a scenario is measured.
func (sc Scale) rounds(s *Scenario) int {
	if s.Mode == Idle || s.Mode == Climb || s.Mode == Live && s.Concurrency >= 1000 {
		return min(sc.Once, sc.Rounds)
	}
	return sc.Rounds
}

// length is how long a scenario is measured, and loaded before.
func (sc Scale) length(s *Scenario) (measure, warmup time.Duration) {
	switch {
	case sc.Count > 0:
		return sc.Measure, 0
	case s.Mode == Live:
		return sc.Live, sc.Live / 5
	case s.Mode == Climb: // each number of streams
		return sc.Live * 2 / 5, sc.Live / 10
	case s.Mode == Idle:
		return max(sc.Rest, sc.Measure), 0
	case s.Concurrency >= 1000:
		// Several times as long as a call waits for its turn.
		return 4 * sc.Measure, sc.Measure
	case s.long():
		return 2 * sc.Measure, sc.Measure
	}
	return sc.Measure, sc.Measure / 2
}
