package load

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Measure is a figure that is told as a distribution.
type Measure uint8

// The measures. Those from Stream on are of streams alone.
const (
	Latency  Measure = iota // of right answers, from when the operation or chunk was due: free of coordinated omission
	Service                 // the same from when it was really sent
	Lateness                // of the generator: from when it was due to when it was sent
	Failed                  // of what failed, from when it was due
	Stream                  // whole streams, from when they were due to their end
	Open                    // from when a stream was due until the server was ready for it
	First                   // from the first chunk due to the first output
	Final                   // from the close to the last answer
	measures
)

var measureNames = [measures]string{"latency", "service", "lateness", "failed", "stream", "open", "first", "final"}

// String is the name in reports and thresholds.
func (m Measure) String() string { return measureNames[m] }

// Measures gives all of them.
func Measures() []Measure {
	all := make([]Measure, measures)
	for i := range all {
		all[i] = Measure(i)
	}
	return all
}

// Counts are the numbers of a run. Units are operations, or the chunks of streams.
type Counts struct {
	Units      uint64 // answered, and right
	Late       uint64 // of these, those whose latency was above the deadline
	Failed     uint64 // units or streams that failed
	Streams    uint64 // whole streams that went well
	Unanswered uint64 // chunks that were sent, and whose stream then ended early
	Unstarted  uint64 // operations that were due, and weren't begun because too many were outstanding
	Canceled   uint64 // operations that were given up because the run was interrupted
	Warmup     uint64 // operations and chunks before the measurement began; they count nowhere else
	Retries    uint64 // attempts beyond the first
	Sent       uint64 // bytes of messages
	Received   uint64
}

func (c *Counts) add(o Counts) {
	c.Units += o.Units
	c.Late += o.Late
	c.Failed += o.Failed
	c.Streams += o.Streams
	c.Unanswered += o.Unanswered
	c.Unstarted += o.Unstarted
	c.Canceled += o.Canceled
	c.Warmup += o.Warmup
	c.Retries += o.Retries
	c.Sent += o.Sent
	c.Received += o.Received
}

// FailureCount is how often a class of failure came, with the message of the first.
type FailureCount struct {
	Class
	Count   uint64 `json:"count"`
	Example string `json:"example"`
}

// recorder holds what all workers measured.
type recorder struct {
	zero     time.Time // the measurement begins
	deadline time.Duration

	done, bad atomic.Uint64 // for the progress alone

	mu       sync.Mutex
	counts   Counts
	all      [measures]Histogram
	series   series
	failures map[Class]*FailureCount
	last     time.Duration // the last answer
}

func newRecorder(zero time.Time, deadline time.Duration) *recorder {
	return &recorder{zero: zero, deadline: deadline, failures: make(map[Class]*FailureCount), series: newSeries()}
}

// batch is how many samples a worker keeps before it hands them over, so that workers hardly ever meet at the lock.
const batch = 128

// sample is one measured time.
type sample struct {
	at      time.Duration // since the measurement began
	value   time.Duration
	measure Measure
	late    bool
}

// notes are what one worker measured and hasn't handed over. One goroutine uses them at a time.
type notes struct {
	into     *recorder
	samples  []sample
	counts   Counts
	failures map[Class]*FailureCount
}

func (r *recorder) notes() *notes { return &notes{into: r, samples: make([]sample, 0, batch)} }

// measured reports whether what was due at a time belongs to the measurement.
func (n *notes) measured(due time.Time) bool { return !due.Before(n.into.zero) }

func (n *notes) sample(m Measure, at time.Time, d time.Duration) {
	n.put(sample{at.Sub(n.into.zero), d, m, false})
}

func (n *notes) put(s sample) {
	n.samples = append(n.samples, s)
	if len(n.samples) == batch {
		n.flush()
	}
}

// unit counts a right answer.
func (n *notes) unit(due, began, done time.Time) {
	n.into.done.Add(1)
	if !n.measured(due) {
		n.counts.Warmup++
		return
	}
	at, latency := done.Sub(n.into.zero), done.Sub(due)
	late := n.into.deadline > 0 && latency > n.into.deadline
	if late {
		n.counts.Late++
	}
	n.counts.Units++
	n.put(sample{at, latency, Latency, late})
	n.put(sample{at, done.Sub(began), Service, false})
	n.put(sample{at, began.Sub(due), Lateness, false})
}

// fail counts a failure.
func (n *notes) fail(f *Failure, due, at time.Time) {
	n.into.bad.Add(1)
	if !n.measured(due) {
		n.counts.Warmup++
		return
	}
	n.counts.Failed++
	n.put(sample{at.Sub(n.into.zero), at.Sub(due), Failed, false})
	if n.failures == nil {
		n.failures = make(map[Class]*FailureCount)
	}
	count(n.failures, FailureCount{f.Class, 1, f.Message})
}

func count(into map[Class]*FailureCount, f FailureCount) {
	if have := into[f.Class]; have != nil {
		have.Count += f.Count
		return
	}
	into[f.Class] = &f
}

// flush hands everything over.
func (n *notes) flush() {
	r := n.into
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range n.samples {
		r.all[s.measure].record(s.value, digits)
		r.last = max(r.last, s.at)
		r.series.add(s)
	}
	r.counts.add(n.counts)
	for _, f := range n.failures {
		count(r.failures, *f)
	}
	n.samples, n.counts, n.failures = n.samples[:0], Counts{}, nil
}

// classes gives the failures, the most frequent first.
func (r *recorder) classes() []FailureCount {
	out := make([]FailureCount, 0, len(r.failures))
	for _, f := range r.failures {
		out = append(out, *f)
	}
	slices.SortFunc(out, func(a, b FailureCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.String(), b.String()))
	})
	return out
}
