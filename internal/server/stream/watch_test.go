package stream

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestWatchCallsWhatIsDueAndNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w watch
		called := make(chan string, 10)
		note := func(what string) func() { return func() { called <- what } }
		w.arm(time.Second, note("first"))
		time.Sleep(999 * time.Millisecond)
		w.rest()
		w.arm(time.Minute, note("second"))
		w.fire() // a timer whose goroutine was late
		time.Sleep(59 * time.Second)
		synctest.Wait()
		if len(called) != 0 {
			t.Errorf("%s was called too early", <-called)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		w.stop()
		w.arm(time.Millisecond, note("third"))
		time.Sleep(time.Second)
		if n, what := len(called), <-called; n != 1 || what != "second" {
			t.Errorf("%d calls, the first of %s, want second alone", n, what)
		}
	})
}
