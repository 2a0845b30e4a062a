package admission

import (
	"cmp"
	"context"
	"time"
)

// Shedding says when new work is refused although there would be room for it. The zero value sheds nothing.
type Shedding struct {
	Enabled   bool
	CPU       float64       // percent of the processors; above it for CPUPeriod
	CPUPeriod time.Duration // default 5 s
	Memory    float64       // percent of the memory
	Queue     float64       // percent of the queue
	Recovery  float64       // shedding ends so many points below the threshold
	MaxStuck  int           // nodes that ignore cancel; 0: any number
}

// Probes measure the machine, in percent and numbers. A nil probe is one that reads 0. They are called from one goroutine.
type Probes struct {
	CPU    func() float64
	Memory func() float64
	Stuck  func() int
}

// shedder is the state of shedding, by reason. Each has its own hysteresis.
type shedder struct {
	cpu, memory, queue, stuck trigger
	busy                      time.Time // the processors have been above the threshold; zero: they are below
}

// trigger goes on above its threshold, and off when the value is a margin below it.
type trigger struct {
	on    bool
	value float64
}

func (t *trigger) set(value, threshold, margin float64) (changed bool) {
	was := t.on
	t.value = value
	switch {
	case value > threshold:
		t.on = true
	case value <= threshold-margin:
		t.on = false
	}
	return t.on != was
}

func (s *shedder) reasons() []Reason {
	var out []Reason
	for _, x := range []struct {
		t trigger
		r Reason
	}{{s.cpu, ReasonCPU}, {s.memory, ReasonRAM}, {s.queue, ReasonQueue}, {s.stuck, ReasonStuck}} {
		if x.t.on {
			out = append(out, x.r)
		}
	}
	return out
}

// Watch reads the probes at an interval until the context ends, and looks after waits that have become overload.
func (c *Controller) Watch(ctx context.Context, interval time.Duration) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			c.sample(now)
		}
	}
}

// sample reads the probes once, outside the lock.
func (c *Controller) sample(now time.Time) {
	c.mu.Lock()
	probes := c.options.Probes
	c.mu.Unlock()
	cpu, memory, stuck := read(probes.CPU), read(probes.Memory), 0
	if probes.Stuck != nil {
		stuck = probes.Stuck()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	o := c.options.Shedding
	if !o.Enabled {
		c.shed = shedder{}
		return
	}
	c.told(ReasonCPU, c.shed.cpu.set(c.sustained(cpu, now), o.CPU, o.Recovery), &c.shed.cpu)
	c.told(ReasonRAM, c.shed.memory.set(memory, o.Memory, o.Recovery), &c.shed.memory)
	if o.MaxStuck > 0 {
		c.told(ReasonStuck, c.shed.stuck.set(float64(stuck), float64(o.MaxStuck)-1, 0), &c.shed.stuck)
	}
	c.checkQueue(now)
}

func read(probe func() float64) float64 {
	if probe == nil {
		return 0
	}
	return probe()
}

// sustained gives a reading of the processors that is above the threshold only when it has been so for the whole period.
func (c *Controller) sustained(cpu float64, now time.Time) float64 {
	o := c.options.Shedding
	if cpu <= o.CPU {
		c.shed.busy = time.Time{}
		return cpu
	}
	if c.shed.busy.IsZero() {
		c.shed.busy = now
	}
	if !c.shed.cpu.on && now.Sub(c.shed.busy) < cmp.Or(o.CPUPeriod, 5*time.Second) {
		return o.CPU
	}
	return cpu
}

func (c *Controller) told(r Reason, changed bool, t *trigger) {
	if changed {
		c.options.Observer.Shedding(r, t.on)
	}
}

// checkQueue looks at the queue for places, after each change and now and then.
func (c *Controller) checkQueue(now time.Time) {
	c.checkPressure(now)
	if o := c.options.Shedding; o.Enabled && c.options.Queue > 0 {
		full := 100 * float64(c.waiting[forPlace].n) / float64(c.options.Queue)
		c.told(ReasonQueue, c.shed.queue.set(full, o.Queue, o.Recovery), &c.shed.queue)
	}
}

// shedding refuses a call of a tenant while load is shed. Memory and stuck nodes refuse all. Busy processors and a filling
// queue refuse what isn't needed to keep the processors at work, and leave to each tenant its share of that: to refuse
// everything would idle the processors and punish those who did nothing.
func (c *Controller) shedding(t *tenant) *refusal {
	o, s := c.options.Shedding, &c.shed
	switch {
	case s.stuck.on:
		return &refusal{ReasonStuck, "max_stuck", s.stuck.value, o.MaxStuck, 0}
	case s.memory.on:
		return &refusal{ReasonRAM, "memory_percent", s.memory.value, o.Memory, 0}
	case !s.cpu.on && !s.queue.on:
		return nil
	case c.places+c.waiting[forPlace].n < c.needed() || t.places+len(t.waiting[forPlace]) < c.needed()/c.active(t), c.modest(t):
		return nil
	case s.cpu.on:
		return &refusal{ReasonCPU, "cpu_percent", s.cpu.value, o.CPU, 0}
	}
	return &refusal{ReasonQueue, "queue_percent", s.queue.value, o.Queue, 0}
}

// needed is how many calls keep the processors at work, those among them whose bodies are on their way.
func (c *Controller) needed() int {
	const perSlot = 4
	return perSlot * c.options.Slots
}
