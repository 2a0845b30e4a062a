package app

import (
	"context"
	"log/slog"
	"runtime"
	"time"

	"github.com/remotemedia/remotemedia-go/internal/admission"
)

// The rule by which memory is given back.
const (
	lookInterval = time.Second
	quietLooks   = 5                // so many looks in a row that find the service not busy make a quiet one
	busyPercent  = 25               // of the processors: from there on what a collection takes of them would be felt
	fewCalls     = 10               // in flight; with more the service is busy also where other programs leave it no processor
	trimLooks    = 60               // also a busy service keeps no more buffers than it used within so many looks
	collectRest  = 30 * time.Second // least time between two collections
	leastGrowth  = 2 * mostBallast  // bytes, on top of a quarter of what was held after the last: small calls alone make less
)

// reclaimer gives the memory of a past peak back to the system once the service is quiet. Left alone a service keeps it for minutes or
// for ever: idle buffers stay in the pool, and garbage lies where it is because nothing is allocated that would have it
// collected. Once it is collected, the runtime gives it to the system by itself, within seconds and in steps too small to be
// felt. (debug.FreeOSMemory does so at once, and has a processor for itself for 30 to 80 ms per 400 MB: live chunks waited for
// it.) Open streams aren't waited for: a collection runs beside them.
type reclaimer struct {
	load    func() (percent float64, calls int) // of the processors; and in flight, chunks among them
	trim    func() int64                        // drops idle buffers and returns their bytes
	held    func() int64                        // bytes that the process has of the system
	used    func() int64                        // those that executions are charged for
	collect func()                              // collects garbage
	log     *slog.Logger

	looks, quiet int   // all, and those in a row that found the service not busy
	floor        int64 // least that was held and not used since the last time
	dropped      int64 // bytes of buffers since then
	last         time.Time
}

func (a *app) newReclaimer() *reclaimer {
	r := &reclaimer{
		load: a.load, trim: a.engine.Pool().Trim, held: a.resident, used: a.budget.Used, collect: collect, log: a.log,
	}
	r.floor = r.held()
	return r
}

// load returns how much of the processors is in use, and how many calls and chunks are in flight or queued. An open stream is none.
func (a *app) load() (percent float64, calls int) {
	if a.admission != nil {
		calls = inFlight(a.admission.Stats())
	}
	return a.processors(), calls
}

func inFlight(s admission.Stats) int { return s.Places + s.Queued + s.WaitingLive }

// collect takes a few milliseconds, as little is left of a peak that is live. What is kept in a sync.Pool outlives one collection.
func collect() {
	runtime.GC()
	runtime.GC()
}

// run looks after the memory until ctx is done.
func (r *reclaimer) run(ctx context.Context) {
	ticker := time.NewTicker(lookInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			r.look()
		case <-ctx.Done():
			return
		}
	}
}

func (r *reclaimer) look() {
	r.looks++
	r.quiet++
	if percent, calls := r.load(); percent >= busyPercent || calls > fewCalls {
		r.quiet = 0
	}
	if r.quiet == 1 || r.looks%trimLooks == 0 { // the first begins the interval that reclaim ends
		r.dropped += r.trim()
	}
	spare := r.held() - r.used()
	r.floor = min(r.floor, spare)
	if r.quiet < quietLooks || !r.last.IsZero() && time.Since(r.last) < collectRest {
		return
	}
	if spare+r.dropped >= r.floor+r.floor/4+leastGrowth {
		r.reclaim(spare)
	}
}

// reclaim drops and collects what isn't needed. What that makes the floor shows in the looks that follow.
func (r *reclaimer) reclaim(spare int64) {
	start := time.Now()
	buffers := r.dropped + r.trim()
	r.collect()
	r.log.Debug("memory of a peak is given back", "held_bytes", spare, "floor_bytes", r.floor, "idle_buffers_bytes", buffers,
		"duration_ms", float64(time.Since(start).Microseconds())/1e3)
	r.last, r.floor, r.dropped = time.Now(), spare, 0
}
