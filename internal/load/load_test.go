package load

import (
	"context"
	"errors"
	"math"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a workload whose operations are a function.
type fake struct {
	kind   Kind
	do     func(ctx context.Context, op *Op) error
	opened Setup
	made   atomic.Int64 // operators
	closed bool
}

func (f *fake) Kind() Kind { return f.kind }

func (f *fake) Open(_ context.Context, s Setup) (Session, error) {
	f.opened = s
	return f, nil
}

func (f *fake) Operator(int) (Operator, error) {
	f.made.Add(1)
	return f, nil
}

func (f *fake) Do(ctx context.Context, op *Op) error { return f.do(ctx, op) }

func (f *fake) Close() error {
	f.closed = true
	return nil
}

// takes is an operation that takes so long.
func takes(d time.Duration) func(context.Context, *Op) error {
	return func(ctx context.Context, _ *Op) error {
		if !sleep(ctx, d) {
			return ctx.Err()
		}
		return nil
	}
}

// virtually runs in virtual time.
func virtually(t *testing.T, c Config, check func(t *testing.T, r *Result)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c.PlainTimers = true
		r, err := Run(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		check(t, r)
	})
}

func near(got, want, within float64) bool { return math.Abs(got-want) <= within }

func TestClosedLoopKeepsItsWorkersBusy(t *testing.T) {
	w := &fake{do: takes(10 * time.Millisecond)}
	virtually(t, Config{Workload: w, Concurrency: 4, Connections: 2, Duration: 10 * time.Second}, func(t *testing.T, r *Result) {
		if r.Units != 4000 || !near(r.Throughput(), 400, 0.5) || w.made.Load() != 4 || !w.closed || w.opened.Connections != 2 {
			t.Errorf("%d units, %.1f/s, %d operators, closed %v, setup %+v", r.Units, r.Throughput(), w.made.Load(), w.closed, w.opened)
		}
		if p := r.Of(Latency).Quantile(0.99); !near(p.Seconds(), 0.010, 0.0001) {
			t.Errorf("p99 %v: expected 10 ms", p)
		}
	})
}

