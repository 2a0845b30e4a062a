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

// dial is a probe that tests set.
type dial struct {
	mu                 sync.Mutex
	cpu, memory, stuck float64
}

func (d *dial) set(cpu, memory, stuck float64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cpu, d.memory, d.stuck = cpu, memory, stuck
}

func (d *dial) read(of *float64) float64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return *of
}

func (d *dial) probes() Probes {
	return Probes{
		CPU:    func() float64 { return d.read(&d.cpu) },
		Memory: func() float64 { return d.read(&d.memory) },
		Stuck:  func() int { return int(d.read(&d.stuck)) },
	}
}

// seen notes what an observer is told.
type seen struct {
	mu     sync.Mutex
	events []string
}

func (*seen) Waited(Stage, time.Duration) {}
func (s *seen) Refused(r Reason)          { s.note("refused " + string(r)) }
func (s *seen) Shedding(r Reason, on bool) {
	s.note(fmt.Sprintf("%s %v", r, on))
}

func (s *seen) note(event string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, event)
}

func (s *seen) check(t *testing.T, want ...string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Equal(s.events, want) {
		t.Errorf("events %q, want %q", s.events, want)
	}
}

var thresholds = Shedding{Enabled: true, CPU: 90, CPUPeriod: 5 * time.Second, Memory: 80, Queue: 80, Recovery: 10, MaxStuck: 2}

// shedding runs a controller that watches a dial. Each step of a test comes half a second after a reading.
func shedding(t *testing.T, f func(t *testing.T, c *Controller, d *dial, events *seen)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var d dial
		var events seen
		c := New(Options{Slots: 1, Queue: 10, Shedding: thresholds, Probes: d.probes(), Observer: &events})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); c.Watch(ctx, time.Second) }()
		time.Sleep(500 * time.Millisecond)
		f(t, c, &d, &events)
		cancel()
		<-done
		checkEmpty(t, c)
	})
}

func TestT043_ProcessorsAreShedForAfterAPeriodAndWithHysteresis(t *testing.T) {
	shedding(t, func(t *testing.T, c *Controller, d *dial, events *seen) {
		var busy []*Place
		for range c.needed() {
			busy = append(busy, enter(t, c, "a"))
		}
		admits := func() bool {
			p, err := c.Enter(t.Context(), "a")
			p.Leave()
			return err == nil
		}
		for _, x := range []struct {
			cpu    float64
			during time.Duration
			admits bool
		}{
			{95, 5 * time.Second, true}, // not long enough
			{50, time.Second, true},     // a pause begins the period anew
			{95, 5 * time.Second, true},
			{95, time.Second, false},
			{85, 20 * time.Second, false}, // below the threshold, but not by enough
			{80, time.Second, true},
			{85, 20 * time.Second, true},
		} {
			d.set(x.cpu, 0, 0)
			time.Sleep(x.during)
			if got := admits(); got != x.admits {
				t.Errorf("%v %% for %v: admits %v", x.cpu, x.during, got)
			}
		}
		events.check(t, "cpu true", "refused cpu", "refused cpu", "cpu false")
		for _, p := range busy {
			p.Leave()
		}
	})
}

func TestT043_SheddingKeepsTheProcessorsAtWorkAndSparesTheModest(t *testing.T) {
	shedding(t, func(t *testing.T, c *Controller, d *dial, _ *seen) {
		d.set(100, 0, 0)
		time.Sleep(10 * time.Second)
		var in []*Place
		for {
			p, err := c.Enter(t.Context(), "greedy")
			if err != nil {
				f := refusedFor(t, err, ReasonCPU)
				if f.Context["current"] != 100.0 || f.Context["allowed"] != 90.0 {
					t.Errorf("context %v", f.Context)
				}
				break
			}
			in = append(in, p)
		}
		if len(in) != c.needed() {
			t.Errorf("%d calls were let in, want %d", len(in), c.needed())
		}
		in = append(in, enter(t, c, "modest"))
		for _, p := range in {
			p.Leave()
		}
	})
}

