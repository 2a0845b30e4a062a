package admission

import "time"

// margin is how much more than estimated something takes in all but a few cases of a thousand. It is learnt by stochastic approximation of
// a quantile (Robbins and Monro, 1951): with a step s and a wanted part m of promises that aren't kept,
//
//	level += s (1 - m)  after one that wasn't,
//	level -= s m        after one that was, though only just,
//
// which comes to rest where the part is m. It keeps no samples, and follows the load when that changes. The level is in units of the time
// that a call takes by itself, so that what was learnt holds for slower and faster calls, too.
type margin struct{ level float64 }

const (
	unkept     = 0.003 // m
	marginStep = 0.5   // s
	firstLevel = 2     // of a new controller: it learns that less is enough at less cost than that more is needed
)

// of is the margin in time. It has a bound, as callers may break promises by going early.
func (m *margin) of(unit, most time.Duration) time.Duration {
	return min(time.Duration(m.level*float64(unit)), most)
}

func (m *margin) learn(kept bool, unit, most time.Duration) {
	if kept {
		m.level = max(0, m.level-marginStep*unkept)
		return
	}
	m.level += marginStep * (1 - unkept)
	if unit > 0 {
		m.level = min(m.level, float64(most)/float64(unit))
	}
}

// promise is that a call will be done before its deadline. Its zero value isn't one and teaches nothing.
type promise struct {
	made   bool // there seemed to be time enough. Else the call was let in because nobody was before it
	narrow bool // only just enough, or too little
}

// promised compares the time that is left with the time that is needed. What has far more time than it would wait even in overload isn't
// narrow, whatever is before it, and needs no margin.
func (c *Controller) promised(strict bool, left, need time.Duration) promise {
	const more = 2 // calls that might have been before it, too
	if !strict || left > 2*c.target() {
		return promise{}
	}
	return promise{made: left >= need, narrow: left < need+more*c.service.mean}
}

// settle learns from what became of a promise. That something failed which wasn't promised says nothing.
func (c *Controller) settle(m *margin, p promise, kept bool, unit time.Duration) {
	if kept && p.narrow || !kept && p.made {
		m.learn(kept, unit, c.target())
	}
}

// own is what a call takes by itself: for its body to arrive, and to compute.
func (c *Controller) own() time.Duration { return c.service.mean + c.arriving.mean }

// reserve is the margin of a call that comes, for all that is between its headers and its answer.
func (c *Controller) reserve() time.Duration { return c.entry.of(c.own(), c.target()) }

// computing is what a call takes that gets its slot, with a margin.
func (c *Controller) computing() time.Duration {
	return c.service.mean + c.spread.of(c.service.mean, c.target())
}

// judge finds out whether what was promised for a call that leaves was kept. It wasn't when the caller has gone: its clock began before ours, by
// the way of the headers, which is learnt in this way. Nor was it when the answer is ready at the last moment: it is written by processors that
// compute the next call by then, and has its own way. A call whose body didn't come, or whose nodes waited for something, teaches nothing.
func (p *Place) judge(now time.Time) {
	if !p.wanted || p.waited {
		return
	}
	answer := min(p.c.service.mean*3/2, p.deadline.Sub(p.entered)/3)
	kept := !p.denied && !p.gone() && now.Add(answer).Before(p.deadline)
	p.c.settle(&p.c.entry, p.atEntry, kept, p.c.own())
	p.c.settle(&p.c.spread, p.atSlot, kept, p.c.service.mean)
}

// gone reports whether the caller has gone, or its time is up.
func (p *Place) gone() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}
