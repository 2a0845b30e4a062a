package client

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/remotemedia/remotemedia-go/fault"
)

// Retry says what happens when a service is unavailable or asks to come later. Executions have no effect but their answer, so all
// calls may be repeated, and streams until they are open.
//
// Where a service says how long to wait (grpc-retry-pushback-ms, RetryInfo), that holds; where it asks not to come back, the
// call isn't repeated. Otherwise the wait doubles from one attempt to the next, with a jitter of a fifth. A wait that would
// outlast the call's deadline isn't begun: the error is that of the last attempt.
type Retry struct {
	Attempts int           // calls at most; 1 never repeats
	First    time.Duration // before the second call
	Longest  time.Duration // between two calls, unless the service asks for more
}

// DefaultRetry is how clients repeat unless [WithRetry] says otherwise.
var DefaultRetry = Retry{Attempts: 5, First: 100 * time.Millisecond, Longest: 2 * time.Second}

// NoRetry leaves every repetition to the caller.
var NoRetry = Retry{Attempts: 1}

// pause waits for the next attempt behind a failed one, counted from 1, and reports whether there is to be one.
func (r Retry) pause(ctx context.Context, attempt int, f *failure) bool {
	if attempt >= r.Attempts || !f.fault.Retryable() || f.final {
		return false
	}
	wait := f.fault.RetryAfter
	if wait <= 0 && !f.asked {
		wait = jitter(r.backoff(attempt))
	}
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= wait {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		f.fault = fault.Wrap(fault.CodeCanceled, context.Cause(ctx), "the call was given up while it waited to be repeated: %v", f.fault)
		return false
	}
}

func (r Retry) backoff(attempt int) time.Duration {
	wait := r.First
	for range attempt - 1 {
		if wait >= r.Longest {
			break
		}
		wait *= 2
	}
	return min(wait, r.Longest)
}

// jitter spreads waits by a fifth, so that clients that were refused together don't come back together.
func jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}
