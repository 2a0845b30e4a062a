package engine_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/fault"
)

// A node that is deaf to cancel keeps the goroutine that asked for the job, and another is told.
func TestRel15_InlineJobIsGivenUpBehindItsCaller(t *testing.T) {
	r := newRig(t)
	s := r.open(plan(t, "a:Stuck"))
	ctx, cancel := context.WithCancel(t.Context())
	told, returned := make(chan error, 1), make(chan error, 1)
	s.Inline(func(err error) { told <- err })
	in := sound(t, s, "a", 1, 2)
	go func() {
		_, err := s.Execute(ctx, []engine.Input{in})
		returned <- err
	}()
	<-entered
	cancel()
	if f := fault.From(<-told); f.Kind != fault.Canceled || f.NodeID != "a" {
		t.Errorf("told %+v", f)
	}
	if r.Abandoned() != 1 || s.Account().Used() != 2 {
		t.Errorf("%d are left behind with %d bytes, want 1 with 2", r.Abandoned(), s.Account().Used())
	}
	stuck <- struct{}{}
	if err := <-returned; !errors.Is(err, engine.ErrGivenUp) {
		t.Errorf("the job returned %v", err)
	}
	if r.Abandoned() != 0 || r.OpenSessions() != 0 || s.Account().Used() != 0 {
		t.Errorf("%d are left behind, %d sessions are open, %d bytes are held", r.Abandoned(), r.OpenSessions(), s.Account().Used())
	}
	s.Close()
	if _, err := s.Turn(t.Context(), nil); err == nil || errors.Is(err, engine.ErrGivenUp) {
		t.Errorf("the session can be used on: %v", err)
	}
}

func TestFR011_InlineJobHasATimeLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		s := r.open(plan(t, "a:Slow"))
		var told error
		s.Inline(func(err error) { told = err })
		start := time.Now()
		_, err := s.Turn(t.Context(), []engine.Input{data(s, "a", "1")})
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("stopped after %v, want 5s", took)
		}
		synctest.Wait() // either of the two may have been first
		if errors.Is(err, engine.ErrGivenUp) {
			err = told
		} else if told != nil {
			t.Errorf("it was both given up and done, with %v", err)
		}
		if f := fault.From(err); f.Code != fault.CodeTimeLimit || f.NodeID != "a" {
			t.Errorf("%+v", f)
		}
		s.Close()
	})
}

// The end of a context gives up the jobs that were asked for with it, and no others.
func TestContextThatEndsBetweenJobsHarmsNone(t *testing.T) {
	r := newRig(t)
	s := r.open(plan(t, "a:Pass"))
	defer s.Close()
	s.Inline(func(err error) { t.Errorf("given up: %v", err) })
	for range 2000 {
		ctx, cancel := context.WithCancel(t.Context())
		out, err := s.Turn(ctx, []engine.Input{data(s, "a", "1")})
		cancel() // what it has called runs beside the next turn
		if err != nil {
			t.Fatal(err)
		}
		out.Release()
	}
}
