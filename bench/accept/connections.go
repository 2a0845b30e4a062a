package accept

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/remotemedia/remotemedia-go/bench/measure"
	"github.com/remotemedia/remotemedia-go/bench/process"
	"github.com/remotemedia/remotemedia-go/bench/work"
	"github.com/remotemedia/remotemedia-go/internal/load"
)

// rotated is a workload whose operations go over all connections in turn, also at a rate for which a few workers would do.
type rotated struct {
	load.Workload
	connections int
}

// Open implements load.Workload.
func (r rotated) Open(ctx context.Context, s load.Setup) (load.Session, error) {
	session, err := r.Workload.Open(ctx, s)
	if err != nil {
		return nil, err
	}
	out := &rotatedSession{Session: session, each: make([]rotatedOperator, r.connections)}
	for i := range out.each {
		if out.each[i].Operator, err = session.Operator(i); err != nil {
			return nil, fmt.Errorf("connection %d: %w", i, err)
		}
	}
	return out, nil
}

type rotatedSession struct {
	load.Session
	each []rotatedOperator
}

type rotatedOperator struct {
	mu sync.Mutex
	load.Operator
}

// Operator implements load.Session: all workers share those of all connections.
func (s *rotatedSession) Operator(int) (load.Operator, error) { return s, nil }

// Do implements load.Operator.
func (s *rotatedSession) Do(ctx context.Context, op *load.Op) error {
	o := &s.each[op.Number%uint64(len(s.each))]
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.Operator.Do(ctx, op)
}

// spread offers calls at a rate over so many connections.
func spread(ctx context.Context, s *process.Server, c *work.Call, connections int, rate float64, length time.Duration) (*load.Result, error) {
	l := config(s, rotated{c.Workload(work.ServedBy{}), connections}, 1, connections)
	l.Arrivals = load.Rate(rate, length)
	// Every connection has had its first call before it counts.
	l.Warmup = max(length/4, time.Duration(float64(connections)/rate*float64(time.Second)))
	return run(ctx, l)
}

// spreadRate is a load at which two cores are about a third busy, generator included.
const spreadRate = 500

// connections: all of them do calls without an error, and without slowing them down.
func (b *bench) connections(ctx context.Context) (all []measure.Verdict, err error) {
	c, err := b.call("resample 1 s")
	if err != nil {
		return nil, err
	}
	p50 := map[int]map[int]float64{1: {}, b.Clients: {}}
	failed := 0.0
	for round := range b.Rounds {
		for n, into := range p50 {
			err := b.service(ctx, func(s *process.Server) error {
				r, err := spread(ctx, s, c, n, spreadRate, 2*b.Seconds)
				if err != nil {
					return err
				}
				into[round] = quantile(r, 0.5)
				failed += failures(r)
				return nil
			})
			if err != nil {
				return all, err
			}
		}
	}
	all = append(all,
		most("SC-002", fmt.Sprintf("%d connections, %d calls a second over all: p50 over that of 1 connection", b.Clients, spreadRate),
			measure.Ratio(p50[b.Clients], p50[1]), 1.2, ""),
		most("SC-002", fmt.Sprintf("%d connections: errors", b.Clients), one(failed), 0, ""))
	closed, err := b.allAtOnce(ctx, c)
	if err != nil {
		return all, err
	}
	all = append(all, closed)
	streams, err := b.allStreams(ctx)
	return append(all, streams...), err
}

// allAtOnce has each of all connections call without a pause.
func (b *bench) allAtOnce(ctx context.Context, c *work.Call) (v measure.Verdict, err error) {
	err = b.service(ctx, func(s *process.Server) error {
		r, err := timed(ctx, config(s, c.Workload(work.ServedBy{}), b.Clients, b.Clients), 2*b.Seconds)
		if err == nil {
			v = most("SC-002", fmt.Sprintf("%d connections, each calling without a pause (%d calls): errors", b.Clients, r.Units), one(failures(r)), 0, "")
		}
		return err
	})
	return v, err
}

func (b *bench) allStreams(ctx context.Context) (all []measure.Verdict, err error) {
	stream, err := work.NewStream("pass, 100 ms at 16 kHz")
	if err != nil {
		return nil, err
	}
	err = b.service(ctx, func(s *process.Server) error {
		r, err := timed(ctx, live(s, stream, b.Clients), 2*b.Seconds)
		if err != nil {
			return err
		}
		all = append(all,
			most("SC-002", fmt.Sprintf("%s, chunks of 100 ms (%d chunks): errors", streamsOf(b.Clients), r.Units), one(failures(r)), 0, ""),
			most("SC-002", streamsOf(b.Clients)+": late answers", one(100*r.LateShare()), 1, "%"))
		return nil
	})
	return all, err
}

