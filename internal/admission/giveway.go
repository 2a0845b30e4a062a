package admission

import (
	"context"
	"sync/atomic"
	"time"
)

// GiveWay implements engine.Slot: where a chunk waits, or a call of a tenant that stays below its share, it gets the slot of a call, which goes on
// when there is one again, after all chunks that wait by then and before any call that hasn't begun, but for those of such tenants. It returns how
// long that took. When the context ends first, or the slot is released, the call goes on without a slot, to its end. Chunks don't give way. Where
// nobody waits it costs a look at two counters.
//
// To its tenant a call that gives way goes on computing: its turn isn't over, and counts when it is, without the pauses.
func (s *Slot) GiveWay(ctx context.Context) time.Duration {
	if s == nil || s.place == nil {
		return 0
	}
	switch s.c.hurried.Load() {
	case open:
		s.c.threads.letRun()
		fallthrough
	case 0:
		if s.c.rivals.Load() == 0 {
			return 0
		}
	}
	return s.giveWay(ctx)
}

func (s *Slot) giveWay(ctx context.Context) time.Duration {
	from := time.Now()
	w := s.pause(from)
	if w == nil {
		return 0
	}
	select {
	case <-w.ready: // by a slot, or by Release
	case <-ctx.Done():
	}
	now := time.Now()
	s.unpause(from, now)
	return now.Sub(from)
}

// pause gives the slot away. It returns nil where there is none, or where another call was faster to give its own.
func (s *Slot) pause(now time.Time) *waiter {
	c := s.c
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.state != computing || c.waiting[forChunk].n == 0 && !c.passed(s.tenant) {
		return nil
	}
	s.state = paused
	s.before += now.Sub(s.since)
	s.waiting = c.wait(s.tenant, forPaused, s.due, false)
	c.vacate()
	return s.waiting
}

// unpause ends a pause that Release hasn't ended.
func (s *Slot) unpause(from, now time.Time) {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	if s.state != paused {
		return
	}
	if s.waiting.index < 0 {
		s.state, s.since = computing, now
		s.c.options.Observer.Waited(StagePause, now.Sub(from))
	} else { // the context ended first
		s.endPause()
		s.state = yielded
	}
	s.waiting = nil
}

// endPause ends the turn of a call that gave way. It reports whether it still waited; otherwise it has got a slot, which others get now.
func (s *Slot) endPause() (waited bool) {
	waited = s.c.leave(s.waiting)
	s.tenant.running--
	s.tenant.used += s.endTurn()
	if !waited {
		s.c.vacate()
	}
	return waited
}

// open is added to the number of chunks that wait where streams are open for whose sake threads are to be let run.
const open = 1 << 32

// tell keeps what calls that compute look at up to date: how many chunks wait for a slot, whether there may be some that have come and don't yet, and
// for how many tenants calls wait, where there are several.
func (c *Controller) tell() {
	rivals := 0
	if len(c.tenants) > 1 {
		rivals = len(c.waiting[forSlot].tenants)
	}
	c.rivals.Store(int64(rivals))
	n := int64(c.waiting[forChunk].n)
	if c.streams > 0 && c.threads.run != nil {
		n += open
	}
	c.hurried.Store(n)
}

// threads lets the threads that read and write have the processor, now and then.
type threads struct {
	run   func() // nil: there are processors for them
	began time.Time
	last  atomic.Int64 // when they were let run, in nanoseconds since then
}

func (t *threads) letRun() {
	now := time.Since(t.began)
	if last := t.last.Load(); now-time.Duration(last) >= ThreadTime && t.last.CompareAndSwap(last, int64(now)) {
		t.run()
	}
}

// passed reports whether a call that waits comes before those of a tenant that have begun. No more give way to calls than there are slots: what is
// begun holds memory.
func (c *Controller) passed(t *tenant) bool {
	w := c.head(forSlot, c.lessUsed)
	return w != nil && c.waiting[forPaused].n < c.options.Slots && c.passes(w.tenant, t)
}

// passes reports whether one tenant's next call comes before another's that has begun: when the tenant will have used less, also after that call, than
// the other one had when its turn began. So tenants that use about as much as each other don't interrupt each other.
func (c *Controller) passes(a, b *tenant) bool {
	return a != b && c.consumed(a)+c.each() <= b.used
}
