package admission

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// load is an open loop: calls of one tenant come at random, whatever becomes of them.
type load struct {
	tenant   string
	rate     float64 // calls a second
	deadline time.Duration
}

// result is what became of the calls of a load.
type result struct {
	mu      sync.Mutex
	served  []time.Duration // how long each took that was served in time
	late    int
	refused int
	good    int // served in time, also while warming up
}

func (r *result) note(err error, took, deadline time.Duration, counts bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil && took <= deadline {
		r.good++
	}
	switch {
	case !counts:
	case err != nil && !errors.Is(err, context.DeadlineExceeded):
		r.refused++
	case err != nil || took > deadline:
		r.late++
	default:
		r.served = append(r.served, took)
	}
}

func (r *result) quantile(q float64) time.Duration {
	slices.Sort(r.served)
	if len(r.served) == 0 {
		return 0
	}
	return r.served[int(q*float64(len(r.served)-1))]
}

// serve is one call: it gets in, its body arrives, it computes.
type serve func(ctx context.Context, tenant string, work time.Duration) error

func admitted(c *Controller) serve {
	return func(ctx context.Context, tenant string, work time.Duration) error {
		p, err := c.Enter(ctx, tenant)
		if err != nil {
			return err
		}
		defer p.Leave()
		time.Sleep(200 * time.Microsecond)
		s, err := p.Compute(ctx)
		if err != nil {
			return err
		}
		defer s.Release()
		time.Sleep(work)
		return nil
	}
}

// unlimited is a machine of one processor without admission: first come, first served, whether or not anybody still waits.
func unlimited() serve {
	processor := make(chan struct{}, 1)
	return func(_ context.Context, _ string, work time.Duration) error {
		processor <- struct{}{}
		time.Sleep(work)
		<-processor
		return nil
	}
}

const meanWork = time.Millisecond // capacity is 1000 calls a second

// run offers loads for a time, in virtual time, and returns what became of each. The first quarter is warming up.
func run(seed uint64, during time.Duration, s serve, loads ...load) []*result {
	out := make([]*result, len(loads))
	var all sync.WaitGroup
	for i, l := range loads {
		out[i] = &result{}
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		all.Go(func() {
			began := time.Now()
			for time.Since(began) < during {
				time.Sleep(time.Duration(r.ExpFloat64() / l.rate * float64(time.Second)))
				counts, work := time.Since(began) > during/4, time.Duration((0.5+r.Float64())*float64(meanWork))
				all.Go(func() {
					ctx, cancel := context.WithTimeout(context.Background(), l.deadline)
					defer cancel()
					start := time.Now()
					err := s(ctx, l.tenant, work)
					out[i].note(err, time.Since(start), l.deadline, counts)
				})
			}
		})
	}
	all.Wait()
	return out
}

// TestRel1_GoodputHoldsAboveCapacity offers 2, 5 and 10 times what one slot can do, and the same to a machine without admission.
func TestRel1_GoodputHoldsAboveCapacity(t *testing.T) {
	const during, deadline = 4 * time.Second, 250 * time.Millisecond
	const capacity = 3000 // in the three quarters that count
	var usual time.Duration
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{Slots: 1})
		r := run(1, during, admitted(c), load{"a", 700, deadline})[0]
		usual = r.quantile(0.99)
		if r.refused+r.late > 0 {
			t.Errorf("below capacity %d were refused and %d late", r.refused, r.late)
		}
		checkEmpty(t, c)
	})
	for _, x := range []struct {
		times         float64
		goodput, slow float64
	}{{2, 0.95, 3}, {5, 0.92, 3}, {10, 0.90, 5}} {
		synctest.Test(t, func(t *testing.T) {
			c := New(Options{Slots: 1})
			r := run(2, during, admitted(c), load{"a", 1000 * x.times, deadline})[0]
			if got := float64(len(r.served)) / capacity; got < x.goodput {
				t.Errorf("%vx: goodput is %.2f of the capacity, want %v; refused %d, late %d", x.times, got, x.goodput, r.refused, r.late)
			}
			if p99 := r.quantile(0.99); float64(p99) > x.slow*float64(usual) {
				t.Errorf("%vx: p99 of the accepted is %v, at 0.7 of the capacity %v", x.times, p99, usual)
			}
			if late := float64(r.late) / float64(len(r.served)); late > 0.001 {
				t.Errorf("%vx: %d of %d accepted were late", x.times, r.late, len(r.served))
			}
			checkEmpty(t, c)
		})
	}
	synctest.Test(t, func(t *testing.T) { // the control: without admission it collapses
		if r := run(2, during, unlimited(), load{"a", 2000, deadline})[0]; float64(len(r.served)) > 0.5*capacity {
			t.Errorf("without admission %d calls of %d were in time, so that this test shows nothing", len(r.served), capacity)
		}
	})
}

