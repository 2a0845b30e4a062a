package load

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// ticket numbers the operations, up to a limit.
type ticket struct {
	next  atomic.Uint64
	limit uint64
}

func (t *ticket) take() (number uint64, ok bool) {
	n := t.next.Add(1) - 1
	return n, n < t.limit
}

// worker does one operation at a time.
type worker struct {
	run   *run
	do    Operator
	notes *notes
	op    Op
	// pause is how long it waits after its last operation failed in transport, in a closed loop: without it, a server that has
	// gone away would be called in a busy loop.
	pause time.Duration
}

func (r *run) worker(n int) (*worker, error) {
	do, err := r.session.Operator(n)
	if err != nil {
		return nil, err
	}
	return &worker{run: r, do: do, notes: r.rec.notes()}, nil
}

// perform does an operation that was due at a time, with its retries, and counts it.
func (w *worker) perform(ctx context.Context, number uint64, due, until time.Time) *Failure {
	w.op = Op{Number: number, Due: due, Began: time.Now(), Until: until, notes: w.notes}
	failure := w.attempt(ctx)
	for n := 0; n < w.run.Retries && failure != nil && failure.Retry; n++ {
		if !w.backOff(ctx, failure, n) {
			break
		}
		w.notes.counts.Retries++
		failure = w.attempt(ctx)
	}
	if w.op.Done.IsZero() {
		w.op.Done = time.Now()
	}
	w.count(ctx, failure)
	return failure
}

func (w *worker) attempt(ctx context.Context) *Failure {
	w.op.Done = time.Time{}
	return asFailure(w.do.Do(ctx, &w.op))
}

// backOff waits as long as the server says or, where it says nothing, from about 50 ms on, twice as long each time.
func (w *worker) backOff(ctx context.Context, f *Failure, attempt int) bool {
	d := f.RetryAfter
	if d == 0 {
		d = time.Duration((0.8 + 0.4*rand.Float64()) * float64(50*time.Millisecond<<min(attempt, 6)))
	}
	return sleep(ctx, d)
}

func (w *worker) count(ctx context.Context, f *Failure) {
	op, n := &w.op, w.notes
	n.counts.Sent += op.sent.Load()
	n.counts.Received += op.received.Load()
	switch {
	case f != nil && over(ctx) && f.Origin != FromCheck:
		n.counts.Canceled++
	case f != nil:
		n.fail(f, op.Due, op.Done)
	case w.run.Workload.Kind() == Calls:
		n.unit(op.Due, op.Began, op.Done)
	case n.measured(op.Done):
		n.counts.Streams++
		op.Note(Stream, op.Done, op.Done.Sub(op.Due))
	}
}

// over reports whether the run has ended, also in the moment between its deadline and the timer that tells of it: calls begun then fail at once.
func over(ctx context.Context) bool {
	at, bounded := ctx.Deadline()
	return ctx.Err() != nil || bounded && !time.Now().Before(at)
}

// sleep waits, and reports whether the context let it.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// closedLoop has each worker begin an operation when its last is done.
func (r *run) closedLoop(ctx context.Context) error {
	var until time.Time
	if r.Duration > 0 {
		until = r.rec.zero.Add(r.Duration)
	}
	workers := make([]*worker, r.Concurrency)
	for i := range workers {
		var err error
		if workers[i], err = r.worker(i); err != nil {
			return err
		}
	}
	var group sync.WaitGroup
	for i, w := range workers {
		first := r.began.Add(r.Stagger * time.Duration(i) / time.Duration(r.Concurrency))
		group.Go(func() { w.loop(ctx, first, until) })
	}
	group.Wait()
	return nil
}

func (w *worker) loop(ctx context.Context, first, until time.Time) {
	defer w.notes.flush()
	// Only a staggered start is waited for: the others are due at once.
	if w.run.Stagger > 0 && w.run.alarms.waiter().until(ctx, first) != nil {
		return
	}
	for due := w.due(first); !over(ctx) && (until.IsZero() || due.Before(until)); due = time.Now() {
		number, ok := w.run.taken.take()
		if !ok {
			return
		}
		if f := w.perform(ctx, number, due, until); f != nil && f.Origin == FromTransport {
			w.pause = min(max(2*w.pause, 10*time.Millisecond), time.Second)
			sleep(ctx, w.pause)
		} else {
			w.pause = 0
		}
	}
}

// due is when the first operation was due: a staggered start keeps its place.
func (w *worker) due(first time.Time) time.Time {
	if w.run.Stagger > 0 {
		return first
	}
	return time.Now()
}

// arrival is an operation that is due.
type arrival struct {
	number uint64
	due    time.Time
}

// openLoop begins operations when they are due. Idle workers take them; where there is none, another one is made, up to the
// bound.
func (r *run) openLoop(ctx context.Context) error {
	o := &opener{run: r, work: make(chan arrival), notes: r.rec.notes()}
	o.until = o.prepare()
	err := o.dispatch(ctx)
	close(o.work)
	o.group.Wait()
	o.notes.flush()
	return err
}

// opener is an open loop under way.
type opener struct {
	run      *run
	plan     *schedule
	measured uint64 // arrivals after the warm-up, on average
	until    time.Time
	work     chan arrival
	notes    *notes // of the dispatcher
	workers  int
	group    sync.WaitGroup
}

// prepare makes the schedule, with the warm-up before it, and gives its end.
func (o *opener) prepare() time.Time {
	arrivals := o.run.Arrivals
	o.measured = newSchedule(arrivals, 0).rest()
	if o.run.Warmup > 0 {
		first := arrivals.Stages[0]
		rate := first.From
		if rate == 0 {
			rate = first.To / 2
		}
		arrivals.Stages = append([]Stage{{rate, rate, o.run.Warmup}}, arrivals.Stages...)
	}
	o.plan = newSchedule(arrivals, o.run.Seed)
	return o.run.began.Add(o.plan.length)
}

// grace is how much longer than its arrivals a run may take to begin them.
const grace = 100 * time.Millisecond

func (o *opener) dispatch(ctx context.Context) error {
	wait := o.run.alarms.waiter()
	for {
		in, ok := o.plan.pop()
		if !ok {
			return nil
		}
		due := o.run.began.Add(in)
		if wait.until(ctx, due) != nil {
			return nil // the run is interrupted, which Run tells
		}
		number, ok := o.run.taken.take()
		if !ok {
			return nil
		}
		if time.Since(o.until) > grace {
			o.notes.counts.Unstarted += min(1+o.plan.rest(), o.measured) // the generator can't keep up with the rate
			return nil
		}
		if err := o.begin(ctx, arrival{number, due}); err != nil {
			return err
		}
	}
}

// begin hands an arrival to a worker, or counts it as unstarted.
func (o *opener) begin(ctx context.Context, a arrival) error {
	select {
	case o.work <- a:
		return nil
	default:
	}
	if o.workers == o.run.Outstanding {
		if o.notes.measured(a.due) {
			o.notes.counts.Unstarted++
		}
		return nil
	}
	w, err := o.run.worker(o.workers)
	if err != nil {
		return err
	}
	o.workers++
	o.group.Go(func() {
		defer w.notes.flush()
		w.perform(ctx, a.number, a.due, o.until)
		for a := range o.work {
			w.perform(ctx, a.number, a.due, o.until)
		}
	})
	return nil
}
