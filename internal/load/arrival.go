package load

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// Arrivals say when operations begin in an open loop, whatever became of those before. The zero value means a closed loop:
// each worker begins when its operation before is done.
type Arrivals struct {
	Stages  []Stage // one after another
	Poisson bool    // at random, as independent callers do; otherwise evenly
}

// Stage is a time in which the rate goes evenly from one value to another, in operations a second.
type Stage struct {
	From, To float64
	For      time.Duration
}

// Rate makes arrivals of a constant rate.
func Rate(perSecond float64, d time.Duration) Arrivals {
	return Arrivals{Stages: []Stage{{perSecond, perSecond, d}}}
}

func (a Arrivals) check() error {
	for i, s := range a.Stages {
		switch {
		case !(s.From >= 0 && s.To >= 0) || math.IsInf(s.From+s.To, 0) || s.From+s.To == 0:
			return fmt.Errorf("stage %d goes from %v to %v operations a second: expected finite rates, not both 0", i+1, s.From, s.To)
		case s.For <= 0:
			return fmt.Errorf("stage %d lasts %v: expected more than 0", i+1, s.For)
		}
	}
	return nil
}

// count is how many operations a stage has, on average.
func (s Stage) count() float64 { return (s.From + s.To) / 2 * s.For.Seconds() }

// at is the time within the stage by which n operations have arrived; n is at most count. With rates r0 and r1 over a time T
// that is the root of r0 t + (r1-r0)/2T t^2 = n, in the form that doesn't cancel.
func (s Stage) at(n float64) time.Duration {
	slope := (s.To - s.From) / s.For.Seconds()
	root := math.Sqrt(max(0, s.From*s.From+2*slope*n))
	if s.From+root == 0 {
		return 0
	}
	return time.Duration(2 * n / (s.From + root) * float64(time.Second))
}

// schedule gives the arrivals one by one.
type schedule struct {
	stages []Stage
	random *rand.Rand // nil: evenly
	began  time.Duration
	passed float64 // operations of the stages before
	next   float64 // the next operation, on the scale on which they come one by one
	total  float64
	length time.Duration
}

func newSchedule(a Arrivals, seed uint64) *schedule {
	s := &schedule{stages: a.Stages}
	for _, stage := range a.Stages {
		s.total += stage.count()
		s.length += stage.For
	}
	if a.Poisson {
		s.random = rand.New(rand.NewPCG(seed, seed))
		s.next = s.random.ExpFloat64()
	}
	return s
}

// pop gives the next arrival, as a time from the start; ok is false when there are no more.
func (s *schedule) pop() (at time.Duration, ok bool) {
	const rounding = 1e-9
	for len(s.stages) > 0 {
		stage := s.stages[0]
		if n := s.next - s.passed; n < stage.count()-rounding {
			s.step()
			return s.began + stage.at(n), true
		}
		s.passed += stage.count()
		s.began += stage.For
		s.stages = s.stages[1:]
	}
	return 0, false
}

func (s *schedule) step() {
	if s.random != nil {
		s.next += s.random.ExpFloat64()
	} else {
		s.next++
	}
}

// rest is how many operations are left, on average.
func (s *schedule) rest() uint64 { return uint64(max(0, math.Ceil(s.total-s.next))) }
