package admission

import (
	"context"
	"time"
)

// Stream is the right of a live stream to be served. It holds no place, and a slot only for each chunk. A nil Stream is
// that of a service without admission: its methods do nothing.
type Stream struct {
	c      *Controller
	tenant *tenant
	closed bool
}

// OpenStream admits a stream or refuses it, with a *fault.Error of the code CodeOverloaded. It doesn't wait. Close must be called.
func (c *Controller) OpenStream(tenantName string) (*Stream, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.tenant(tenantName)
	defer c.forget(t)
	if r := c.shedding(t); r != nil {
		return nil, c.refuse(t, *r)
	}
	if c.streams >= c.options.Streams {
		return nil, c.refuse(t, refusal{ReasonStreams, "max_open_streams", c.streams, c.options.Streams, 0})
	}
	c.streams++
	c.tell()
	t.streams++
	c.counts.admitted++
	return &Stream{c: c, tenant: t}, nil
}

// Compute gives a chunk that came at a time its slot, before every unary call that waits. The error is the context's.
// Release must be called.
func (s *Stream) Compute(ctx context.Context, came time.Time) (*Slot, error) {
	if s == nil {
		return nil, nil
	}
	c, now := s.c, time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	slot := &Slot{c: c, tenant: s.tenant, list: forChunk, due: came.Add(patience)}
	if err := c.acquire(ctx, slot, false); err != nil {
		return nil, err
	}
	c.options.Observer.Waited(StageChunk, slot.since.Sub(now))
	return slot, nil
}

// patience is far more than a chunk waits: its order is that of arrival, and its own time limit ends the turn.
const patience = time.Minute

// Close gives the right back. It may be called more than once.
func (s *Stream) Close() {
	if s == nil {
		return
	}
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	s.c.streams--
	s.c.tell()
	s.tenant.streams--
	s.c.forget(s.tenant)
}