func TestT043_MemoryAndStuckNodesRefuseAll(t *testing.T) {
	shedding(t, func(t *testing.T, c *Controller, d *dial, events *seen) {
		d.set(0, 81, 0)
		time.Sleep(time.Second)
		_, err := c.Enter(t.Context(), "a")
		refusedFor(t, err, ReasonRAM)
		_, err = c.OpenStream("a")
		refusedFor(t, err, ReasonRAM)
		d.set(0, 71, 0)
		time.Sleep(time.Second)
		if got := c.Stats().Shedding; !slices.Equal(got, []Reason{ReasonRAM}) {
			t.Errorf("sheds for %v", got)
		}
		d.set(0, 70, 2)
		time.Sleep(time.Second)
		_, err = c.Enter(t.Context(), "a")
		refusedFor(t, err, ReasonStuck)
		d.set(0, 70, 1)
		time.Sleep(time.Second)
		enter(t, c, "a").Leave()
		events.check(t, "memory true", "refused memory", "refused memory", "memory false", "stuck true", "refused stuck", "stuck false")
	})
}

func TestT043_TheQueueIsShedForAtOnceAndWithHysteresis(t *testing.T) {
	shedding(t, func(t *testing.T, c *Controller, _ *dial, _ *seen) {
		c.Configure(Options{Slots: 1, Places: 1, Queue: 10, Shedding: thresholds})
		held := enter(t, c, "a")
		cancels := make([]context.CancelFunc, 0, 9)
		gone := make(chan error)
		for range 9 {
			ctx, cancel := context.WithCancel(t.Context())
			cancels = append(cancels, cancel)
			go func() { _, err := c.Enter(ctx, "a"); gone <- err }()
			synctest.Wait()
		}
		_, err := c.Enter(t.Context(), "a")
		f := refusedFor(t, err, ReasonQueue)
		if f.Context["current"] != 90.0 || f.Context["allowed"] != 80.0 {
			t.Errorf("context %v", f.Context)
		}
		cancels[0]() // 8 of 10 are left
		<-gone
		_, err = c.Enter(t.Context(), "a")
		refusedFor(t, err, ReasonQueue)
		cancels[1]() // 7 of 10 are 10 points below
		<-gone
		if got := c.Stats().Shedding; len(got) > 0 {
			t.Errorf("sheds for %v", got)
		}
		for _, cancel := range cancels[2:] {
			cancel()
			<-gone
		}
		held.Leave()
	})
}

func TestADisabledSheddingShedsNothing(t *testing.T) {
	shedding(t, func(t *testing.T, c *Controller, d *dial, _ *seen) {
		d.set(100, 100, 100)
		time.Sleep(10 * time.Second)
		if len(c.Stats().Shedding) != 3 {
			t.Errorf("sheds for %v", c.Stats().Shedding)
		}
		c.Configure(Options{Slots: 1})
		time.Sleep(time.Second)
		enter(t, c, "a").Leave()
	})
}

func TestRel7_AFullQueueMakesRoomForWhoHasLessInIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{Places: 1, Queue: 4})
		held := enter(t, c, "greedy")
		refused := make(chan error, 4)
		var order []string
		wait := func(tenant string) {
			p, err := c.Enter(t.Context(), tenant)
			if err != nil {
				refused <- err
				return
			}
			order = append(order, tenant)
			p.Leave()
			refused <- nil
		}
		for range 4 {
			go wait("greedy")
			synctest.Wait()
		}
		go wait("modest")
		refusedFor(t, <-refused, ReasonDisplaced)
		held.Leave()
		for range 4 {
			if err := <-refused; err != nil {
				t.Error(err)
			}
		}
		if want := []string{"greedy", "greedy", "greedy", "modest"}; !slices.Equal(slices.Sorted(slices.Values(order)), want) {
			t.Errorf("served %q", order)
		}
		checkEmpty(t, c)
	})
}
