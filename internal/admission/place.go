package admission

import (
	"cmp"
	"container/list"
	"context"
	"time"
)

// Place is the right of one unary call to be served. A nil Place is that of a service without admission: its methods do
// nothing. It is used by one goroutine.
type Place struct {
	c        *Controller
	tenant   *tenant
	deadline time.Time
	entered  time.Time
	coming   *list.Element // in Controller.coming
	counted  bool          // in the backlog
	left     bool

	ended           <-chan struct{} // the caller's context; nil: it has no end
	wanted          bool            // a slot, with its body there
	denied          bool            // that
	waited          bool            // in a node, with the slot given back
	atEntry, atSlot promise
}

// Enter gives a call its place, after a wait in the queue where there is none, or refuses it. Only the context's end and
// deadline are used. The error is a *fault.Error of the code CodeOverloaded, or the context's own. Leave must be called.
func (c *Controller) Enter(ctx context.Context, tenantName string) (*Place, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.tenant(tenantName)
	defer c.forget(t)
	deadline, strict := c.deadline(ctx, now)
	promise, r := c.early(t, now, deadline, strict)
	if r != nil {
		return nil, c.refuse(t, *r)
	}
	if c.places >= c.options.Places || c.waiting[forPlace].n > 0 {
		if err := c.queueForPlace(ctx, t, now, deadline, strict); err != nil {
			return nil, err
		}
		c.options.Observer.Waited(StagePlace, time.Since(now))
	} else {
		c.take(t)
		c.options.Observer.Waited(StagePlace, 0)
	}
	c.counts.admitted++
	p := &Place{c: c, tenant: t, deadline: deadline, entered: time.Now(), ended: ctx.Done(), atEntry: promise}
	c.expect(p)
	return p, nil
}

// deadline is when a call must be served: by its own deadline, which is then strict, or before it has waited too long.
func (c *Controller) deadline(ctx context.Context, now time.Time) (at time.Time, strict bool) {
	at = now.Add(c.options.MaxWait)
	if own, ok := ctx.Deadline(); ok && own.Before(at) {
		return own, true
	}
	return at, false
}

// queueForPlace waits for a place, with the lock given back meanwhile. On success the place has been taken.
func (c *Controller) queueForPlace(ctx context.Context, t *tenant, now, deadline time.Time, strict bool) error {
	if c.waiting[forPlace].n >= c.options.Queue && !c.displace(t) {
		return c.refuse(t, refusal{ReasonFull, "queue_size", c.waiting[forPlace].n, c.options.Queue, c.placeWait(t)})
	}
	w := c.wait(t, forPlace, deadline, strict)
	c.checkQueue(now)
	c.dispatchPlaces(now)
	err := c.await(ctx, w)
	c.checkQueue(time.Now())
	if err != nil && w.index < 0 && w.refusal == nil { // it got its place at the moment it gave up
		c.leavePlace(t)
	}
	return err
}

// await waits until a waiter has been decided about, with the lock given back meanwhile. On an error of the context, or when
// the wait took too long, the waiter may have got what it waited for nevertheless: then it is in no list and has no refusal.
func (c *Controller) await(ctx context.Context, w *waiter) error {
	c.mu.Unlock()
	timer := time.NewTimer(time.Until(w.deadline))
	var gone, late bool
	select {
	case <-w.ready:
	case <-ctx.Done():
		gone = true
	case <-timer.C:
		late = true
	}
	timer.Stop()
	c.mu.Lock()
	switch {
	case w.refusal != nil:
		return c.refuse(w.tenant, *w.refusal)
	case gone:
		c.giveUp(w)
		return context.Cause(ctx)
	case late && c.giveUp(w):
		if w.strict {
			return context.DeadlineExceeded
		}
		return c.refuse(w.tenant, refusal{ReasonWait, "max_wait", c.options.MaxWait, c.options.MaxWait, c.options.MaxWait})
	}
	return nil
}

// giveUp takes a waiter out. It reports false where it was decided about already.
func (c *Controller) giveUp(w *waiter) bool {
	if !c.leave(w) {
		return false
	}
	w.refusal = &refusal{}
	return true
}

// displace makes room in a full queue for a tenant that has less in it than another: the other's last one is refused.
func (c *Controller) displace(t *tenant) bool {
	var most *tenant
	for other := range c.waiting[forPlace].tenants {
		if most == nil || cmp.Or(cmp.Compare(len(other.waiting[forPlace]), len(most.waiting[forPlace])), cmp.Compare(most.name, other.name)) > 0 {
			most = other
		}
	}
	if most == nil || len(most.waiting[forPlace]) <= len(t.waiting[forPlace])+1 {
		return false
	}
	c.decide(most.last(forPlace), &refusal{ReasonDisplaced, "queue_size", c.waiting[forPlace].n, c.options.Queue, c.placeWait(most)})
	return true
}

func (c *Controller) take(t *tenant) {
	c.places++
	t.places++
}

func (c *Controller) leavePlace(t *tenant) {
	c.places--
	t.places--
	c.dispatchPlaces(time.Now())
}

// dispatchPlaces gives free places to those who wait: to the tenant that has the fewest first.
func (c *Controller) dispatchPlaces(now time.Time) {
	for c.places < c.options.Places {
		w := c.head(forPlace, func(a, b *tenant) int { return cmp.Compare(a.places, b.places) })
		if w == nil {
			return
		}
		if r := c.tooLate(w, now); r != nil {
			c.decide(w, r)
			continue
		}
		c.take(w.tenant)
		c.decide(w, nil)
	}
}

// Leave gives the place back. It may be called more than once.
func (p *Place) Leave() {
	if p == nil || p.left {
		return
	}
	p.left = true
	c := p.c
	c.mu.Lock()
	defer c.mu.Unlock()
	c.arrived(p)
	c.uncount(p)
	now := time.Now()
	p.judge(now)
	c.holding.add(now.Sub(p.entered))
	c.leavePlace(p.tenant)
	c.checkQueue(now)
	c.forget(p.tenant)
}
