package app

import (
	"context"
	"log/slog"
	"runtime"
	"runtime/debug"
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
	reclaimRest  = 30 * time.Second // least time between two
	leastReclaim = 16 << 20         // bytes, on top of a quarter of what was held after the last: less isn't worth it
)

// reclaimer gives the memory of a past peak back to the system once the service is quiet. Left alone a service keeps it for minutes or
// for ever: idle buffers stay in the pool, and garbage lies where it is because nothing is allocated that would have it
// collected. Giving back takes milliseconds of the processors, and memory that is needed again has to be had from the system
// again, so it waits until they have nothing better to do, and happens once after a peak. Live streams that leave the
// processors idle aren't waited for: a collection runs beside them.
type reclaimer struct {
	load func() (percent float64, calls int) // of the processors; and in flight, chunks among them
	trim func() int64                        // drops idle buffers and returns their bytes
	held func() int64                        // bytes that the process has of the system
	used func() int64                        // those that executions are charged for
	free func()                              // collects garbage and gives its memory to the system
	log  *slog.Logger

	looks, quiet int   // all, and those in a row that found the service not busy
	floor        int64 // what was held but not used after the last time
	dropped      int64 // bytes of buffers since then
	last         time.Time
}

func (a *app) newReclaimer() *reclaimer {
	r := &reclaimer{
		load: a.load, trim: a.engine.Pool().Trim, held: a.resident, used: a.budget.Used, free: giveBack, log: a.log,
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

// giveBack collects what isn't used and has the system take its memory. What is kept in a sync.Pool outlives one collection.
func giveBack() {
	runtime.GC()
	debug.FreeOSMemory()
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
	held := r.held()
	r.floor = min(r.floor, held)
	if r.quiet < quietLooks || !r.last.IsZero() && time.Since(r.last) < reclaimRest {
		return
	}
	if held-r.used()+r.dropped >= r.floor+r.floor/4+leastReclaim {
		r.reclaim(held)
	}
}

func (r *reclaimer) reclaim(held int64) {
	start := time.Now()
	buffers := r.dropped + r.trim()
	r.free()
	r.last = time.Now()
	now := r.held()
	r.floor, r.dropped = now-r.used(), 0
	r.log.Debug("memory was given back", "bytes", held-now, "of_buffers", buffers, "held_bytes", now,
		"duration_ms", float64(r.last.Sub(start).Microseconds())/1e3)
}
