package app

import (
	"context"
	"log/slog"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/remotemedia/remotemedia-go/internal/admission"
	"github.com/remotemedia/remotemedia-go/node"
)

const megabyte = 1 << 20

// step is a time of a service's life in which nothing changes.
type step struct {
	looks      int
	percent    float64 // of the processors in use
	calls      int     // in flight
	held, used int64   // megabytes
	idle       int64   // megabytes of buffers that the next trim drops
	want       int     // collections by its end, in all
}

// machine is what a reclaimer sees.
type machine struct {
	step
	trims, collected int
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
		held:    func() int64 { return m.held * megabyte },
		used:    func() int64 { return m.used * megabyte },
		collect: func() { m.collected++ },
		log:     slog.New(slog.DiscardHandler),
		floor:   40 * megabyte,
	}
}

func TestMemoryIsGivenBackWhenQuietAndOnceAfterAPeak(t *testing.T) {
	const quiet, rest, long = quietLooks, int(collectRest / lookInterval), 1000
	for name, steps := range map[string][]step{
		"an idle service":                     {{looks: long, held: 40}},
		"little more than it needs":           {{looks: long, held: 40 + 25}},
		"a peak, once":                        {{looks: 2, percent: 100, held: 400}, {looks: quiet - 1, held: 400}, {looks: 1, held: 400, want: 1}, {looks: long, held: 40, want: 1}},
		"the system takes it slowly":          {{looks: quiet, held: 400, want: 1}, {looks: 9, held: 300, want: 1}, {looks: 9, held: 200, want: 1}, {looks: long, held: 40, want: 1}},
		"nothing came of it":                  {{looks: quiet, held: 400, want: 1}, {looks: long, held: 400, want: 1}},
		"never while it computes":             {{looks: long, percent: busyPercent, held: 400, idle: 128}},
		"never while many calls wait":         {{looks: long, calls: fewCalls + 1, held: 400, idle: 128}},
		"beside a few calls that need little": {{looks: quiet, percent: busyPercent - 1, calls: fewCalls, held: 400, want: 1}},
		"not when it is quiet at times": {
			{looks: quiet - 1, held: 400}, {looks: 1, percent: 100, held: 400}, {looks: quiet - 1, held: 400}, {looks: 1, percent: 100, held: 400},
			{looks: quiet, held: 400, want: 1},
		},
		"the next peak waits for its turn": {
			{looks: quiet, held: 400, want: 1}, {looks: 1, percent: 100, held: 40, want: 1}, {looks: rest - 2, held: 300, want: 1},
			{looks: 1, held: 300, want: 2},
		},
		"what executions hold can't be had back": {{looks: long, held: 400, used: 350}, {looks: 1, held: 400, want: 1}},
		"what they held can be when they ended": {
			{looks: quiet, held: 500, used: 200, want: 1}, {looks: long, held: 240, used: 200, want: 1}, {looks: 1, held: 240, want: 2},
		},
		"buffers that were in use then": {
			{looks: quiet, held: 400, want: 1}, {looks: long, held: 60, want: 1}, {looks: trimLooks, held: 60, idle: 64, want: 2},
		},
		"growth is measured by the least": {
			{looks: 1, percent: 100, held: 10}, {looks: quiet, held: 50, want: 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := new(machine)
				r := m.reclaimer()
				for i, s := range steps {
					m.step = s
					for range s.looks {
						time.Sleep(lookInterval)
						r.look()
					}
					if m.collected != s.want {
						t.Fatalf("memory was given back %d times by the end of step %d, want %d", m.collected, i, s.want)
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
	if m.trims != 3 || m.collected != 0 {
		t.Errorf("busy for %d looks: %d trims and %d collections, want 3 and 0", 3*trimLooks, m.trims, m.collected)
	}
	m.percent = 0
	r.look()
	if m.trims != 4 {
		t.Errorf("the first quiet look began no interval: %d trims", m.trims)
	}
	for range quietLooks - 1 {
		r.look()
	}
	if m.trims != 5 || m.collected != 1 {
		t.Errorf("at the end of the quiet time: %d trims and %d collections, want 5 and 1", m.trims, m.collected)
	}
}

func TestTheReclaimerLooksUntilItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine{step: step{held: 400}}
		ctx, cancel := context.WithTimeout(t.Context(), quietLooks*lookInterval+lookInterval/2)
		defer cancel()
		m.reclaimer().run(ctx) // returns, or the bubble is deadlocked
		if m.collected != 1 {
			t.Errorf("memory was given back %d times, want once", m.collected)
		}
	})
}

// TestMemoryOfABurstIsFree counts the bytes of the heap's objects, with the service's own pool and collector.
func TestMemoryOfABurstIsFree(t *testing.T) {
	a := withoutNodes(t)
	debug.FreeOSMemory() // else the burst has room in what tests before this one needed, and the process needn't grow
	r := a.newReclaimer()
	r.load = func() (float64, int) { return 0, 0 }
	before := objects()

	const buffers, size = 256, 256 << 10
	pool := a.engine.Pool()
	var out [buffers]*[]byte
	for i := range out {
		out[i] = pool.Get(size)
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
	if peak := objects(); peak < before+buffers*size {
		t.Fatalf("a burst of %d bytes isn't seen: objects of %d bytes, %d before", buffers*size, peak, before)
	}
	for range quietLooks {
		r.look()
	}
	if after := objects(); after > before+buffers*size/8 {
		t.Errorf("objects of %d bytes after a burst of %d, %d before", after, buffers*size, before)
	}
	if pool.Retained() != 0 || pool.Out() != 1 || (*kept)[0] != 7 {
		t.Errorf("the pool keeps %d bytes, has %d buffers out, and the content of one is %d", pool.Retained(), pool.Out(), (*kept)[0])
	}
	pool.Put(kept)
	if cache.Get() != nil {
		t.Error("what was cached for the next calls is still there")
	}
}

// withoutNodes is a service that has no types of nodes.
func withoutNodes(t *testing.T) *app {
	t.Helper()
	catalog, err := node.NewCatalog("test", nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := newApp(Options{Catalog: catalog})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.close() })
	return a
}

// objects returns the bytes of live objects and of garbage.
func objects() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

func TestCallsInFlightAreLoad(t *testing.T) {
	s := admission.Stats{Places: 1, Queued: 2, WaitingLive: 4, Slots: 8, Waiting: 16, Streams: 32} // what computes or waits for it has a place
	if got := inFlight(s); got != 1+2+4 {
		t.Errorf("%d in flight, want %d", got, 1+2+4)
	}
	a := withoutNodes(t)
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