// TestRel7_AGreedyTenantTakesNothingFromAModestOne: A offers 20 times its share, B half of its own.
func TestRel7_AGreedyTenantTakesNothingFromAModestOne(t *testing.T) {
	const during, deadline = 4 * time.Second, 250 * time.Millisecond
	modest := load{"b", 250, deadline}
	var alone, beside *result
	synctest.Test(t, func(t *testing.T) { alone = run(3, during, admitted(New(Options{Slots: 1})), modest)[0] })
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{Slots: 1})
		r := run(3, during, admitted(c), modest, load{"a", 10_000, deadline})
		beside = r[0]
		if got := len(r[0].served) + len(r[1].served); got < 2850 {
			t.Errorf("together %d were served, the capacity is 3000", got)
		}
		checkEmpty(t, c)
	})
	if beside.refused+beside.late > 0 || len(beside.served) != len(alone.served) {
		t.Errorf("of %d calls %d were served, %d refused, %d late", len(alone.served), len(beside.served), beside.refused, beside.late)
	}
	if a, b := alone.quantile(0.99), beside.quantile(0.99); b > 2*a {
		t.Errorf("p99 is %v beside the greedy one, %v alone", b, a)
	}
	synctest.Test(t, func(t *testing.T) { // the control: where all are one tenant, the modest one suffers
		c := New(Options{Slots: 1})
		together := func(ctx context.Context, _ string, work time.Duration) error { return admitted(c)(ctx, "all", work) }
		if r := run(3, during, together, modest, load{"a", 10_000, deadline})[0]; r.refused == 0 {
			t.Error("without tenants nothing was refused either, so that this test shows nothing")
		}
	})
}

// TestRel4_RecoversAtOnce: after 10 times the capacity for a while, half of it is served without refusals within 2 seconds.
func TestRel4_RecoversAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{Slots: 1})
		run(4, 2*time.Second, admitted(c), load{"a", 10_000, 250 * time.Millisecond})
		r := run(5, 4*time.Second, admitted(c), load{"a", 500, 250 * time.Millisecond})[0] // the first second is left out
		if r.refused+r.late > 0 {
			t.Errorf("%d refused, %d late of %d", r.refused, r.late, len(r.served))
		}
		checkEmpty(t, c)
	})
}

// TestT031_ABurstIsServed: what comes at once and fits into places and queue is served, however long it takes.
func TestT031_ABurstIsServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{Slots: 1})
		var all sync.WaitGroup
		for range DefaultPlaces {
			all.Go(func() {
				if err := admitted(c)(t.Context(), "a", meanWork); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		checkEmpty(t, c)
	})
}

