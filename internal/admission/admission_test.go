package admission

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/remotemedia/remotemedia-go/mem"
)

func enter(t *testing.T, c *Controller, tenant string) *Place {
	t.Helper()
	p, err := c.Enter(t.Context(), tenant)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func compute(t *testing.T, p *Place) *Slot {
	t.Helper()
	s, err := p.Compute(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEDGE3_PlacesThenQueueThenRefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{Places: 2, Queue: 1, Slots: 1})
		first, second := enter(t, c, "a"), enter(t, c, "a")
		third := make(chan *Place)
		go func() {
			p, _ := c.Enter(t.Context(), "a")
			third <- p
		}()
		synctest.Wait()
		checkStats(t, c, Stats{Places: 2, Queued: 1})
		began := time.Now()
		_, err := c.Enter(t.Context(), "a")
		f := refusedFor(t, err, ReasonFull)
		if time.Since(began) != 0 {
			t.Errorf("the refusal took %v", time.Since(began))
		}
		if f.Context["limit"] != "queue_size" || f.Context["current"] != 1 || f.Context["allowed"] != 1 {
			t.Errorf("context %v", f.Context)
		}
		first.Leave()
		p := <-third
		checkStats(t, c, Stats{Places: 2})
		first.Leave() // a second time does nothing
		second.Leave()
		p.Leave()
		checkEmpty(t, c)
		if s := c.Stats(); s.Admitted != 3 || s.Refused[ReasonFull] != 1 {
			t.Errorf("admitted %d, refused %v", s.Admitted, s.Refused)
		}
	})
}

func TestThePauseIsAtLeastTheConfiguredOneAndVaries(t *testing.T) {
	c := New(Options{RetryAfter: 100 * time.Millisecond})
	for _, x := range []struct {
		jitter     float64
		wait, want time.Duration
	}{
		{0, 0, 100 * time.Millisecond},
		{1, 0, 200 * time.Millisecond},
		{0, time.Second, time.Second},
		{0.5, time.Second, 1500 * time.Millisecond},
		{0, time.Hour, 30 * time.Second},
	} {
		c.jitter = func() float64 { return x.jitter }
		if got := c.pause(x.wait); got != x.want {
			t.Errorf("a wait of %v and jitter %v: %v, want %v", x.wait, x.jitter, got, x.want)
		}
	}
}

func TestWaitersAreServedByDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{Places: 1, Slots: 1})
		held := enter(t, c, "a")
		var order []int
		var done sync.WaitGroup
		for i, d := range []time.Duration{0, 9, 3, 6, 3, 3} { // 0: without one
			done.Go(func() {
				ctx := t.Context()
				if d > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, d*time.Second)
					defer cancel()
				}
				p, err := c.Enter(ctx, "a")
				if err != nil {
					t.Error(err)
					return
				}
				order = append(order, i) // one at a time: there is one place
				p.Leave()
			})
			synctest.Wait()
		}
		held.Leave()
		done.Wait()
		if want := []int{2, 4, 5, 3, 1, 0}; !slices.Equal(order, want) {
			t.Errorf("served in the order %v, want %v", order, want)
		}
		checkEmpty(t, c)
	})
}

func TestRel8_ChunksComeBeforeCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{Slots: 1})
		held := enter(t, c, "a")
		slot := compute(t, held)
		stream, err := c.OpenStream("b")
		if err != nil {
			t.Fatal(err)
		}
		var order []string
		var done sync.WaitGroup
		for range 3 {
			done.Go(func() {
				p := enter(t, c, "a")
				defer p.Leave()
				s := compute(t, p)
				defer s.Release()
				order = append(order, "call")
			})
		}
		synctest.Wait()
		for range 2 {
			done.Go(func() {
				s, err := stream.Compute(t.Context(), time.Now())
				if err != nil {
					t.Error(err)
				}
				defer s.Release()
				order = append(order, "chunk")
			})
		}
		synctest.Wait()
		checkStats(t, c, Stats{Places: 4, Slots: 1, Waiting: 3, WaitingLive: 2, Streams: 1})
		slot.Release()
		held.Leave()
		done.Wait()
		stream.Close()
		stream.Close()
		if want := []string{"chunk", "chunk", "call", "call", "call"}; !slices.Equal(order, want) {
			t.Errorf("served in the order %v", order)
		}
		checkEmpty(t, c)
	})
}

func TestACallThatGivesUpLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{Places: 1, Slots: 1, MaxWait: 2 * time.Second})
		held := enter(t, c, "a")
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if _, err := c.Enter(ctx, "a"); !errors.Is(err, context.Canceled) {
			t.Errorf("canceled: %v", err)
		}
		if _, err := c.Enter(ctx, "a"); !errors.Is(err, context.Canceled) {
			t.Errorf("canceled before: %v", err)
		}
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Enter(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("its deadline passed: %v", err)
		}
		began := time.Now()
		_, err := c.Enter(t.Context(), "a")
		refusedFor(t, err, ReasonWait)
		if waited := time.Since(began); waited != 2*time.Second {
			t.Errorf("without a deadline it waited %v", waited)
		}
		checkStats(t, c, Stats{Places: 1})
		held.Leave()
		checkEmpty(t, c)
	})
}

// What a call waits for may come at the moment it gives up: then it isn't lost.
func TestWhatComesTooLateIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{Places: 2, Slots: 1})
		first, second := enter(t, c, "a"), enter(t, c, "a")
		slot := compute(t, first)
		gaveUp := func(wait func(ctx context.Context) error, free func()) {
			t.Helper()
			ctx, cancel := context.WithCancel(t.Context())
			failed := make(chan error, 1)
			go func() { failed <- wait(ctx) }()
			synctest.Wait()
			c.mu.Lock() // it sees the cancel, and can't say so before it has got what it waited for
			cancel()
			for range 100 {
				runtime.Gosched()
			}
			free()
			c.mu.Unlock()
			<-failed // whichever it saw first
		}
		gaveUp(func(ctx context.Context) error {
			s, err := second.Compute(ctx)
			s.Release()
			return err
		}, func() {
			slot.state = released
			slot.stop()
		})
		checkStats(t, c, Stats{Places: 2})
		gaveUp(func(ctx context.Context) error {
			p, err := c.Enter(ctx, "a")
			p.Leave()
			return err
		}, func() { c.leavePlace(first.tenant) })
		checkStats(t, c, Stats{Places: 1})
		first.left = true // it was given back above
		c.uncount(first)
		second.Leave()
		checkEmpty(t, c)
	})
}

func TestWhatCantBeServedInTimeIsRefusedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{Slots: 1})
		p := enter(t, c, "a") // teaches what a call takes
		s := compute(t, p)
		time.Sleep(100 * time.Millisecond)
		s.Release()
		p.Leave()
		busy := enter(t, c, "a")
		slot := compute(t, busy)
		for _, x := range []struct {
			left  time.Duration
			wants bool
		}{{150 * time.Millisecond, false}, {250 * time.Millisecond, false}, {450 * time.Millisecond, true}} {
			ctx, cancel := context.WithTimeout(t.Context(), x.left)
			p, err := c.Enter(ctx, "a")
			cancel()
			if !x.wants {
				refusedFor(t, err, ReasonLate)
				continue
			}
			if err != nil {
				t.Errorf("%v are enough: %v", x.left, err)
			}
			p.Leave()
		}
		slot.Release()
		busy.Leave()
		checkEmpty(t, c)
	})
}

// TestHeavyCallsDontShutLightOnesOut: what others took says little of a call that nothing is before.
func TestHeavyCallsDontShutLightOnesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{Slots: 1, MaxWait: time.Second})
		p := enter(t, c, "a")
		s := compute(t, p)
		time.Sleep(time.Hour)
		s.Release()
		p.Leave()
		for range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			p, err := c.Enter(ctx, "a")
			if err != nil {
				t.Fatal(err)
			}
			s, err := p.Compute(ctx)
			if err != nil {
				t.Fatal(err)
			}
			cancel()
			s.Release()
			p.Leave()
		}
		checkEmpty(t, c)
	})
}

func TestEstimatesFollowWhatIsUsual(t *testing.T) {
	var e estimate
	for range 100 {
		e.add(time.Millisecond)
	}
	e.add(time.Hour) // one in a hundred changes little
	if e.mean > 2*time.Millisecond {
		t.Errorf("after one long call the mean is %v", e.mean)
	}
	for range 50 {
		e.add(time.Second)
	}
	if e.mean < 900*time.Millisecond {
		t.Errorf("after fifty long calls the mean is %v", e.mean)
	}
}

