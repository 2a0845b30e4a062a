package admission

import (
	"container/heap"
	"time"
)

// The lists that calls wait in.
const (
	forPlace  = iota // unary calls, for a place
	forChunk         // chunks of streams, for a slot
	forPaused        // unary calls that gave way, for a slot to go on with
	forSlot          // unary calls, for a slot
	lists
)

// tenant is the account of one caller, as long as it holds or wants anything.
type tenant struct {
	name     string
	places   int // held
	streams  int // open
	backlog  int // of its calls, see Controller.backlog
	running  int // slots held, or given away for a pause
	reserved int64
	used     time.Duration // of the processors, on the clock of fair queueing
	waiting  [lists]deadlines
}

func (t *tenant) idle() bool {
	for i := range t.waiting {
		if len(t.waiting[i]) > 0 {
			return false
		}
	}
	return t.places == 0 && t.streams == 0 && t.running == 0 && t.reserved == 0
}

// tenant finds or makes the account of a name. One that is new begins without a claim: it would come before those that stay below their share.
func (c *Controller) tenant(name string) *tenant {
	t, ok := c.tenants[name]
	if !ok {
		t = &tenant{name: name, used: c.clock}
		if used, ok := c.past[name]; ok {
			t.used = max(c.clock-c.credit(), used)
			delete(c.past, name)
		}
		c.tenants[name] = t
	}
	return t
}

// forget drops the account of a tenant that holds and wants nothing, but for what it used: to stop for a moment earns no claim, nor loses one. There may
// be a newer account of the same name.
func (c *Controller) forget(t *tenant) {
	const most = 1000 // tenants whose use is kept
	if !t.idle() || c.tenants[t.name] != t {
		return
	}
	delete(c.tenants, t.name)
	if len(c.past) >= most {
		clear(c.past)
	}
	c.past[t.name] = t.used
}

// waiter is one wait. Its fields are guarded by the controller's lock; ready is closed when it has been decided about.
type waiter struct {
	tenant   *tenant
	list     int
	deadline time.Time
	strict   bool // not served after its deadline
	serial   uint64
	ready    chan struct{}
	refusal  *refusal // why it was decided against
	index    int      // in the heap; below 0: in none
}

// deadlines is a heap of waits, the earliest deadline first.
type deadlines []*waiter

func (d deadlines) Len() int { return len(d) }
func (d deadlines) Less(i, j int) bool {
	return before(d[i], d[j])
}
func (d deadlines) Swap(i, j int) {
	d[i], d[j] = d[j], d[i]
	d[i].index, d[j].index = i, j
}

// Push implements heap.Interface.
func (d *deadlines) Push(x any) {
	w := x.(*waiter)
	w.index = len(*d)
	*d = append(*d, w)
}

// Pop implements heap.Interface.
func (d *deadlines) Pop() any {
	last := len(*d) - 1
	w := (*d)[last]
	(*d)[last] = nil
	*d = (*d)[:last]
	w.index = -1
	return w
}

func before(a, b *waiter) bool {
	if !a.deadline.Equal(b.deadline) {
		return a.deadline.Before(b.deadline)
	}
	return a.serial < b.serial
}

// queue is one list over all tenants.
type queue struct {
	n       int
	tenants map[*tenant]struct{} // those with somebody in it
}

// wait puts a new waiter into its list.
func (c *Controller) wait(t *tenant, list int, deadline time.Time, strict bool) *waiter {
	c.awake(t)
	w := &waiter{tenant: t, list: list, deadline: deadline, strict: strict, serial: c.serial, ready: make(chan struct{})}
	c.serial++
	heap.Push(&t.waiting[list], w)
	q := &c.waiting[list]
	q.n++
	q.tenants[t] = struct{}{}
	c.tell()
	return w
}

// leave takes a waiter out of its list; it reports false where it was decided about already.
func (c *Controller) leave(w *waiter) bool {
	if w.index < 0 {
		return false
	}
	heap.Remove(&w.tenant.waiting[w.list], w.index)
	q := &c.waiting[w.list]
	q.n--
	if len(w.tenant.waiting[w.list]) == 0 {
		delete(q.tenants, w.tenant)
	}
	c.tell()
	return true
}

// decide ends a wait. Without a refusal the waiter has what it waited for.
func (c *Controller) decide(w *waiter, r *refusal) {
	c.leave(w)
	w.refusal = r
	close(w.ready)
}

// head returns the waiter whose turn it is: the first of the tenant that comes before all others.
func (c *Controller) head(list int, less func(a, b *tenant) int) *waiter {
	var best *waiter
	for t := range c.waiting[list].tenants {
		w := t.waiting[list][0]
		if best == nil {
			best = w
			continue
		}
		if order := less(t, best.tenant); order < 0 || order == 0 && before(w, best) {
			best = w
		}
	}
	return best
}

// last returns the tenant's waiter with the latest deadline.
func (t *tenant) last(list int) *waiter {
	var last *waiter
	for _, w := range t.waiting[list] {
		if last == nil || before(last, w) {
			last = w
		}
	}
	return last
}
