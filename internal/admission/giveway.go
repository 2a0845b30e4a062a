package admission

import (
	"context"
	"time"
)

// GiveWay implements engine.Slot: where a chunk waits, it gets the slot of a call, which goes on when there is one again, after all chunks that
// wait by then and before any call that hasn't begun. It returns how long that took. When the context ends first, or the slot is released,
// the call goes on without a slot, to its end. Chunks don't give way. Where none waits it costs a look at a counter.
//
// To its tenant a call that gives way goes on computing: its turn isn't over, and counts when it is, without the pauses.
func (s *Slot) GiveWay(ctx context.Context) time.Duration {
	if s == nil || s.place == nil || s.c.hurried.Load() == 0 {
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

// tell keeps the counter of chunks that wait up to date.
func (c *Controller) tell(list int) {
	if list == forChunk {
		c.hurried.Store(int64(c.waiting[forChunk].n))
	}
}
