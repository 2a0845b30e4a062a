package admission

import (
	"context"
	"time"
)

// Slot is a share of the processors that one call or chunk holds while it computes. A nil Slot is that of a service
// without admission: it does nothing. Release may be called while another goroutine is in Yield or GiveWay.
type Slot struct {
	c      *Controller
	tenant *tenant
	place  *Place // nil: of a chunk
	list   int
	due    time.Time

	state   slotState     // this and what follows is guarded by the controller's lock
	since   time.Time     // it computes
	before  time.Duration // what it has computed before that in the same turn, which pauses don't end
	busy    time.Duration // in the turns before
	waiting *waiter       // while it waits to compute again
}

type slotState uint8

const (
	computing slotState = iota
	yielded
	returning // it waits to compute again
	paused    // it does so in the middle of a turn, having given way
	released
)

// Compute gives the call a slot, after a wait where there is none. The error is a *fault.Error of the code CodeOverloaded, or
// the context's own. Release must be called.
func (p *Place) Compute(ctx context.Context) (*Slot, error) {
	if p == nil {
		return nil, nil
	}
	c, now := p.c, time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.arrived(p)
	c.count(p)
	c.arriving.add(now.Sub(p.entered))
	p.wanted = true
	s := &Slot{c: c, tenant: p.tenant, place: p, list: forSlot, due: p.deadline}
	own, strict := ctx.Deadline()
	strict = strict && !own.After(p.deadline)
	if !strict {
		s.due = now.Add(c.options.MaxWait)
	}
	if err := c.acquire(ctx, s, strict); err != nil {
		c.uncount(p)
		p.denied = true
		return nil, err
	}
	p.atSlot = c.promised(strict, p.deadline.Sub(s.since), c.computing())
	c.options.Observer.Waited(StageSlot, s.since.Sub(now))
	return s, nil
}

// acquire takes a slot, waiting for it with the lock given back.
func (c *Controller) acquire(ctx context.Context, s *Slot, strict bool) error {
	c.awake(s.tenant)
	if c.slots < c.options.Slots && c.waitingForSlots() == 0 {
		c.hold(s.tenant)
	} else {
		w := c.wait(s.tenant, s.list, s.due, strict)
		if err := c.await(ctx, w); err != nil {
			if w.index < 0 && w.refusal == nil { // it got its slot at the moment it gave up
				c.letGo(s.tenant, 0)
			}
			return err
		}
	}
	s.since = time.Now()
	return nil
}

// busyTime adds up the time in which something is the case.
type busyTime struct {
	sum   time.Duration
	since time.Time // it is; zero: it isn't
}

func (b *busyTime) set(on bool, now time.Time) {
	switch {
	case on && b.since.IsZero():
		b.since = now
	case !on && !b.since.IsZero():
		b.sum += now.Sub(b.since)
		b.since = time.Time{}
	}
}

func (b *busyTime) total(now time.Time) time.Duration {
	if b.since.IsZero() {
		return b.sum
	}
	return b.sum + now.Sub(b.since)
}

// waitingForSlots is how many calls and chunks do.
func (c *Controller) waitingForSlots() (n int) {
	for _, list := range slotLists {
		n += c.waiting[list].n
	}
	return n
}

// hold begins a turn.
func (c *Controller) hold(t *tenant) {
	c.occupy()
	t.running++
	c.clock = max(c.clock, t.used)
}

func (c *Controller) occupy() {
	c.slots++
	if c.slots >= c.options.Slots {
		c.full.set(true, time.Now())
	}
}

// letGo ends a turn.
func (c *Controller) letGo(t *tenant, busy time.Duration) {
	t.running--
	t.used += busy
	c.vacate()
}

func (c *Controller) vacate() {
	c.slots--
	now := time.Now()
	c.dispatchSlots(now)
	c.full.set(c.slots >= c.options.Slots, now)
}

// slotLists are the waits for a slot.
var slotLists = [...]int{forChunk, forPaused, forSlot}

// nextForSlot returns whose turn it is: of a list, the tenant that used the processors least. Chunks come first. Calls that gave way come before those
// that haven't begun, as what is begun holds memory, but for a call that they gave way to or would.
func (c *Controller) nextForSlot() *waiter {
	if chunk := c.head(forChunk, c.lessUsed); chunk != nil {
		return chunk
	}
	begun, fresh := c.head(forPaused, c.lessUsed), c.head(forSlot, c.lessUsed)
	if begun == nil || fresh != nil && c.waiting[forPaused].n <= c.options.Slots && c.passes(fresh.tenant, begun.tenant) {
		return fresh
	}
	return begun
}

// dispatchSlots gives free slots to those who wait.
func (c *Controller) dispatchSlots(now time.Time) {
	for c.slots < c.options.Slots {
		w := c.nextForSlot()
		if w == nil {
			return
		}
		if r := c.tooLate(w, now); r != nil {
			c.decide(w, r)
			continue
		}
		if w.list == forPaused {
			c.occupy()
		} else {
			c.hold(w.tenant)
		}
		c.decide(w, nil)
	}
}

// Yield implements engine.Slot: the slot is given back while f waits, and one is taken again before it returns, unless it
// was released meanwhile.
func (s *Slot) Yield(f func()) {
	if s == nil || !s.rest() {
		f()
		return
	}
	defer s.resume()
	f()
}

// rest gives the slot back for a time. It reports false where there is none to give back.
func (s *Slot) rest() bool {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	if s.state != computing {
		return false
	}
	s.state = yielded
	if s.place != nil {
		s.place.waited = true
	}
	s.stop()
	return true
}

// stop ends a turn in which it computes.
func (s *Slot) stop() {
	s.before += time.Since(s.since)
	s.c.letGo(s.tenant, s.endTurn())
}

// endTurn returns what was computed in a turn.
func (s *Slot) endTurn() time.Duration {
	took := s.before
	s.busy += took
	s.before = 0
	if s.place != nil {
		s.c.uncount(s.place)
	}
	return took
}

func (s *Slot) resume() {
	s.c.mu.Lock()
	if s.state == released {
		s.c.mu.Unlock()
		return
	}
	if s.place != nil {
		s.c.count(s.place)
	}
	s.state = returning
	s.waiting = s.c.wait(s.tenant, s.list, s.due, false)
	s.c.dispatchSlots(time.Now())
	w := s.waiting
	s.c.mu.Unlock()
	<-w.ready // by a slot, or by Release
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	if s.state == returning {
		s.state, s.since, s.waiting = computing, time.Now(), nil
	}
}

// Release gives the slot back for good. It may be called more than once.
func (s *Slot) Release() {
	if s == nil {
		return
	}
	c := s.c
	c.mu.Lock()
	defer c.mu.Unlock()
	before := s.state
	s.state = released
	switch before {
	case computing:
		s.stop()
	case returning:
		if c.leave(s.waiting) {
			close(s.waiting.ready)
		} else { // it has got one that it won't use
			c.letGo(s.tenant, 0)
		}
		if s.place != nil {
			c.uncount(s.place)
		}
	case paused:
		if s.endPause() {
			close(s.waiting.ready)
		}
	case released:
		return
	}
	if s.place != nil {
		c.service.add(s.busy)
	}
	c.forget(s.tenant)
}
