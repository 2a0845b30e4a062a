// Package load puts a server under load and measures what it does. Operations of a [Workload] are begun in a closed loop, each
// worker one after another, or in an open loop, when they are due whatever became of those before. Every latency counts from
// when the operation was due, so that a server that stalls can't hide it by slowing the generator down (coordinated omission);
// what the generator itself was late is told beside it.
//
// Requests are encoded once and answers aren't decoded, so that the generator costs little more than gRPC itself.
package load

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"time"
)

// Config is a run. The zero value of a field means its default.
type Config struct {
	Name     string // of the run, in reports
	Target   Target
	Workload Workload // nil: only idle streams are held

	Connections int // shared by all operations in turn; 1
	Concurrency int // workers of a closed loop; 1
	// Arrivals make it an open loop. Its length is theirs, and the rate at their beginning holds during the warm-up too.
	Arrivals Arrivals
	// Outstanding bounds the operations of an open loop that are under way; 10,000. What is due beyond is counted as unstarted.
	Outstanding int

	Duration time.Duration // of a closed loop's measurement; 10 s, unless Requests says when to end
	Requests uint64        // the end after so many operations, warm-up included; 0: none
	Warmup   time.Duration // before the measurement
	Stagger  time.Duration // over which the workers of a closed loop begin
	Timeout  time.Duration // of a call, and of the silence of a stream; 10 s
	Deadline time.Duration // answers that take longer from when they were due are right, but late; 0: none
	Retries  int           // further attempts of what may be retried, when the server says so

	Idle    Idle
	Process int    // id of the server's process, whose use is measured; 0: none. Linux only
	Seed    uint64 // of random arrivals; equal seeds give equal ones

	// PlainTimers makes all waiting by the runtime's own timers, as tests in virtual time need.
	PlainTimers bool
	// Progress is told every second how far it has come; nil: nobody.
	Progress func(Progress)
}

// Progress is how far a run has come.
type Progress struct {
	Elapsed time.Duration // since the beginning of the warm-up
	Units   uint64        // right answers, those of the warm-up too
	Failed  uint64
}

const (
	defaultDuration    = 10 * time.Second
	defaultTimeout     = 10 * time.Second
	defaultOutstanding = 10000
	// maxWorkers bounds workers and connections: more can't be told apart from a slip of the keyboard.
	maxWorkers = 1 << 20
)

// complete fills in the defaults and checks the rest.
func (c *Config) complete() error {
	c.fill()
	if c.Workload == nil && c.Idle.Streams == 0 {
		return errors.New("load: there is neither a workload nor idle streams: nothing is to be done")
	}
	if err := c.Idle.complete(); err != nil {
		return err
	}
	return c.check()
}

// Check finds what is wrong with the figures, before there is a workload.
func (c Config) Check() error {
	c.fill()
	return c.check()
}

func (c *Config) fill() {
	c.Connections, c.Concurrency = cmp.Or(c.Connections, 1), cmp.Or(c.Concurrency, 1)
	c.Outstanding, c.Timeout = cmp.Or(c.Outstanding, defaultOutstanding), cmp.Or(c.Timeout, defaultTimeout)
	if c.Duration == 0 && c.Requests == 0 {
		c.Duration = defaultDuration
	}
}

func (c *Config) check() error {
	for _, n := range []struct {
		name  string
		value int
	}{{"connections", c.Connections}, {"concurrency", c.Concurrency}, {"outstanding", c.Outstanding}} {
		if n.value < 1 || n.value > maxWorkers {
			return fmt.Errorf("load: %s is %d: expected 1 to %d", n.name, n.value, maxWorkers)
		}
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{{"duration", c.Duration}, {"warm-up", c.Warmup}, {"stagger", c.Stagger}, {"timeout", c.Timeout}, {"deadline", c.Deadline}} {
		if d.value < 0 {
			return fmt.Errorf("load: the %s is %v: expected no negative time", d.name, d.value)
		}
	}
	if c.Retries < 0 {
		return fmt.Errorf("load: retries is %d: expected 0 or more", c.Retries)
	}
	return c.Arrivals.check()
}

// open reports whether it is an open loop.
func (c *Config) open() bool { return len(c.Arrivals.Stages) > 0 }

// setup is what the workload is opened with.
func (c *Config) setup() Setup {
	workers := c.Concurrency
	if c.open() {
		workers = c.Outstanding
	}
	return Setup{
		Target: c.Target, Connections: c.Connections, Timeout: c.Timeout, Concurrency: workers, PlainTimers: c.PlainTimers,
	}
}

// Run runs to the end, or until ctx ends: the result then has what was measured until then, and the error is the context's.
// Where the load couldn't begin, because the configuration is wrong or the server can't be reached, the result is nil.
func Run(ctx context.Context, c Config) (*Result, error) {
	if err := c.complete(); err != nil {
		return nil, err
	}
	r := &run{Config: c}
	if err := r.prepare(ctx); err != nil {
		return nil, errors.Join(err, r.close())
	}
	err := r.load(ctx)
	return r.result, errors.Join(err, r.close())
}

// run is a run under way.
type run struct {
	Config
	session Session
	alarms  alarms
	idle    *idlers
	watch   *processWatch
	rec     *recorder
	result  *Result

	began time.Time
	taken ticket
}

// prepare connects everything that the run needs.
func (r *run) prepare(ctx context.Context) (err error) {
	r.result = newResult(&r.Config)
	if r.watch, err = watchProcess(r.Process); err != nil {
		return err
	}
	if r.idle, err = holdIdle(ctx, &r.Config, r.watch); err != nil {
		return err
	}
	if r.Workload == nil {
		return nil
	}
	if r.session, err = r.Workload.Open(ctx, r.setup()); err != nil {
		return err
	}
	r.alarms = newAlarms(r.PlainTimers)
	return nil
}

func (r *run) close() error {
	var errs []error
	if r.session != nil {
		errs = append(errs, r.session.Close())
	}
	if r.alarms != nil {
		errs = append(errs, r.alarms.close())
	}
	if r.idle != nil {
		errs = append(errs, r.idle.close())
	}
	return errors.Join(errs...)
}

// load begins operations until the end.
func (r *run) load(ctx context.Context) error {
	r.began = time.Now()
	r.rec = newRecorder(r.began.Add(r.Warmup), r.Deadline)
	r.taken.limit = r.Requests
	if r.Requests == 0 {
		r.taken.limit = math.MaxUint64
	}
	meter := r.watch.start(r.rec.zero)
	stop := r.tellProgress()
	var err error
	switch {
	case r.Workload == nil:
		err = r.hold(ctx)
	case r.open():
		err = r.openLoop(ctx)
	default:
		err = r.closedLoop(ctx)
	}
	stop()
	r.result.finish(r, meter.stop())
	r.result.Interrupted = ctx.Err() != nil
	return errors.Join(err, ctx.Err())
}

// hold only waits.
func (r *run) hold(ctx context.Context) error {
	timer := time.NewTimer(r.Warmup + r.Duration)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return nil
}

// tellProgress tells every second, until stop is called.
func (r *run) tellProgress() (stop func()) {
	if r.Progress == nil {
		return func() {}
	}
	ticker, end, ended := time.NewTicker(time.Second), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-ticker.C:
				r.Progress(Progress{time.Since(r.began), r.rec.done.Load(), r.rec.bad.Load()})
			case <-end:
				return
			}
		}
	}()
	return func() {
		ticker.Stop()
		close(end)
		<-ended
	}
}
