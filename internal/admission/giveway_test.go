package admission

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// checkAccounts insists that what is counted apart adds up.
func checkAccounts(t *testing.T, c *Controller) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	running, backlog := 0, 0
	for _, of := range c.tenants {
		running += of.running
		backlog += of.backlog
	}
	paused := c.waiting[forPaused].n
	if running != c.slots+paused || backlog != c.backlog || paused > 2*c.options.Slots {
		t.Errorf("%d turns of tenants for %d slots and %d that gave way; a backlog of %d, %d of tenants", running, c.slots, paused, c.backlog, backlog)
	}
	if n := c.hurried.Load() % open; n != int64(c.waiting[forChunk].n) {
		t.Errorf("%d chunks wait, the counter says %d", c.waiting[forChunk].n, n)
	}
}

// blocks computes for a number of milliseconds and gives way after each, or not.
func blocks(ctx context.Context, s *Slot, n int, givesWay bool) {
	for range n {
		time.Sleep(time.Millisecond)
		if givesWay {
			s.GiveWay(ctx)
		}
	}
}

// event is what happened, and when.
type event struct {
	what string
	at   time.Duration
}

// TestRel8_AChunkDoesntWaitForTheEndOfACall: a call computes for 10 ms, another waits that hasn't begun, and chunks come. The control is the same with
// a call that never gives way.
func TestRel8_AChunkDoesntWaitForTheEndOfACall(t *testing.T) {
	const ms = time.Millisecond
	for _, x := range []struct {
		givesWay bool
		want     []event
	}{
		{true, []event{{"chunk", 3 * ms}, {"chunk", 3500 * time.Microsecond}, {"chunk", 7 * ms}, {"the call", 11500 * time.Microsecond}, {"fresh", 11500 * time.Microsecond}}},
		{false, []event{{"the call", 10 * ms}, {"chunk", 10 * ms}, {"chunk", 10500 * time.Microsecond}, {"chunk", 11 * ms}, {"fresh", 11500 * time.Microsecond}}},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := New(Options{Slots: 1})
			began := time.Now()
			var events []event // one at a time: there is one slot
			note := func(what string) { events = append(events, event{what, time.Since(began)}) }
			var all sync.WaitGroup
			all.Go(func() {
				p := enter(t, c, "a")
				defer p.Leave()
				s := compute(t, p)
				defer s.Release()
				blocks(t.Context(), s, 10, x.givesWay)
				note("the call")
			})
			synctest.Wait()
			all.Go(func() {
				p := enter(t, c, "b") // has used less than a, and yet what has begun goes on first
				defer p.Leave()
				s := compute(t, p)
				defer s.Release()
				note("fresh")
			})
			for _, at := range []time.Duration{2500 * time.Microsecond, 2600 * time.Microsecond, 6500 * time.Microsecond} {
				all.Go(func() {
					stream, err := c.OpenStream("live")
					if err != nil {
						t.Error(err)
						return
					}
					defer stream.Close()
					time.Sleep(at)
					s, err := stream.Compute(t.Context(), time.Now())
					if err != nil {
						t.Error(err)
						return
					}
					defer s.Release()
					note("chunk")
					time.Sleep(500 * time.Microsecond)
				})
			}
			all.Wait()
			if !slices.Equal(events, x.want) {
				t.Errorf("gives way %v: %v, want %v", x.givesWay, events, x.want)
			}
			checkEmpty(t, c)
		})
	}
}

// pausedCall is a call of 10 ms that has given way, after 1 ms, to a chunk that keeps the slot.
type pausedCall struct {
	place *Place
	slot  *Slot
	chunk *Slot
	live  *Stream
	ended chan time.Duration // how long the call was in GiveWay
}

func pauseCall(ctx context.Context, t *testing.T, c *Controller) *pausedCall {
	t.Helper()
	p := &pausedCall{place: enter(t, c, "a"), ended: make(chan time.Duration, 1)}
	p.slot = compute(t, p.place)
	var err error
	if p.live, err = c.OpenStream("live"); err != nil {
		t.Fatal(err)
	}
	got := make(chan struct{})
	go func() {
		defer close(got)
		p.chunk, err = p.live.Compute(t.Context(), time.Now())
	}()
	synctest.Wait()
	time.Sleep(time.Millisecond)
	go func() { p.ended <- p.slot.GiveWay(ctx) }()
	if <-got; err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	checkStats(t, c, Stats{Places: 1, Slots: 1, Waiting: 1, Streams: 1})
	return p
}

func (p *pausedCall) end(t *testing.T, c *Controller) {
	t.Helper()
	p.chunk.Release()
	p.live.Close()
	p.slot.Release()
	p.place.Leave()
	checkEmpty(t, c)
}

// TestAPauseIsntCounted: what a call takes, what its tenant has used and what is before others are the same as without pauses.
func TestAPauseIsntCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{Slots: 1})
		p := pauseCall(t.Context(), t, c)
		a := p.place.tenant
		if a.running != 1 || a.backlog != 1 || c.backlog != 1 {
			t.Errorf("while it has given way: %d turns, a backlog of %d of %d", a.running, a.backlog, c.backlog)
		}
		time.Sleep(5 * time.Millisecond)
		p.chunk.GiveWay(t.Context()) // nor do chunks give way
		checkStats(t, c, Stats{Places: 1, Slots: 1, Waiting: 1, Streams: 1})
		p.chunk.Release()
		if took := <-p.ended; took != 5*time.Millisecond {
			t.Errorf("it was told that the pause took %v", took)
		}
		checkStats(t, c, Stats{Places: 1, Slots: 1, Streams: 1})
		time.Sleep(9 * time.Millisecond)
		p.end(t, c)
		if c.service.mean != 10*time.Millisecond || a.used != 10*time.Millisecond {
			t.Errorf("a call of 10 ms counts for %v, and its tenant has used %v", c.service.mean, a.used)
		}
	})
}

