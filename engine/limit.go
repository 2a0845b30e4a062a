package engine

import (
	"context"
	"errors"
	"time"
)

var errTimeLimit = errors.New("time limit")

// timeLimiter gives jobs their context: the caller's with the time limit. The turns of one stream share a context, as making one costs
// more than a small chunk's work; that is no loss, since a limit that is breached ends the session anyway.
type timeLimiter struct {
	caller <-chan struct{} // the Done of the context that base was made from
	base   context.Context
	cancel context.CancelCauseFunc
	forget func() bool // has the end of the caller's context call nobody
	timer  *time.Timer
}

// start begins a job's time. When the limit passes, or the caller's context ends, before end is called, another goroutine has the session
// give the job up.
func (l *timeLimiter) start(parent context.Context, limit time.Duration, s *Session) context.Context {
	if l.base != nil && l.base.Err() == nil && parent.Err() == nil && l.caller == parent.Done() {
		l.timer.Reset(limit)
		return l.base
	}
	l.end()
	base, cancel := context.WithCancelCause(parent)
	l.caller, l.base, l.cancel = parent.Done(), base, cancel
	l.timer = time.AfterFunc(limit, func() {
		cancel(errTimeLimit)
		s.giveUp(base)
	})
	l.forget = context.AfterFunc(parent, func() { // of base it would cost more: that is a context which nobody waits for yet
		cancel(context.Cause(parent))
		s.giveUp(base)
	})
	return base
}

// stop ends a job's time. Where the limit fires at this very moment the context is of no more use.
func (l *timeLimiter) stop() {
	if l.timer != nil && !l.timer.Stop() {
		l.end()
	}
}

// end lets the context go.
func (l *timeLimiter) end() {
	if l.base != nil {
		l.timer.Stop()
		l.forget()
		l.cancel(context.Canceled)
		l.base = nil
	}
}
