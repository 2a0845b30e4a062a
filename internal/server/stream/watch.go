package stream

import (
	"sync"
	"time"
)

// watch calls a function when nothing happened for some time. It rests while it is not armed. One timer serves all arming, which
// happens with every answer.
type watch struct {
	mu    sync.Mutex
	timer *time.Timer
	then  func()
	due   time.Time // when then is to be called
	off   bool
}

// arm starts the time anew; then is called when it passes.
func (w *watch) arm(d time.Duration, then func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.then, w.due = then, time.Now().Add(d)
	switch {
	case w.off:
	case w.timer == nil:
		w.timer = time.AfterFunc(d, w.fire)
	default:
		w.timer.Reset(d)
	}
}

// fire may run late, when the watch rests or is armed for later: then it isn't due.
func (w *watch) fire() {
	w.mu.Lock()
	then, early := w.then, time.Now().Before(w.due)
	w.mu.Unlock()
	if then != nil && !early {
		then()
	}
}

// rest stops the time until it is armed again.
func (w *watch) rest() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.halt()
}

// stop stops the time for good.
func (w *watch) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.off = true
	w.halt()
}

func (w *watch) halt() {
	w.then = nil
	if w.timer != nil {
		w.timer.Stop()
	}
}
