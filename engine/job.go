package engine

import (
	"context"
	"errors"
	"time"

	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/internal/stack"
)

// ErrGivenUp is what a job ends with that was given up before: see [Session.Inline].
var ErrGivenUp = errors.New("the job was given up")

// Inline has the session's jobs run in the goroutine that asks for them, which saves the change to another and back. It is for callers
// that nobody waits for: a node that ignores cancel keeps such a caller. When a job's context ends or its time is over before it has
// ended, another goroutine calls givenUp with the job's error. The job itself returns ErrGivenUp, whenever its node comes back: all
// that it held has been let go of then, and the caller must leave alone whatever givenUp handed to others.
func (s *Session) Inline(givenUp func(error)) { s.givenUp = givenUp }

// job is what one call has a session do.
type job struct {
	inputs         []Input
	process, flush bool
}

func (s *Session) do(ctx context.Context, j job) (*Output, error) {
	if s.givenUp != nil {
		return s.work(ctx, j, s.givenUp)
	}
	return s.apart(ctx, j)
}

// apart does a job in a goroutine of its own, which is left behind where the job is given up.
func (s *Session) apart(ctx context.Context, j job) (output *Output, err error) {
	done := make(chan struct{}, 1) // the worker never waits for a caller that has gone
	go func() {
		stack.Grow()
		o, e := s.work(ctx, j, func(givenUp error) {
			err = givenUp
			done <- struct{}{}
		})
		if !errors.Is(e, ErrGivenUp) {
			output, err = o, e
			done <- struct{}{}
		}
	}()
	<-done
	return output, err
}

// work does a job in this goroutine. Where it is given up nobody else will see its output.
func (s *Session) work(ctx context.Context, j job, givenUp func(error)) (*Output, error) {
	if err := s.begin(ctx, j.inputs, givenUp); err != nil {
		releaseInputs(j.inputs)
		return nil, err
	}
	var output *Output
	err := Guard(func() (err error) {
		output, err = s.run(j)
		return err
	})
	if s.finish() {
		return output, err
	}
	if output != nil {
		output.Release()
	}
	s.dispose()
	s.engine.abandoned.Add(-1)
	return nil, ErrGivenUp
}

// begin takes the session from idle to running, unless an input is beyond the sample limit.
func (s *Session) begin(ctx context.Context, inputs []Input, givenUp func(error)) error {
	for i := range inputs {
		if b := inputs[i].Item.Audio; b != nil && uint64(b.NumSamples()) > s.limits.Samples {
			return SampleLimit(s.plan.Nodes[inputs[i].Node].ID, uint64(b.NumSamples()), s.limits.Samples)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != idle {
		return fault.New(fault.CodeInternal, "the session was used after it ended")
	}
	s.started = time.Now() // before the limit's time begins, which an error is told with
	s.ctx = s.limiter.start(ctx, s.limits.Timeout, s)
	s.state, s.dirty, s.tell = running, true, givenUp
	return nil
}

// finish takes the session back to idle, unless the job was given up.
func (s *Session) finish() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state == abandoned {
		return false
	}
	s.limiter.stop()
	s.state = idle
	return true
}

// giveUp leaves the job that runs with a context that has ended to itself, unless it has just ended, too.
func (s *Session) giveUp(ctx context.Context) {
	s.mu.Lock()
	if s.state != running || s.ctx != ctx {
		s.mu.Unlock()
		return
	}
	s.state = abandoned
	s.engine.abandoned.Add(1)
	s.limiter.end()
	tell := s.tell
	s.mu.Unlock()
	tell(s.interrupted(context.Cause(ctx)))
}

// is reports whether a session is in a state.
func (s *Session) is(state state) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state == state
}
