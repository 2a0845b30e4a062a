package admission

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// processor is shared evenly by those that use it at the same moment.
type processor struct {
	mu    sync.Mutex
	users []*use
	since time.Time // when they were looked at
	timer *time.Timer
}

type use struct {
	left time.Duration
	done chan struct{}
}

func (p *processor) use(d time.Duration) {
	u := &use{d, make(chan struct{})}
	p.mu.Lock()
	p.advance()
	p.users = append(p.users, u)
	p.plan()
	p.mu.Unlock()
	<-u.done
}

// advance gives each user its part of the time that has passed.
func (p *processor) advance() {
	now := time.Now()
	if n := time.Duration(len(p.users)); n > 0 {
		part := (now.Sub(p.since) + n - 1) / n
		p.users = slices.DeleteFunc(p.users, func(u *use) bool {
			if u.left -= part; u.left > 0 {
				return false
			}
			close(u.done)
			return true
		})
	}
	p.since = now
}

// plan looks again when the first user is done.
func (p *processor) plan() {
	if p.timer != nil {
		p.timer.Stop()
	}
	if len(p.users) == 0 {
		return
	}
	first := slices.MinFunc(p.users, func(a, b *use) int { return cmp.Compare(a.left, b.left) })
	p.timer = time.AfterFunc(first.left*time.Duration(len(p.users)), func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.advance()
		p.plan()
	})
}

// oneCore is a service on one processor, which computes and answers the network as the kernel has two threads share it. What comes from the
// network is looked at one after the other: a flood of calls takes the processor from what is computed, and makes all that comes late.
type oneCore struct {
	processor
	c        *Controller
	network  chan struct{}
	givesWay bool
	headers  time.Duration // to look at a call and, where that is the end of it, to refuse it
}

const (
	coreWork  = 4 * meanWork           // capacity is 250 calls a second
	coreBlock = 300 * time.Microsecond // after which a call may give way
	coreBody  = 320 * time.Microsecond // to read what a call brings
	coreTurn  = 6 * time.Millisecond   // that something else takes now and then, where there is something else
	coreRest  = 40*time.Millisecond - coreTurn
)

func newOneCore(c *Controller, headers time.Duration) *oneCore {
	return &oneCore{c: c, headers: headers, network: make(chan struct{}, 1)}
}

func (o *oneCore) receive(d time.Duration) {
	o.network <- struct{}{}
	o.use(d)
	<-o.network
}

func (o *oneCore) serve(caller context.Context, tenant string, work time.Duration) error {
	deadline, _ := caller.Deadline()
	timeout := time.Until(deadline)
	o.receive(o.headers)
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	p, err := o.c.Enter(ctx, tenant)
	if err != nil {
		return err
	}
	defer p.Leave()
	o.receive(coreBody)
	s, err := p.Compute(ctx)
	if err != nil {
		return err
	}
	defer s.Release()
	for left := work * coreWork / meanWork; left > 0; left -= coreBlock {
		o.use(min(left, coreBlock))
		if o.givesWay {
			s.GiveWay(ctx)
		}
	}
	return nil
}

// busy has something else use the processor now and then.
func (o *oneCore) busy(ctx context.Context) {
	for ctx.Err() == nil {
		time.Sleep(coreRest)
		o.use(coreTurn)
	}
}

