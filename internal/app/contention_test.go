package app

import (
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
)

// The runtime records contention while a profile of it is being served, also where several are, and not before or after.
func TestContentionIsRecordedOnlyWhileSomebodyAsks(t *testing.T) {
	fraction := func() int { return runtime.SetMutexProfileFraction(-1) }
	if before := fraction(); before != 0 {
		t.Fatalf("contention is recorded before anybody asks: 1 of %d", before)
	}
	c := new(contention)
	serve := func(profile http.HandlerFunc) {
		c.recorded(profile)(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/debug/pprof/mutex", nil))
	}
	serve(func(http.ResponseWriter, *http.Request) {
		serve(func(http.ResponseWriter, *http.Request) {})
		if got := fraction(); got != mutexFraction {
			t.Errorf("while one still asks, 1 of %d is recorded, not of %d", got, mutexFraction)
		}
	})
	if after := fraction(); after != 0 {
		t.Errorf("contention is recorded when nobody asks any more: 1 of %d", after)
	}
}
