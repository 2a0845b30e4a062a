package admission

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestRel7_AModestTenantIsNeverRefused: what is far above the share of another tenant, and the shedding of load because of it, don't reach
// one that stays below its own, also when a few of its calls come together and their bodies take their time.
func TestRel7_AModestTenantIsNeverRefused(t *testing.T) {
	const during, deadline, body = 6 * time.Second, 250 * time.Millisecond, 2 * time.Millisecond
	modest := load{"b", 250, deadline}
	for name, o := range map[string]Options{
		"one slot": {Slots: 1},
		"busy processors": {
			Slots:    1,
			Probes:   Probes{CPU: func() float64 { return 100 }},
			Shedding: Shedding{Enabled: true, CPU: 90, CPUPeriod: time.Second, Memory: 90, Queue: 80, Recovery: 10},
		},
		"few places": {Slots: 1, Places: 20, Queue: 20},
	} {
		t.Run(name, func(t *testing.T) {
			var alone, beside, greedy *result
			synctest.Test(t, func(t *testing.T) {
				alone = run(3, during, newFar(New(Options{Slots: 1}), 0, body).serve, modest)[0]
			})
			synctest.Test(t, func(t *testing.T) {
				c := New(o)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				go c.Watch(ctx, 100*time.Millisecond)
				r := run(3, during, newFar(c, 0, body).serve, modest, load{"a", 5000, deadline})
				beside, greedy = r[0], r[1]
				checkEmpty(t, c)
			})
			if beside.refused+beside.late > 0 {
				t.Errorf("of %d calls %d were refused, %d late", len(alone.served), beside.refused, beside.late)
			}
			if all := len(beside.served) + len(greedy.served); all < 4200 {
				t.Errorf("together %d were served, the capacity is 4500", all)
			}
			if a, b := alone.quantile(0.99), beside.quantile(0.99); b > 2*a {
				t.Errorf("p99 is %v beside the greedy one, %v alone", b, a)
			}
		})
	}
}

// TestRel7_ManyTenantsAreBoundedTogether: each of many tenants has its credit, and yet not more is let in than can be answered soon.
func TestRel7_ManyTenantsAreBoundedTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const tenants, during, deadline = 100, 8 * time.Second, 250 * time.Millisecond
		c := New(Options{Slots: 1})
		var loads []load
		for i := range tenants {
			loads = append(loads, load{fmt.Sprint(i), 50, deadline})
		}
		all := &result{}
		for _, r := range run(10, during, admitted(c), loads...) {
			all.served = append(all.served, r.served...)
			all.late += r.late
			all.refused += r.refused
		}
		if n := len(all.served); n < 5500 || all.late > n/500 {
			t.Errorf("%d were served, %d late: the capacity is 6000", n, all.late)
		}
		if p50 := all.quantile(0.5); p50 > 5*time.Millisecond {
			t.Errorf("half of the calls took more than %v", p50)
		}
		checkEmpty(t, c)
	})
}

// TestRel7_ToStopForAMomentEarnsNoClaim: a tenant whose account is dropped and made again has used what it had used. One that is new has no claim
// on the time before it came.
func TestRel7_ToStopForAMomentEarnsNoClaim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{Slots: 1})
		call := func(tenant string) {
			if err := admitted(c)(t.Context(), tenant, meanWork); err != nil {
				t.Error(err)
			}
		}
		call("b")
		for range 100 {
			call("a")
		}
		used := func(tenant string) time.Duration {
			p := enter(t, c, tenant)
			defer p.Leave()
			return p.tenant.used
		}
		if a, b := used("a"), used("b"); a-b < c.credit()/2 {
			t.Errorf("one that computed for long has used %v, one that computed once %v", a, b)
		}
		if b, n := used("b"), used("new"); n-b < c.credit()/2 {
			t.Errorf("one that is new counts as if it had used %v, one that used little %v", n, b)
		}
		for i := range 5000 {
			call(fmt.Sprint(i))
		}
		if n := len(c.past); n > 1000 {
			t.Errorf("what %d tenants used is kept", n)
		}
		checkEmpty(t, c)
	})
}

// TestRel7_AGreedyTenantsCallGivesWayToAModestOne: a call computes for 10 ms when one of another tenant comes, that used less by far or as much, and then
// one of a third that used nothing: no more than one call for each slot gives way. The control is a call that never gives way.
func TestRel7_AGreedyTenantsCallGivesWayToAModestOne(t *testing.T) {
	const ms = time.Millisecond
	for _, x := range []struct {
		name     string
		modest   time.Duration // what the second tenant used
		givesWay bool
		want     []event
	}{
		{"less by far", -40 * ms, true, []event{{"modest", 3 * ms}, {"third", 5 * ms}, {"greedy", 14 * ms}}},
		{"as much", 0, true, []event{{"third", 4 * ms}, {"greedy", 12 * ms}, {"modest", 12 * ms}}},
		{"kept", -40 * ms, false, []event{{"greedy", 10 * ms}, {"third", 10 * ms}, {"modest", 12 * ms}}},
	} {
		t.Run(x.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := New(Options{Slots: 1})
				c.service.add(2 * ms)
				began := time.Now()
				var events []event // one at a time: there is one slot
				note := func(what string) { events = append(events, event{what, time.Since(began)}) }
				call := func(tenant string, used time.Duration, n int, atEnd bool) func() {
					p := enter(t, c, tenant)
					p.tenant.used = used
					return func() {
						defer p.Leave()
						s := compute(t, p)
						defer s.Release()
						if !atEnd {
							note(tenant)
						}
						blocks(t.Context(), s, n, x.givesWay)
						if atEnd {
							note(tenant)
						}
					}
				}
				var all sync.WaitGroup
				all.Go(call("greedy", 0, 10, true))
				synctest.Wait()
				time.Sleep(2500 * time.Microsecond)
				all.Go(call("modest", x.modest, 2, false))
				time.Sleep(1 * ms)
				all.Go(call("third", -50*ms, 2, false))
				all.Wait()
				if !slices.Equal(events, x.want) {
					t.Errorf("got %v, want %v", events, x.want)
				}
				checkAccounts(t, c)
				checkEmpty(t, c)
			})
		})
	}
}
