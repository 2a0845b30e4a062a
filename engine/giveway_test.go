package engine_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/fault"
)

// turnstile is a slot that is wanted by others all the time: giving way takes a millisecond. The last time it lasts until the context ends.
type turnstile struct {
	times, last int
	end         context.CancelFunc
}

func (*turnstile) Yield(f func()) { f() }

func (s *turnstile) GiveWay(ctx context.Context) time.Duration {
	from := time.Now()
	time.Sleep(time.Millisecond)
	if s.times++; s.times == s.last {
		s.end()
		<-ctx.Done()
	}
	return time.Since(from)
}

// Between nodes, between items and at each Check of a node an execution gives way, and what that takes isn't the node's computing.
func TestRel8_ExecutionsGiveWayBetweenNodesItemsAndBlocks(t *testing.T) {
	const nodes, items = 2, 5
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		s := r.open(plan(t, "a:Loop", "b:Loop", "a>b"))
		defer s.Close()
		slot := &turnstile{}
		s.SetSlot(slot)
		var inputs []engine.Input
		for range items {
			inputs = append(inputs, data(s, "a", "1"))
		}
		out := r.execute(s, inputs...)
		defer out.Release()
		const turns = 2 // the second flushes
		if want := nodes * (turns + items*(1+loops)); slot.times != want {
			t.Errorf("it gave way %d times, want %d", slot.times, want)
		}
		for i, n := range out.Stats {
			if want := items * loops * time.Millisecond; n.Waited != want || n.Time < want {
				t.Errorf("node %d: %v of %v waited, want %v", i, n.Waited, n.Time, want)
			}
		}
	})
}

// Whichever pause the context ends in, the execution ends there.
func TestRel8_AnExecutionThatGaveWayEndsWithItsContext(t *testing.T) {
	for last := 1; ; last++ {
		done := false
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t)
			s := r.open(plan(t, "a:Loop", "b:Loop", "a>b"))
			defer s.Close()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			slot := &turnstile{last: last, end: cancel}
			s.SetSlot(slot)
			out, err := s.Execute(ctx, []engine.Input{data(s, "a", "1")})
			synctest.Wait()
			if done = slot.times < last; done {
				out.Release()
				return
			}
			if f := fault.From(err); f.Code != fault.CodeCanceled || slot.times != last {
				t.Errorf("given up in pause %d: %v, after %d pauses", last, err, slot.times)
			}
		})
		if done {
			if last < 2*loops {
				t.Errorf("there were only %d pauses", last)
			}
			return
		}
	}
}
