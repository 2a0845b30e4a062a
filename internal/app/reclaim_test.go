package app

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/remotemedia/remotemedia-go/internal/admission"
	"github.com/remotemedia/remotemedia-go/node"
)

const megabyte = 1 << 20

// step is a time of a service's life, in which nothing changes but what the reclaimer does.
type step struct {
	looks      int
	percent    float64 // of the processors in use
	calls      int     // in flight
	held, used int64   // megabytes; a held of 0 is what it was
	idle       int64   // megabytes of buffers that the next trim drops
	frees      int     // how often memory is given back by the end, in all
}

// machine is what a reclaimer sees.
type machine struct {
	step
	trims, freed int
	live         int64 // megabytes held after memory was given back
}

func (m *machine) reclaimer() *reclaimer {
	return &reclaimer{
		load: func() (float64, int) { return m.percent, m.calls },
		trim: func() int64 {
			m.trims++
			idle := m.idle
			m.idle = 0
			return idle * megabyte
		},
		held:  func() int64 { return m.held * megabyte },
		used:  func() int64 { return m.used * megabyte },
		free:  func() { m.freed++; m.held = m.live + m.used },
		log:   slog.New(slog.DiscardHandler),
		floor: 40 * megabyte,
	}
}

func TestMemoryIsGivenBackWhenQuietAndOnceAfterAPeak(t *testing.T) {
	const quiet, rest, long = quietLooks, int(reclaimRest / lookInterval), 1000
	for name, steps := range map[string][]step{
		"an idle service":                     {{looks: long, held: 40}},
		"little more than at the start":       {{looks: long, held: 40 + 25}},
		"after a peak, once":                  {{looks: 2, percent: 100, held: 400}, {looks: quiet - 1}, {looks: 1, frees: 1}, {looks: long, frees: 1}},
		"never while it computes":             {{looks: long, percent: busyPercent, held: 400, idle: 128}},
		"never while many calls wait":         {{looks: long, calls: fewCalls + 1, held: 400, idle: 128}},
		"beside a few calls that need little": {{looks: quiet, percent: busyPercent - 1, calls: fewCalls, held: 400, frees: 1}},
		"not when it is quiet at times": {
			{looks: quiet - 1, held: 400}, {looks: 1, percent: 100}, {looks: quiet - 1}, {looks: 1, percent: 100}, {looks: quiet, frees: 1},
		},
		"the next peak waits for its turn": {
			{looks: quiet, held: 400, frees: 1}, {looks: 1, percent: 100, held: 300, frees: 1}, {looks: rest - 2, frees: 1}, {looks: 1, frees: 2},
		},
		"what executions hold can't be had back": {{looks: long, held: 400, used: 350}, {looks: 1, held: 400, frees: 1}},
		"a peak on top of what is in use": {
			{looks: quiet, held: 400, used: 200, frees: 1}, {looks: long, used: 200, frees: 1}, {looks: 1, frees: 2},
		},
		"buffers of a peak that a collection had to leave": {
			{looks: quiet, held: 400, frees: 1}, {looks: long, held: 60, frees: 1}, {looks: trimLooks, held: 60, idle: 20, frees: 2},
		},
		"what it holds by now is what growth is measured by": {
			{looks: 1, percent: 100, held: 10}, {looks: quiet, held: 35, frees: 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := &machine{live: 40}
				r := m.reclaimer()
				for i, s := range steps {
					if s.held == 0 {
						s.held = m.held
					}
					m.step = s
					for range s.looks {
						time.Sleep(lookInterval)
						r.look()
					}
					if m.freed != s.frees {
						t.Fatalf("memory was given back %d times by the end of step %d, want %d", m.freed, i, s.frees)
					}
				}
			})
		})
	}
}

// A busy service keeps no buffers of a peak that was long ago; a quiet one drops what it didn't use in the quiet time.
func TestIdleBuffersAreDroppedAtIntervals(t *testing.T) {
	m := &machine{step: step{percent: 100, held: 400}}
	r := m.reclaimer()
	for range 3 * trimLooks {
		r.look()
	}
	if m.trims != 3 || m.freed != 0 {
		t.Errorf("busy for %d looks: %d trims and %d collections, want 3 and 0", 3*trimLooks, m.trims, m.freed)
	}
	m.percent = 0
	r.look()
	if m.trims != 4 {
		t.Errorf("the first quiet look began no interval: %d trims", m.trims)
	}
	for range quietLooks - 1 {
		r.look()
	}
	if m.trims != 5 || m.freed != 1 {
		t.Errorf("at the end of the quiet time: %d trims and %d collections, want 5 and 1", m.trims, m.freed)
	}
}

func TestTheReclaimerLooksUntilItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine{step: step{held: 400}}
		ctx, cancel := context.WithTimeout(t.Context(), quietLooks*lookInterval+lookInterval/2)
		defer cancel()
		m.reclaimer().run(ctx) // returns, or the bubble is deadlocked
		if m.freed != 1 {
			t.Errorf("memory was given back %d times, want once", m.freed)
		}
	})
}

// TestMemoryOfABurstGoesBackToTheSystem counts the bytes that the runtime holds, with the service's own pool and collector.
func TestMemoryOfABurstGoesBackToTheSystem(t *testing.T) {
	catalog, err := node.NewCatalog("test", nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := newApp(Options{Catalog: catalog})
	if err != nil {
		t.Fatal(err)
	}
	defer a.close()
	giveBack()
	r := a.newReclaimer()
	r.load = func() (float64, int) { return 0, 0 }
	before := r.held()

	const buffers, size = 256, 256 << 10
	pool := a.engine.Pool()
	var out [buffers]*[]byte
	for i := range out {
		out[i] = pool.Get(size)
		clear(*out[i])
	}
	var cache sync.Pool // as the service and gRPC have
	for range 64 {
		b := make([]byte, megabyte)
		cache.Put(&b)
	}
	kept := out[0]
	(*kept)[0] = 7
	for _, b := range out[1:] {
		pool.Put(b)
	}
	clear(out[:])
	if peak := r.held(); peak < before+buffers*size/2 {
		t.Fatalf("a burst of %d bytes isn't seen: %d bytes held, %d before", buffers*size, peak, before)
	}
	for range quietLooks {
		r.look()
	}
	if after := r.held(); after > before+buffers*size/4 {
		t.Errorf("%d bytes held after a burst of %d, %d before", after, buffers*size, before)
	}
	if pool.Retained() != 0 || pool.Out() != 1 || (*kept)[0] != 7 {
		t.Errorf("the pool keeps %d bytes, has %d buffers out, and the content of one is %d", pool.Retained(), pool.Out(), (*kept)[0])
	}
	pool.Put(kept)
	if cache.Get() != nil {
		t.Error("what was cached for the next calls is still there")
	}
}

func TestCallsInFlightAreLoad(t *testing.T) {
	s := admission.Stats{Places: 1, Queued: 2, WaitingLive: 4, Slots: 8, Waiting: 16, Streams: 32} // what computes or waits for it has a place
	if got := inFlight(s); got != 1+2+4 {
		t.Errorf("%d in flight, want %d", got, 1+2+4)
	}
	catalog, err := node.NewCatalog("test", nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := newApp(Options{Catalog: catalog})
	if err != nil {
		t.Fatal(err)
	}
	defer a.close()
	stream, err := a.admission.OpenStream("a")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	for want := range 3 {
		if _, calls := a.load(); calls != want {
			t.Errorf("%d calls in flight, want %d", calls, want)
		}
		place, err := a.admission.Enter(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		defer place.Leave()
	}
}
