package app

import (
	"net/http"
	"runtime"
	"sync"
)

// contention has the runtime record where goroutines wait, for as long as somebody asks for it: it costs time to record, so that the
// profiles of a service that nobody profiles stay empty.
type contention struct {
	mu     sync.Mutex
	asking int
}

const (
	blockRate     = 10_000 // ns of waiting for a sample, on average
	mutexFraction = 10     // one of so many waits for a mutex
)

// recorded serves a profile of block or mutex: with ?seconds=n it is of these seconds.
func (c *contention) recorded(profile http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c.count(1)
		defer c.count(-1)
		profile.ServeHTTP(w, r)
	}
}

func (c *contention) count(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch c.asking += n; {
	case c.asking == 0:
		runtime.SetBlockProfileRate(0)
		runtime.SetMutexProfileFraction(0)
	case c.asking == n: // the first
		runtime.SetBlockProfileRate(blockRate)
		runtime.SetMutexProfileFraction(mutexFraction)
	}
}