func TestYieldGivesTheSlotBackWhileANodeWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{Slots: 1})
		p, q := enter(t, c, "a"), enter(t, c, "a")
		s := compute(t, p)
		s.Yield(func() {
			other := compute(t, q) // there is one slot: it would wait for ever
			checkStats(t, c, Stats{Places: 2, Slots: 1})
			s.Yield(func() {}) // within one another they do nothing
			other.Release()
			other.Yield(func() { checkStats(t, c, Stats{Places: 2}) }) // released: nothing is taken again
		})
		checkStats(t, c, Stats{Places: 2, Slots: 1})
		time.Sleep(time.Second)
		s.Release()
		s.Release()
		time.Sleep(time.Second)
		if got := c.Stats().Saturated; got != time.Second {
			t.Errorf("every slot was in use for %v, want 1s", got)
		}
		p.Leave()
		q.Leave()
		checkEmpty(t, c)
	})
}

func TestAReleaseEndsTheWaitOfAYield(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{Slots: 1})
		p, q := enter(t, c, "a"), enter(t, c, "a")
		s := compute(t, p)
		var taken *Slot
		worker := make(chan struct{})
		go func() { // as a node's worker does, left behind by the handler
			defer close(worker)
			s.Yield(func() { taken = compute(t, q) })
		}()
		synctest.Wait()
		checkStats(t, c, Stats{Places: 2, Slots: 1, Waiting: 1})
		s.Release()
		<-worker
		checkStats(t, c, Stats{Places: 2, Slots: 1})
		taken.Release()
		p.Leave()
		q.Leave()
		checkEmpty(t, c)
	})
}

func TestAReleaseDuringAYieldIsFinal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{Slots: 1})
		p := enter(t, c, "a")
		s := compute(t, p)
		s.Yield(s.Release)
		p.Leave()
		checkEmpty(t, c)
	})
}

func TestStreamsHaveALimitOfTheirOwn(t *testing.T) {
	c := New(Options{Streams: 1, Places: 1})
	held := enter(t, c, "a")
	stream, err := c.OpenStream("a")
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.OpenStream("b")
	refusedFor(t, err, ReasonStreams)
	stream.Close()
	held.Leave()
	checkEmpty(t, c)
}

func TestWithoutAdmissionNothingIsDone(t *testing.T) {
	var p *Place
	var s *Stream
	var c *Controller
	slot, err := p.Compute(t.Context())
	ran := false
	slot.Yield(func() { ran = true })
	slot.Release()
	chunk, err2 := s.Compute(t.Context(), time.Now())
	chunk.Release()
	s.Close()
	p.Leave()
	release, err3 := c.Reserve("a", 1)
	release()
	if err := errors.Join(err, err2, err3); err != nil || !ran {
		t.Errorf("%v, ran %v", err, ran)
	}
}

func TestConfigureLetsWaitersIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{Places: 1, Slots: 1})
		held := enter(t, c, "a")
		slot := compute(t, held)
		entered, computes := make(chan *Place, 1), make(chan *Slot, 1)
		go func() {
			p, err := c.Enter(t.Context(), "a")
			if err != nil {
				t.Error(err)
			}
			entered <- p
			s, err := p.Compute(t.Context())
			if err != nil {
				t.Error(err)
			}
			computes <- s
		}()
		synctest.Wait()
		c.Configure(Options{Places: 2, Slots: 1})
		p := <-entered
		synctest.Wait()
		checkStats(t, c, Stats{Places: 2, Slots: 1, Waiting: 1})
		c.Configure(Options{Places: 1, Slots: 2}) // those that are in stay
		s := <-computes
		checkStats(t, c, Stats{Places: 2, Slots: 2})
		s.Release()
		slot.Release()
		p.Leave()
		held.Leave()
		checkEmpty(t, c)
	})
}

func TestRelT13_BodiesAreReservedFromTheTenantsShare(t *testing.T) {
	root := mem.NewRoot(100)
	c := New(Options{Memory: root, TenantMemory: 50})
	first, err := c.Reserve("a", 60) // above the share, but one is always possible
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Reserve("a", 1)
	refusedFor(t, err, ReasonMemory)
	_, err = c.Reserve("b", 50)
	refusedFor(t, err, ReasonMemory)
	second, err := c.Reserve("b", 40)
	if err != nil || root.Used() != 100 {
		t.Fatalf("%v, used %d", err, root.Used())
	}
	_, err = c.Reserve("b", 11) // 51 of 50
	refusedFor(t, err, ReasonMemory)
	first()
	first()
	third, err := c.Reserve("b", 10) // 50 of 50
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Reserve("b", 11) // there is memory, but not for b
	refusedFor(t, err, ReasonMemory)
	second()
	third()
	if root.Used() != 0 {
		t.Errorf("%d bytes are left", root.Used())
	}
	checkEmpty(t, c)
}