// bursts: a connection is used again, and bursts are taken.
func (b *bench) bursts(ctx context.Context) (all []measure.Verdict, err error) {
	c, err := b.call("resample 1 s")
	if err != nil {
		return nil, err
	}
	err = b.service(ctx, func(s *process.Server) error {
		one10 := config(s, c.Workload(work.ServedBy{}), 1, 1)
		one10.Requests = 10
		r, err := run(ctx, one10)
		if err != nil {
			return err
		}
		all = append(all, most("T034", "10 calls on one connection", one(r.Elapsed.Seconds()), 5, "s"))
		fewest := 100.0
		for range 5 {
			burst := config(s, c.Workload(work.ServedBy{}), 100, 100)
			burst.Requests = 100
			if r, err = run(ctx, burst); err != nil {
				return err
			}
			fewest = min(fewest, float64(r.Units))
		}
		all = append(all, least("T034", "answered of each of 5 bursts of 100 calls on 100 new connections", one(fewest), 95, ""))
		return nil
	})
	return all, err
}

// degradation: what 10, 100 and more clients do to the calls of all, where together they ask as much as one did.
func (b *bench) degradation(ctx context.Context) (all []measure.Verdict, err error) {
	c, err := b.call("resample 1 s")
	if err != nil {
		return nil, err
	}
	type figures struct{ mean, p50, p95 map[int]float64 }
	got := make(map[int]figures)
	counts := []int{1, 10, 100, b.Clients}
	for _, n := range counts {
		got[n] = figures{make(map[int]float64), make(map[int]float64), make(map[int]float64)}
	}
	for round := range b.Rounds {
		for _, n := range counts {
			err := b.service(ctx, func(s *process.Server) error {
				r, err := spread(ctx, s, c, n, spreadRate, b.Seconds)
				if err != nil {
					return err
				}
				got[n].mean[round], got[n].p50[round], got[n].p95[round] = ms(r.Of(load.Latency).Mean()), quantile(r, 0.5), quantile(r, 0.95)
				return nil
			})
			if err != nil {
				return all, err
			}
		}
	}
	for _, n := range counts[1:] {
		what := fmt.Sprintf("%d clients, the same %d calls a second: ", n, spreadRate)
		all = append(all,
			most("T033", what+"mean over that of 1", measure.Ratio(got[n].mean, got[1].mean), 1.3, ""),
			most("T033", what+"p50 over that of 1", measure.Ratio(got[n].p50, got[1].p50), 2, ""),
			most("T033", what+"p95 over that of 1", measure.Ratio(got[n].p95, got[1].p95), 3, ""))
	}
	kept, err := b.underPressure(ctx, c)
	return append(all, kept...), err
}

// underPressure: with more clients than the service has time for, as much is done as before.
func (b *bench) underPressure(ctx context.Context, c *work.Call) (all []measure.Verdict, err error) {
	rate, busy := make(map[int]float64), make(map[int]float64)
	for _, n := range []int{10, 100, b.Clients} {
		err := b.service(ctx, func(s *process.Server) error {
			r, err := timed(ctx, config(s, c.Workload(work.ServedBy{}), n, n), b.Seconds)
			if err != nil {
				return err
			}
			rate[n] = r.Throughput()
			if r.Server != nil {
				busy[n] = (r.Server.CPU + r.Generator.CPU).Seconds() / r.Elapsed.Seconds()
			}
			return nil
		})
		if err != nil {
			return all, err
		}
	}
	for _, n := range []int{100, b.Clients} {
		all = append(all, least("T033", fmt.Sprintf("%d clients without a pause: calls a second over those of 10", n), one(rate[n]/rate[10]), 0.7, ""))
	}
	return append(all, told("T036", fmt.Sprintf("cores that 100 clients without a pause keep busy, of %d", runtime.NumCPU()), one(busy[100]), "",
		"the service and the generator")), nil
}

// smallCalls: 10,000 a second, with p95 below 5 ms.
func (b *bench) smallCalls(ctx context.Context) (all []measure.Verdict, err error) {
	c, err := b.call("calculator")
	if err != nil {
		return nil, err
	}
	err = b.service(ctx, func(s *process.Server) error {
		for _, n := range []int{10, 50, 100} {
			r, err := timed(ctx, config(s, c.Workload(work.ServedBy{}), n, min(n, 10)), 2*b.Seconds)
			if err != nil {
				return err
			}
			what := fmt.Sprintf("calculator, c=%d: ", n)
			all = append(all, least("RS-6", what+"calls a second", one(r.Throughput()), 10000, ""), most("RS-6", what+"errors", one(100*r.ErrorShare()), 1, "%"))
			if p95 := one(quantile(r, 0.95)); n == 100 {
				all = append(all, told("RS-6", what+"p95", p95, "ms", "at 10,000 a second, each of 100 clients without a pause waits 10 ms"))
			} else {
				all = append(all, most("RS-6", what+"p95", p95, 5, "ms"))
			}
		}
		return nil
	})
	return all, err
}