// TestRel7_AFloodOfRefusalsIsPaidByWhoCausesIt: one tenant offers ten times the capacity, and that refusing it takes a good part of the processor makes
// the calls of all take longer. Another one, which asks for a quarter of the capacity, isn't refused for what it seems to use then. The control is
// the same without the charge for refusals, where they take so much that the modest tenant seems to be above its share.
func TestRel7_AFloodOfRefusalsIsPaidByWhoCausesIt(t *testing.T) {
	const during, deadline, us = 8 * time.Second, 250 * time.Millisecond, time.Microsecond
	flood := func(t *testing.T, o Options, charge, headers time.Duration, busy bool) (modest, greedy *result) {
		synctest.Test(t, func(t *testing.T) {
			c := New(o)
			c.refusing = charge
			core := newOneCore(c, headers)
			ctx, cancel := context.WithCancel(t.Context())
			var others sync.WaitGroup
			others.Go(func() { c.Watch(ctx, 100*time.Millisecond) })
			if busy {
				others.Go(func() { core.busy(ctx) })
			}
			r := run(3, during, core.serve, load{"b", 62.5, deadline}, load{"a", 2500, deadline})
			cancel()
			others.Wait()
			modest, greedy = r[0], r[1]
			checkEmpty(t, c)
		})
		return modest, greedy
	}
	plain := Options{Slots: 1}
	shedding := Options{
		Slots:    1,
		Probes:   Probes{CPU: func() float64 { return 100 }},
		Shedding: Shedding{Enabled: true, CPU: 90, CPUPeriod: time.Second, Memory: 90, Queue: 80, Recovery: 10},
	}
	for _, x := range []struct {
		name    string
		o       Options
		headers time.Duration
		busy    bool
		least   int // served of both, in the three quarters that count
	}{
		{"a third of the processor", plain, 110 * us, false, 900},
		{"a third of the processor, shedding", shedding, 110 * us, false, 900},
		{"half of it", plain, 150 * us, true, 600},
		{"half of it, shedding", shedding, 150 * us, true, 600},
	} {
		t.Run(x.name, func(t *testing.T) {
			b, a := flood(t, x.o, usualRefusal, x.headers, x.busy)
			if b.refused+b.late > 0 {
				t.Errorf("of the modest tenant %d were served, %d refused, %d late", len(b.served), b.refused, b.late)
			}
			if all := len(b.served) + len(a.served); all < x.least {
				t.Errorf("together %d were served", all)
			}
			if !x.busy {
				return
			}
			if b, _ := flood(t, x.o, 0, x.headers, x.busy); b.refused == 0 {
				t.Error("without the charge the modest tenant wasn't refused either, so that this test shows nothing")
			}
		})
	}
}

// TestRel7_WhatIsRefusedIsPaidFor: by the tenant whose call it was, up to what others may claim, and a debt delays nobody who is alone.
func TestRel7_WhatIsRefusedIsPaidFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{Slots: 1, Places: 2, Queue: -1})
		first, second := enter(t, c, "a"), enter(t, c, "b")
		compute(t, first).Release()
		before := first.tenant.used
		_, err := c.Enter(t.Context(), "a")
		refusedFor(t, err, ReasonFull)
		if got := first.tenant.used - before; got != usualRefusal {
			t.Errorf("a refusal was charged as %v", got)
		}
		if second.tenant.used != before {
			t.Errorf("another tenant has used %v", second.tenant.used)
		}
		for range 10_000 {
			_, err := c.Enter(t.Context(), "a")
			refusedFor(t, err, ReasonFull)
		}
		if owed := first.tenant.used - c.clock; owed != c.credit() {
			t.Errorf("after 10000 refusals %v is owed, others may claim %v", owed, c.credit())
		}
		second.Leave()
		began := time.Now()
		compute(t, first).Release()
		first.Leave()
		if took := time.Since(began); took != 0 {
			t.Errorf("one that is alone waited %v", took)
		}
		checkEmpty(t, c)
	})
}

// TestRel7_AFloodHardlyDelaysAModestTenant: its calls take at most twice as long as alone, beside a flood whose refusals take a third of the processor. The control
// is the same where calls that compute keep their slot.
func TestRel7_AFloodHardlyDelaysAModestTenant(t *testing.T) {
	const during, deadline, headers = 16 * time.Second, 250 * time.Millisecond, 110 * time.Microsecond
	slowest := func(givesWay bool, loads ...load) (p99 time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			core := newOneCore(New(Options{Slots: 1}), headers)
			core.givesWay = givesWay
			r := run(0, during, core.serve, loads...)
			if r[0].refused+r[0].late > 0 {
				t.Errorf("%d were refused, %d late", r[0].refused, r[0].late)
			}
			p99 = r[0].quantile(0.99)
		})
		return p99
	}
	modest, greedy := load{"b", 62.5, deadline}, load{"a", 2500, deadline}
	alone := slowest(true, modest)
	if beside := slowest(true, modest, greedy); beside > 2*alone {
		t.Errorf("p99 is %v beside the flood, %v alone", beside, alone)
	}
	if beside := slowest(false, modest, greedy); beside <= 2*alone {
		t.Errorf("p99 is %v beside the flood, %v alone, where no call gives way, so that this test shows nothing", beside, alone)
	}
}
