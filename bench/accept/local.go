package accept

import (
	"context"
	"time"

	"github.com/remotemedia/remotemedia-go/bench/measure"
	"github.com/remotemedia/remotemedia-go/bench/process"
	"github.com/remotemedia/remotemedia-go/bench/suite"
)

// remoteAndLocal: a remote call takes at most twice as long as a local one, but for the way of its bytes.
func (b *bench) remoteAndLocal(ctx context.Context) (all []measure.Verdict, err error) {
	small, long := &suite.Scenario{Mode: suite.Unary, Work: "resample 1 s"}, &suite.Scenario{Mode: suite.Unary, Work: "very high+VAD 10 s"}
	preparing := &suite.Runner{Folder: b.Folder}
	if err := preparing.Prepare(ctx, []suite.Scenario{*small}); err != nil {
		return nil, err
	}
	remote, local, echo := make(map[int]float64), make(map[int]float64), make(map[int]float64)
	tail, long95, longLocal := make(map[int]float64), make(map[int]float64), make(map[int]float64)
	for round := range b.Rounds {
		if remote[round], tail[round], err = b.remote(ctx, suite.Service, small, b.Calls); err != nil {
			return nil, err
		}
		if echo[round], _, err = b.remote(ctx, suite.OneCopy, small, b.Calls); err != nil {
			return nil, err
		}
		if local[round], err = b.local(ctx, small.Work, b.Calls); err != nil {
			return nil, err
		}
		if _, long95[round], err = b.remote(ctx, suite.Service, long, b.Calls/10); err != nil {
			return nil, err
		}
		if longLocal[round], err = b.local(ctx, long.Work, b.Calls/10); err != nil {
			return nil, err
		}
	}
	allowed, overhead := make(map[int]float64), make(map[int]float64)
	for round := range remote {
		allowed[round] = 2*local[round] + echo[round]
		overhead[round] = 100 * (remote[round] - echo[round] - local[round]) / remote[round]
	}
	return []measure.Verdict{
		most("SC-005", "resample 1 s: p95 remote over twice p50 local and p50 of an echo", measure.Ratio(tail, allowed), 1, ""),
		most("SC-005", "very high + VAD 10 s: p95 remote over p50 local", measure.Ratio(long95, longLocal), 2, ""),
		most("SC-003", "resample 1 s: (remote - echo - local) of remote, at p50", measure.Values(overhead), 10, "%"),
	}, nil
}

// remote gives p50 and p95 of warm calls, in ms.
func (b *bench) remote(ctx context.Context, subject string, at *suite.Scenario, calls int) (p50, p95 float64, err error) {
	c, err := b.call(at.Work)
	if err != nil {
		return 0, 0, err
	}
	err = b.server(ctx, subject, at, func(s *process.Server) error {
		r, err := counted(ctx, config(s, c.Workload(suite.ServedBy(subject)), 1, 1), max(calls, 20))
		if err == nil {
			p50, p95 = quantile(r, 0.5), quantile(r, 0.95)
		}
		return err
	})
	return p50, p95, err
}

// local gives p50 of warm runs in this process, in ms.
func (b *bench) local(ctx context.Context, name string, calls int) (float64, error) {
	c, err := b.call(name)
	if err != nil {
		return 0, err
	}
	calls = max(calls, 20)
	took := make([]float64, 0, calls)
	for i := range calls + calls/10 {
		began := time.Now()
		if _, err := c.Pipeline.Run(ctx, c.Inputs); err != nil {
			return 0, err
		}
		if i >= calls/10 {
			took = append(took, ms(time.Since(began)))
		}
	}
	return measure.Quantile(took, 0.5), nil
}
