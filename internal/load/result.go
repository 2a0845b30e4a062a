package load

import (
	"runtime"
	"time"

	"github.com/remotemedia/remotemedia-go/internal/machine"
	"github.com/remotemedia/remotemedia-go/version"
)

// Result is what a run measured. It is complete when [Run] has returned, and then safe for concurrent reading.
type Result struct {
	Name        string
	Kind        Kind
	OpenLoop    bool
	Began       time.Time     // of the measurement, after the warm-up
	Elapsed     time.Duration // from there to the last answer, at least as long as operations were begun
	Interrupted bool
	Deadline    time.Duration // that of the configuration
	Connections int
	Concurrency int     // workers, or the most operations at once of an open loop
	Asked       float64 // operations a second that an open loop was to begin, on average; 0 in a closed loop

	Counts
	Failures []FailureCount // by class, the most frequent first
	Series   []Interval

	Server    *Use // nil where no process was told
	Generator Use
	Idle      *IdleResult // nil where there were none

	Machine               Machine
	LoadBefore, LoadAfter float64 // average of runnable tasks over a minute; 0 where it isn't known

	all [measures]Histogram
}

// Machine is what the generator ran on. With a server on the same one, they share it.
type Machine struct {
	CPU        string // model, "" where it isn't known
	CPUs       int
	GOMAXPROCS int
	System     string // operating system and architecture
	Go         string // version that the generator was built with
	Generator  string // version of the generator
}

// loadAverage is that of the last minute, 0 where it isn't known.
func loadAverage() float64 { return max(machine.Load(), 0) }

func thisMachine() Machine {
	return Machine{
		CPU: machine.Processor(), CPUs: runtime.NumCPU(), GOMAXPROCS: runtime.GOMAXPROCS(0),
		System: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(), Generator: version.Runtime,
	}
}

func newResult(c *Config) *Result {
	r := &Result{
		Name: c.Name, OpenLoop: c.open(), Deadline: c.Deadline, Machine: thisMachine(), LoadBefore: loadAverage(),
		Connections: c.Connections, Concurrency: c.setup().Concurrency,
	}
	if c.Workload != nil {
		r.Kind = c.Workload.Kind()
	} else {
		r.Connections, r.Concurrency = 0, 0
	}
	plan := newSchedule(c.Arrivals, 0)
	if plan.length > 0 {
		r.Asked = plan.total / plan.length.Seconds()
	}
	return r
}

// finish takes over what was measured.
func (r *Result) finish(from *run, m *meter) {
	rec := from.rec
	r.Began, r.Elapsed = rec.zero, max(rec.last, from.planned())
	if now := time.Since(rec.zero); r.Elapsed > now { // it ended before its time
		r.Elapsed = max(now, 0)
	}
	r.Counts, r.Failures, r.Series, r.all = rec.counts, rec.classes(), rec.series.parts, rec.all
	r.Server, r.Generator, r.LoadAfter = m.server, m.own, loadAverage()
	if from.idle != nil {
		r.Idle = from.idle.end()
	}
}

// planned is how long operations are begun in the measurement; 0 where only their number is given.
func (r *run) planned() time.Duration {
	if r.open() {
		return newSchedule(r.Arrivals, 0).length
	}
	return r.Duration
}

// Of gives the distribution of a measure.
func (r *Result) Of(m Measure) Histogram { return r.all[m] }

// Throughput is right answers a second.
func (r *Result) Throughput() float64 { return r.perSecond(r.Units) }

// Goodput is right answers within the deadline a second.
func (r *Result) Goodput() float64 { return r.perSecond(r.Units - r.Late) }

func (r *Result) perSecond(n uint64) float64 {
	if r.Elapsed <= 0 {
		return 0
	}
	return float64(n) / r.Elapsed.Seconds()
}

// Attempted is how many units have ended in the measurement, well or not.
func (r *Result) Attempted() uint64 { return r.Units + r.Failed }

// ErrorShare is the share of failures, 0 to 1.
func (r *Result) ErrorShare() float64 { return share(r.Failed, r.Attempted()) }

// LateShare is the share of right answers that missed the deadline, 0 to 1.
func (r *Result) LateShare() float64 { return share(r.Late, r.Units) }

// UnstartedShare is the share of what was due that wasn't begun, 0 to 1.
func (r *Result) UnstartedShare() float64 { return share(r.Unstarted, r.Attempted()+r.Unstarted) }

func share(part, whole uint64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// CPUPerUnit is the server's CPU time for a right answer; 0 where no process was told.
func (r *Result) CPUPerUnit() time.Duration { return perUnit(r.Server, r.Units) }

// GeneratorCPUPerUnit is that of the generator.
func (r *Result) GeneratorCPUPerUnit() time.Duration { return perUnit(&r.Generator, r.Units) }

func perUnit(u *Use, units uint64) time.Duration {
	if u == nil || units == 0 {
		return 0
	}
	return u.CPU / time.Duration(units)
}
