package admission

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// far is a service at the end of a way: headers and answers take their time, so that a caller's clock began before that of the service,
// and what is in time there may be late here. Bodies take time, too.
type far struct {
	c         *Controller
	way, body time.Duration // means; each takes half to one and a half times that

	mu       sync.Mutex
	random   *rand.Rand
	computed int // calls that were computed to their end
	bodies   int // calls that were refused, or gave up, when their body was there
}

func newFar(c *Controller, way, body time.Duration) *far {
	return &far{c: c, way: way, body: body, random: rand.New(rand.NewPCG(8, 8))}
}

func (f *far) sleep(mean time.Duration) {
	f.mu.Lock()
	took := time.Duration((0.5 + f.random.Float64()) * float64(mean))
	f.mu.Unlock()
	time.Sleep(took)
}

// serve is one call by a caller who has gone, and tells so, at its deadline. It ends when an answer is there, in time or not.
func (f *far) serve(caller context.Context, tenant string, work time.Duration) error {
	deadline, _ := caller.Deadline()
	timeout := time.Until(deadline)
	f.sleep(f.way)
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	defer context.AfterFunc(caller, func() { f.sleep(f.way); cancel() })()
	err := f.admitted(ctx, tenant, work)
	f.sleep(f.way)
	return err
}

func (f *far) admitted(ctx context.Context, tenant string, work time.Duration) error {
	p, err := f.c.Enter(ctx, tenant)
	if err != nil {
		return err
	}
	defer p.Leave()
	f.sleep(f.body)
	s, err := p.Compute(ctx)
	if err != nil {
		f.count(&f.bodies)
		return err
	}
	defer s.Release()
	time.Sleep(work)
	f.count(&f.computed)
	return nil
}

func (f *far) count(n *int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	*n++
}

// TestRel5_NextToNothingIsComputedForCallersThatHaveGone: deadlines of a few service times, three times the capacity. What is computed in vain while
// the service learns counts, too.
func TestRel5_NextToNothingIsComputedForCallersThatHaveGone(t *testing.T) {
	const during, us = 3 * time.Second, time.Microsecond
	for _, x := range []struct {
		slots, services int
		way, body       time.Duration
		goodput         float64 // of the capacity, at least
	}{
		{1, 4, 0, 0, 0.75},
		{1, 4, 200 * us, 500 * us, 0.50},
		{1, 4, 500 * us, 500 * us, 0.50},
		{1, 6, 500 * us, 1000 * us, 0.60},
		{1, 10, 500 * us, 1000 * us, 0.90},
		{3, 8, 500 * us, 1000 * us, 0.60},
		{1, 100, 500 * us, 1000 * us, 0.95}, // the control: what isn't short isn't touched
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFar(New(Options{Slots: x.slots}), x.way, x.body)
			r := run(9, during, f.serve, load{"a", 3000 * float64(x.slots), time.Duration(x.services) * meanWork})[0]
			time.Sleep(time.Second) // callers that have gone tell so
			at := fmt.Sprintf("%d slots, deadline %d services, way %v, body %v", x.slots, x.services, x.way, x.body)
			if waste := f.computed - r.good; float64(waste) > 0.01*float64(f.computed) {
				t.Errorf("%s: %d of %d were computed in vain", at, waste, f.computed)
			}
			if got := float64(r.good) * float64(meanWork) / float64(during) / float64(x.slots); got < x.goodput {
				t.Errorf("%s: goodput is %.2f of the capacity", at, got)
			}
			if f.bodies > f.computed/50 {
				t.Errorf("%s: %d were refused when their bodies were there, %d computed", at, f.bodies, f.computed)
			}
			checkEmpty(t, f.c)
		})
	}
}

// TestAMarginFindsAQuantileAndFollowsIt: errors are up to one unit, and later up to a tenth of that.
func TestAMarginFindsAQuantileAndFollowsIt(t *testing.T) {
	const draws, unit, most = 20_000, time.Millisecond, time.Second
	random := rand.New(rand.NewPCG(11, 11))
	var m margin
	late := func(errors time.Duration) (n int) {
		for range draws {
			kept := time.Duration(random.Float64()*float64(errors)) <= m.of(unit, most)
			if m.learn(kept, unit, most); !kept {
				n++
			}
		}
		return n
	}
	if n := late(unit); n > 2*unkept*draws || m.of(unit, most) < unit*9/10 {
		t.Errorf("%d of %d were late, the margin is %v", n, draws, m.of(unit, most))
	}
	if n := late(unit / 10); n > 2*unkept*draws || m.of(unit, most) > unit*7/10 {
		t.Errorf("%d of %d were late, the margin is %v", n, draws, m.of(unit, most))
	}
	for range 100 {
		m.learn(false, unit, 3*unit)
	}
	if m.level > 3 || m.of(unit, 2*unit) != 2*unit {
		t.Errorf("the level is %v, the margin %v", m.level, m.of(unit, 2*unit))
	}
}

// TestWhoBreaksPromisesOnPurposeHasLittleEffect: callers with short deadlines that go early, always, can't shut out those whose deadlines
// are far, and one with a short deadline gets a try where nobody is before it.
func TestWhoBreaksPromisesOnPurposeHasLittleEffect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{Slots: 1})
		run(13, time.Second, admitted(c), load{"a", 500, time.Second}) // teaches the times
		for range 1000 {
			ctx, cancel := context.WithTimeout(t.Context(), 15*meanWork)
			p, err := c.Enter(ctx, "bad")
			if err != nil {
				t.Fatal(err)
			}
			s, err := p.Compute(ctx)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(meanWork)
			s.Release()
			cancel()
			p.Leave()
		}
		if most := c.reserve(); most > c.target() {
			t.Errorf("the margin is %v, the target %v", most, c.target())
		}
		r := run(14, 2*time.Second, admitted(c), load{"a", 700, 30 * meanWork}, load{"b", 100, 5 * meanWork})
		if r[0].refused+r[0].late > 0 {
			t.Errorf("with time enough: %d refused, %d late, %d served", r[0].refused, r[0].late, len(r[0].served))
		}
		if len(r[1].served) == 0 {
			t.Error("of those with little time none was served")
		}
		checkEmpty(t, c)
	})
}
