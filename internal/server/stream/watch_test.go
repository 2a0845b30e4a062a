package stream

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestWatchCallsWhatIsDueAndNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w watch
		var called []string
		note := func(what string) func() { return func() { called = append(called, what) } }
		w.arm(time.Second, note("first"))
		time.Sleep(999 * time.Millisecond)
		w.rest()
		w.arm(time.Minute, note("second"))
		w.fire() // a timer whose goroutine was late
		time.Sleep(59 * time.Second)
		synctest.Wait()
		if len(called) != 0 {
			t.Errorf("called too early: %v", called)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		w.stop()
		w.arm(time.Millisecond, note("third"))
		time.Sleep(time.Second)
		if len(called) != 1 || called[0] != "second" {
			t.Errorf("called %v, want second alone", called)
		}
	})
}
