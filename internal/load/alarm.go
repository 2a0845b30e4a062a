package load

import (
	"context"
	"time"
)

// alarms wake goroutines at given times.
type alarms interface {
	// waiter makes what one goroutine waits with.
	waiter() waiter
	close() error
}

// waiter is used by one goroutine.
type waiter interface {
	// until returns when it is time, or the context's error when that ends.
	until(ctx context.Context, t time.Time) error
}

// newAlarms gives the most precise ones there are. The runtime's own timers are late by up to a millisecond where the program
// is otherwise idle, which would hide what a fast service takes.
func newAlarms(plain bool) alarms {
	if !plain {
		if a := preciseAlarms(); a != nil {
			return a
		}
	}
	return plainAlarms{}
}

// plainAlarms use the runtime's timers.
type plainAlarms struct{}

func (plainAlarms) waiter() waiter { return &plainWaiter{} }
func (plainAlarms) close() error   { return nil }

type plainWaiter struct{ timer *time.Timer }

func (w *plainWaiter) until(ctx context.Context, t time.Time) error {
	d := time.Until(t)
	if d <= 0 {
		return ctx.Err()
	}
	if w.timer == nil {
		w.timer = time.NewTimer(d)
	} else {
		w.timer.Reset(d)
	}
	select {
	case <-w.timer.C:
		return nil
	case <-ctx.Done():
		w.timer.Stop()
		return ctx.Err()
	}
}