// TestAPauseEndsWithTheContext, and the call has no slot then.
func TestAPauseEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{Slots: 1})
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Millisecond)
		defer cancel()
		p := pauseCall(ctx, t, c)
		if took := <-p.ended; took != 3*time.Millisecond {
			t.Errorf("the pause took %v", took)
		}
		checkStats(t, c, Stats{Places: 1, Slots: 1, Streams: 1})
		checkAccounts(t, c)
		p.slot.GiveWay(ctx)
		ran := false
		p.slot.Yield(func() { ran = true })
		if p.place.counted || !ran {
			t.Errorf("in the backlog %v, ran %v", p.place.counted, ran)
		}
		time.Sleep(time.Millisecond)
		p.end(t, c)
		if c.service.mean != time.Millisecond || p.place.tenant.used != time.Millisecond {
			t.Errorf("a call of 1 ms counts for %v, and its tenant has used %v", c.service.mean, p.place.tenant.used)
		}
	})
}

// TestAReleaseEndsAPause, as by the handler of a call that was given up, whether or not a slot has come meanwhile.
func TestAReleaseEndsAPause(t *testing.T) {
	for _, hasSlot := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			c := New(Options{Slots: 1})
			p := pauseCall(t.Context(), t, c)
			if hasSlot {
				c.mu.Lock() // the call gets its slot, and can't take it
				p.chunk.state = released
				p.chunk.stop()
				c.mu.Unlock()
			}
			p.slot.Release()
			<-p.ended
			p.slot.GiveWay(t.Context())
			p.end(t, c)
			if c.service.mean != time.Millisecond || p.place.tenant.used != time.Millisecond {
				t.Errorf("a call of 1 ms counts for %v, and its tenant has used %v", c.service.mean, p.place.tenant.used)
			}
		})
	}
}

// TestOneChunkPausesOneCall: the others compute on.
func TestOneChunkPausesOneCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{Slots: 2})
		other := enter(t, c, "a")
		computes := compute(t, other)
		first := enter(t, c, "a")
		slot := compute(t, first)
		live, err := c.OpenStream("live")
		if err != nil {
			t.Fatal(err)
		}
		var chunk *Slot
		var done sync.WaitGroup
		done.Go(func() { chunk, err = live.Compute(t.Context(), time.Now()) })
		synctest.Wait()
		done.Go(func() { slot.GiveWay(t.Context()) })
		synctest.Wait()
		if took := computes.GiveWay(t.Context()); took != 0 {
			t.Errorf("with no chunk waiting it gave way for %v", took)
		}
		checkStats(t, c, Stats{Places: 2, Slots: 2, Waiting: 1, Streams: 1})
		computes.Release()
		done.Wait() // the slot of the other is as good as its own
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []*Slot{chunk, slot} {
			s.Release()
		}
		live.Close()
		first.Leave()
		other.Leave()
		checkEmpty(t, c)
	})
}

// TestRel8_ThreadsAreLetRunWhileStreamsAreOpen: and only by calls.
func TestRel8_ThreadsAreLetRunWhileStreamsAreOpen(t *testing.T) {
	const times, step = 10, ThreadTime / 20
	synctest.Test(t, func(t *testing.T) {
		n := 0
		c := New(Options{Slots: 2, LetThreadsRun: func() { n++ }})
		p := enter(t, c, "a")
		s := compute(t, p)
		computes := func(s *Slot) int {
			before := n
			for range times * ThreadTime / step {
				time.Sleep(step)
				s.GiveWay(t.Context())
			}
			return n - before
		}
		if got := computes(s); got != 0 {
			t.Errorf("without streams: %d times", got)
		}
		live, err := c.OpenStream("live")
		if err != nil {
			t.Fatal(err)
		}
		if got := computes(s); got != times {
			t.Errorf("with a stream open: %d times, want %d", got, times)
		}
		chunk, err := live.Compute(t.Context(), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if got := computes(chunk); got != 0 {
			t.Errorf("a chunk did so %d times", got)
		}
		chunk.Release()
		live.Close()
		if got := computes(s); got != 0 {
			t.Errorf("after the stream: %d times", got)
		}
		s.Release()
		p.Leave()
		checkEmpty(t, c)
	})
}

// TestToGiveWayToNobodyTakesNothing: neither memory nor the lock, which is held here.
func TestToGiveWayToNobodyTakesNothing(t *testing.T) {
	c := New(Options{Slots: 1})
	p := enter(t, c, "a")
	s := compute(t, p)
	c.mu.Lock()
	ctx := t.Context()
	n := testing.AllocsPerRun(1000, func() { s.GiveWay(ctx) })
	c.mu.Unlock()
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
	s.Release()
	p.Leave()
}

func BenchmarkGiveWay(b *testing.B) {
	c := New(Options{Slots: 1})
	p, err := c.Enter(b.Context(), "a")
	if err != nil {
		b.Fatal(err)
	}
	defer p.Leave()
	s, err := p.Compute(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer s.Release()
	ctx := b.Context()
	for b.Loop() {
		s.GiveWay(ctx)
	}
}