// TestRel9_SlowSendersDontCountAsBacklog: they hold places, and the others are served as if they weren't there.
func TestRel9_SlowSendersDontCountAsBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{Slots: 1})
		run(6, time.Second, admitted(c), load{"a", 500, time.Second}) // teaches the times
		var slow []*Place
		for range 500 {
			slow = append(slow, enter(t, c, "a"))
		}
		time.Sleep(2 * time.Second)
		r := run(7, 2*time.Second, admitted(c), load{"a", 500, 20 * time.Millisecond})[0]
		if r.refused > 0 {
			t.Errorf("%d refused, %d late, %d served", r.refused, r.late, len(r.served))
		}
		for _, p := range slow {
			p.Leave()
		}
		checkEmpty(t, c)
	})
}

// TestRel17_PlacesAndSlotsAreConserved: whatever calls, streams and nodes do, in any order, limits hold and nothing is left.
func TestRel17_PlacesAndSlotsAreConserved(t *testing.T) {
	pauses := 0
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			bounded := &bounds{t: t}
			c := New(Options{Places: 5, Queue: 5, Slots: 2, Streams: 4, MaxWait: 50 * time.Millisecond, Observer: bounded})
			var all sync.WaitGroup
			for i := range uint64(60) {
				r := rand.New(rand.NewPCG(seed, i))
				all.Go(func() {
					for range 10 {
						randomCall(c, r)
						bounded.check(c)
					}
				})
			}
			all.Wait()
			checkEmpty(t, c)
			if s := c.Stats(); s.Admitted == 0 || len(s.Refused) == 0 {
				t.Errorf("nothing happened: %+v", s)
			}
			pauses += bounded.pauses
		})
	}
	if pauses < 100 {
		t.Errorf("only %d calls gave way", pauses)
	}
}

type bounds struct {
	t      *testing.T
	pauses int // guarded by the controller's lock
}

func (b *bounds) Waited(stage Stage, _ time.Duration) {
	if stage == StagePause {
		b.pauses++
	}
}
func (*bounds) Refused(Reason)        {}
func (*bounds) Shedding(Reason, bool) {}

func (b *bounds) check(c *Controller) {
	checkAccounts(b.t, c)
	s := c.Stats()
	if s.Places > s.PlacesLimit || s.Slots > s.SlotsLimit || s.Streams > s.StreamsLimit || s.Queued > s.QueueLimit ||
		min(s.Places, s.Slots, s.Streams, s.Queued, s.Waiting, s.WaitingLive) < 0 {
		b.t.Errorf("out of bounds: %+v", s)
	}
}

// randomCall is a unary call or a stream that may give up, wait, be abandoned, or end at any moment.
func randomCall(c *Controller, r *rand.Rand) {
	pause := func() { time.Sleep(time.Duration(r.IntN(5)) * time.Millisecond) }
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(r.IntN(40))*time.Millisecond)
	defer cancel()
	tenant := string(rune('a' + r.IntN(3)))
	if r.IntN(3) == 0 {
		stream, err := c.OpenStream(tenant)
		if err != nil {
			return
		}
		defer stream.Close()
		for range r.IntN(4) {
			s, err := stream.Compute(ctx, time.Now())
			if err == nil {
				work(ctx, s, r, pause)
			}
		}
		return
	}
	p, err := c.Enter(ctx, tenant)
	if err != nil {
		return
	}
	defer p.Leave()
	pause()
	if r.IntN(5) == 0 {
		return // the body never came
	}
	if s, err := p.Compute(ctx); err == nil {
		work(ctx, s, r, pause)
	}
}

func work(ctx context.Context, s *Slot, r *rand.Rand, pause func()) {
	defer s.Release()
	for range r.IntN(6) {
		pause()
		s.GiveWay(ctx)
	}
	if r.IntN(2) == 0 {
		s.Yield(pause)
	}
	if r.IntN(4) == 0 { // abandoned: the node goes on alone
		left := make(chan struct{})
		go func() {
			defer close(left)
			s.Yield(func() { time.Sleep(3 * time.Millisecond) })
			s.GiveWay(context.Background())
		}()
		pause()
		s.Release()
		<-left
	}
}
