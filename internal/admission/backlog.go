package admission

import (
	"container/list"
	"time"
)

// estimate is a moving mean of recent durations; 0 as long as nothing is known.
type estimate struct{ mean time.Duration }

func (e *estimate) add(d time.Duration) {
	const share = 8 // of the newest; one that is longer than so many means counts for so many
	if e.mean == 0 {
		e.mean = d
		return
	}
	e.mean += (min(d, share*e.mean) - e.mean) / share
}

// comers are the calls whose body is on its way, oldest first. A slow sender holds a place and may never compute: it counts
// for the backlog for a time only. That is long, because where processors are short bodies are read slowly, too; those that
// can be kept on their way by senders of bad will are few in it, as each of them holds a place until the body's own timeout.
type comers struct{ list list.List }

// expect counts a call whose body is on its way.
func (c *Controller) expect(p *Place) {
	c.count(p)
	p.coming = c.coming.list.PushBack(p)
}

// arrived takes a call out of those whose body is on its way.
func (c *Controller) arrived(p *Place) {
	if p.coming != nil {
		c.coming.list.Remove(p.coming)
		p.coming = nil
	}
}

// passOver no longer counts the calls whose body takes longer than usual.
func (c *Controller) passOver(now time.Time) {
	const least, times = time.Second, 4
	usual := max(least, times*c.arriving.mean)
	for e := c.coming.list.Front(); e != nil; e = c.coming.list.Front() {
		p := e.Value.(*Place)
		if now.Sub(p.entered) <= usual {
			return
		}
		c.arrived(p)
		c.uncount(p)
	}
}

func (c *Controller) count(p *Place) {
	if !p.counted {
		p.counted = true
		c.backlog++
		p.tenant.backlog++
	}
}

func (c *Controller) uncount(p *Place) {
	if p.counted {
		p.counted = false
		c.backlog--
		p.tenant.backlog--
	}
}

// early refuses a call that has no chance, or that is too much, and tells what is promised for one that it lets in. It takes nothing.
func (c *Controller) early(t *tenant, now, deadline time.Time, strict bool) (promise, *refusal) {
	c.passOver(now)
	if r := c.shedding(t); r != nil {
		return promise{}, r
	}
	left, wait := deadline.Sub(now), c.slotWait(t)
	if target := c.target(); c.pressure.on(now) && wait > target && !c.modest(t) {
		c.pressure.refused(now)
		return promise{}, &refusal{ReasonBacklog, "backlog", wait, target, target}
	}
	p := c.promised(strict, left, wait+c.reserve())
	switch {
	case wait <= c.service.mean: // nothing is before it: whatever others took, it is worth a try
		wait = 0
	case strict:
		wait += c.reserve()
	default:
		wait -= c.service.mean // it may begin late, but take its time
	}
	if c.places >= c.options.Places {
		wait = max(wait, c.placeWait(t))
	}
	if wait <= left {
		return p, nil
	}
	if left > c.target() && c.tooMuch() {
		c.pressure.refused(now)
	}
	if strict {
		return promise{}, &refusal{ReasonLate, "deadline", wait, left, wait}
	}
	return promise{}, &refusal{ReasonWait, "max_wait", wait, left, wait}
}

// tooLate refuses a waiter that won't be done before its deadline, where another can use its turn. Where nobody else waits it gets a
// try: it may take less than others did.
func (c *Controller) tooLate(w *waiter, now time.Time) *refusal {
	if others := c.waiting[w.list].n > 1; !w.strict || !others {
		return nil
	}
	need, left := c.computing(), w.deadline.Sub(now)
	if w.list == forPlace {
		need = c.service.mean + c.reserve()
	}
	if need <= left {
		return nil
	}
	return &refusal{ReasonLate, "deadline", need, left, c.service.mean}
}

// target is the longest wait for the processors while more comes than can be served: enough work to keep them busy, and no
// more, so that what is accepted is answered nearly as fast as ever.
func (c *Controller) target() time.Duration {
	const least, times = 2 * time.Millisecond, 10
	return max(least, times*c.service.mean)
}

// tooMuch reports whether all that waits is more than the processors get done in the target.
func (c *Controller) tooMuch() bool {
	return time.Duration(c.pending())*c.service.mean/time.Duration(c.options.Slots) > c.target()
}

// trifle is the part of the places that may wait for one at any time: clients that call again and again, as many as there are
// places, are sometimes a little ahead of the places that they give back.
const trifle = 10

// pressure tells overload, which goes on until less comes, from a burst, which passes. It is overload when a call must be
// refused because the processors won't get to it in time, or when the queue for places has been long for a while because
// of the processors, rather than of nodes that wait. As many calls as there are places for aren't overload by themselves.
type pressure struct {
	since time.Time // the queue has been long; zero: it isn't
	until time.Time // it is overload
}

const (
	burstTime    = 100 * time.Millisecond // a queue in use for so long is more than a burst
	pressureTime = time.Second            // overload ends when nothing was refused for so long
)

func (p *pressure) on(now time.Time) bool { return now.Before(p.until) }

func (p *pressure) refused(now time.Time) { p.until = now.Add(pressureTime) }

// checkPressure finds out whether the queue in use is overload, and then refuses those in it that wait for the processors.
func (c *Controller) checkPressure(now time.Time) {
	switch {
	case c.waiting[forPlace].n <= c.options.Places/trifle:
		c.pressure.since = time.Time{}
		return
	case c.pressure.since.IsZero():
		c.pressure.since = now
	}
	if now.Sub(c.pressure.since) < burstTime || c.backlog < c.options.Slots || !c.tooMuch() {
		return
	}
	c.pressure.refused(now)
	for t := range c.waiting[forPlace].tenants {
		for len(t.waiting[forPlace]) > 0 && c.slotWait(t) > c.target() && !c.modest(t) {
			wait := c.slotWait(t)
			c.decide(t.last(forPlace), &refusal{ReasonBacklog, "backlog", wait, c.target(), c.target()})
		}
	}
}
