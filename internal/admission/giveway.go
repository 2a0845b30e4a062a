package admission

import (
	"context"
	"sync/atomic"
	"time"
)

// GiveWay implements engine.Slot: where a chunk waits, it gets the slot of a call, which goes on when there is one again, after all chunks that
// wait by then and before any call that hasn't begun. It returns how long that took. When the context ends first, or the slot is released,
// the call goes on without a slot, to its end. Chunks don't give way. Where none waits it costs a look at a counter.
//
// To its tenant a call that gives way goes on computing: its turn isn't over, and counts when it is, without the pauses.
func (s *Slot) GiveWay(ctx context.Context) time.Duration {
	if s == nil || s.place == nil {
		return 0
	}
	switch s.c.hurried.Load() {
	case 0:
		return 0
	case open:
		s.c.threads.letRun()
		return 0
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
	if s.state != computing || c.waiting[forChunk].n == 0 {
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

// tell keeps what calls that compute look at up to date: how many chunks wait for a slot, and whether there may be some that have come and don't yet.
func (c *Controller) tell() {
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
