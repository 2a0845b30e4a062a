package stream

import (
	"sync"
	"time"
)

// watch calls a function when nothing happened for some time. It rests while it is not armed.
type watch struct {
	mu    sync.Mutex
	timer *time.Timer
	off   bool
}

// arm starts the time anew; f is called when it passes.
func (w *watch) arm(d time.Duration, f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.off {
		return
	}
	if w.timer != nil {
		w.timer.Stop()
	}
	w.timer = time.AfterFunc(d, f)
}

// rest stops the time until it is armed again.
func (w *watch) rest() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer != nil {
		w.timer.Stop()
	}
}

// stop stops the time for good.
func (w *watch) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.off = true
	if w.timer != nil {
		w.timer.Stop()
	}
}