// A server that stalls for a second of ten, at a hundred arrivals a second: ten per cent of the callers wait up to a second.
func TestAStallShowsInTheOpenLoopOnly(t *testing.T) {
	stalling := func(began time.Time) func(context.Context, *Op) error {
		return func(ctx context.Context, _ *Op) error {
			if at := time.Since(began); at >= 5*time.Second && at < 6*time.Second {
				sleep(ctx, 6*time.Second-at)
			}
			sleep(ctx, time.Millisecond)
			return nil
		}
	}
	p99 := func(c Config) (p time.Duration, units uint64) {
		synctest.Test(t, func(t *testing.T) {
			c.PlainTimers, c.Workload = true, &fake{do: stalling(time.Now())}
			r, err := Run(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			p, units = r.Of(Latency).Quantile(0.99), r.Units
		})
		return p, units
	}
	if p, units := p99(Config{Arrivals: Rate(100, 10*time.Second)}); !near(p.Seconds(), 0.9, 0.02) || units != 1000 {
		t.Errorf("open loop: p99 %v of %d, expected about 900 ms of 1000", p, units)
	}
	if p, _ := p99(Config{Duration: 10 * time.Second}); p > 2*time.Millisecond {
		t.Errorf("closed loop: p99 %v: the control must not see the stall", p)
	}
}

func TestArrivalsThatCannotBeginAreCounted(t *testing.T) {
	w := &fake{do: takes(time.Second)}
	virtually(t, Config{Workload: w, Arrivals: Rate(100, 10*time.Second), Outstanding: 30}, func(t *testing.T, r *Result) {
		if r.Units+r.Unstarted != 1000 || r.Units < 300 || r.Units > 330 || w.made.Load() != 30 {
			t.Errorf("%d begun and %d not, by %d workers: expected about 300 of 1000 by 30", r.Units, r.Unstarted, w.made.Load())
		}
	})
}

func TestWarmupIsLeftOut(t *testing.T) {
	for name, c := range map[string]Config{
		"closed": {Duration: 4 * time.Second},
		"open":   {Arrivals: Rate(10, 4*time.Second)},
	} {
		t.Run(name, func(t *testing.T) {
			c.Workload, c.Warmup = &fake{do: takes(100 * time.Millisecond)}, 2*time.Second
			virtually(t, c, func(t *testing.T, r *Result) {
				if r.Warmup != 20 || r.Units != 40 || !near(r.Throughput(), 10, 0.3) {
					t.Errorf("%d in the warm-up, %d after it, %.2f/s: expected 20, 40 and 10/s", r.Warmup, r.Units, r.Throughput())
				}
			})
		})
	}
}

func TestRequestsEndARun(t *testing.T) {
	virtually(t, Config{Workload: &fake{do: takes(time.Second)}, Concurrency: 3, Requests: 10}, func(t *testing.T, r *Result) {
		if r.Units != 10 || !near(r.Elapsed.Seconds(), 4, 0.001) {
			t.Errorf("%d units in %v: expected 10 in 4 s", r.Units, r.Elapsed)
		}
	})
}

func TestLateAnswersAreRightButCounted(t *testing.T) {
	var n atomic.Int64
	w := &fake{do: func(ctx context.Context, op *Op) error {
		if n.Add(1)%4 == 0 {
			return takes(30*time.Millisecond)(ctx, op)
		}
		return takes(time.Millisecond)(ctx, op)
	}}
	virtually(t, Config{Workload: w, Requests: 100, Deadline: 10 * time.Millisecond}, func(t *testing.T, r *Result) {
		if r.Units != 100 || r.Late != 25 || r.LateShare() != 0.25 || r.ErrorShare() != 0 || !near(r.Goodput()/r.Throughput(), 0.75, 1e-9) {
			t.Errorf("%d units, %d late, share %v", r.Units, r.Late, r.LateShare())
		}
	})
}

func TestFailuresAreCountedByClass(t *testing.T) {
	var n atomic.Int64
	w := &fake{do: func(context.Context, *Op) error {
		switch n.Add(1) % 4 {
		case 0:
			return Wrong("content", "sample 3")
		case 1:
			return context.DeadlineExceeded
		}
		return nil
	}}
	virtually(t, Config{Workload: w, Requests: 100}, func(t *testing.T, r *Result) {
		if r.Units != 50 || r.Failed != 50 || r.ErrorShare() != 0.5 || len(r.Failures) != 2 || r.Of(Failed).Count() != 50 {
			t.Fatalf("%d right, %d failed: %+v", r.Units, r.Failed, r.Failures)
		}
		if r.Failures[0].Count != 25 || r.Failures[0].String() != "deadline" || r.Failures[1].String() != "wrong content" || r.Failures[1].Example != "sample 3" {
			t.Errorf("%+v", r.Failures)
		}
	})
}

// A server that has gone away isn't called in a busy loop.
func TestTransportFailuresSlowAClosedLoopDown(t *testing.T) {
	w := &fake{do: func(context.Context, *Op) error { return errors.New("connection refused") }}
	virtually(t, Config{Workload: w, Duration: 10 * time.Second}, func(t *testing.T, r *Result) {
		if r.Failed < 10 || r.Failed > 30 {
			t.Errorf("%d attempts in 10 s: expected some 17, with pauses of 10 ms to 1 s", r.Failed)
		}
	})
}

func TestRetriesObeyThePushback(t *testing.T) {
	refused := &Failure{Class: Class{Origin: FromStatus, Status: "UNAVAILABLE"}, Retry: true, RetryAfter: 2 * time.Second}
	var n atomic.Int64
	w := &fake{do: func(context.Context, *Op) error {
		if n.Add(1)%3 != 0 {
			return refused
		}
		return nil
	}}
	virtually(t, Config{Workload: w, Requests: 5, Retries: 2}, func(t *testing.T, r *Result) {
		if r.Units != 5 || r.Failed != 0 || r.Retries != 10 || r.Of(Latency).Min() < 3990*time.Millisecond {
			t.Errorf("%d right, %d failed, %d retries, min %v: expected 5, 0, 10, 4 s", r.Units, r.Failed, r.Retries, r.Of(Latency).Min())
		}
	})
	virtually(t, Config{Workload: w, Requests: 6}, func(t *testing.T, r *Result) {
		if r.Units != 2 || r.Failed != 4 || r.Retries != 0 {
			t.Errorf("without retries: %d right, %d failed, %d retries", r.Units, r.Failed, r.Retries)
		}
	})
}

func TestAnInterruptedRunHasWhatItMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
		defer cancel()
		r, err := Run(ctx, Config{Workload: &fake{do: takes(time.Second)}, Concurrency: 2, Duration: time.Hour, PlainTimers: true})
		if !errors.Is(err, context.DeadlineExceeded) || r == nil {
			t.Fatalf("%v, %v", r, err)
		}
		if !r.Interrupted || r.Units != 4 || r.Failed != 0 || r.Canceled != 2 || !near(r.Elapsed.Seconds(), 2.5, 0.01) {
			t.Errorf("interrupted %v, %d right, %d failed, %d canceled, %v", r.Interrupted, r.Units, r.Failed, r.Canceled, r.Elapsed)
		}
	})
}

func TestAHugeRateEnds(t *testing.T) {
	w := &fake{do: func(context.Context, *Op) error { return nil }}
	r, err := Run(t.Context(), Config{Workload: w, Arrivals: Rate(1e12, 20*time.Millisecond), Outstanding: 2})
	if err != nil {
		t.Fatal(err)
	}
	if got := float64(r.Units + r.Unstarted); !near(got/2e10, 1, 1e-6) {
		t.Errorf("%d begun and %d not: expected 2e10 together", r.Units, r.Unstarted)
	}
}

func TestAWrongConfigurationIsTold(t *testing.T) {
	w := &fake{}
	absent := "no process 2147483646"
	if runtime.GOOS != "linux" {
		absent = "measured on Linux only"
	}
	for want, c := range map[string]Config{
		"neither a workload":      {},
		"connections is -1":       {Workload: w, Connections: -1},
		"concurrency is":          {Workload: w, Concurrency: 1 << 30},
		"the deadline is -1s":     {Workload: w, Deadline: -time.Second},
		"not both 0":              {Workload: w, Arrivals: Rate(0, time.Second)},
		"from -1 to -1":           {Workload: w, Arrivals: Rate(-1, time.Second)},
		"from NaN":                {Workload: w, Arrivals: Rate(math.NaN(), time.Second)},
		"from +Inf":               {Workload: w, Arrivals: Rate(math.Inf(1), time.Second)},
		"lasts 0s":                {Workload: w, Arrivals: Rate(1, 0)},
		"retries is -1":           {Workload: w, Retries: -1},
		"no process":              {Workload: w, Process: -1},
		absent:                    {Workload: w, Process: math.MaxInt32 - 1},
		"connections for 3 idle":  {Workload: w, Idle: Idle{Streams: 3, Connections: 4}},
		"need a stream with an i": {Workload: w, Idle: Idle{Streams: 3}},
	} {
		if r, err := Run(t.Context(), c); r != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, %v: expected an error with %q", r, err, want)
		}
	}
}
