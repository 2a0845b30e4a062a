package accept

import (
	"context"
	"fmt"
	"time"

	"github.com/remotemedia/remotemedia-go/bench/measure"
	"github.com/remotemedia/remotemedia-go/bench/process"
	"github.com/remotemedia/remotemedia-go/bench/work"
	"github.com/remotemedia/remotemedia-go/internal/machine"
)

const megabyte = 1e6

// memory: less than 10 MB for an execution, no growth, and little for large buffers.
func (b *bench) memory(ctx context.Context) (all []measure.Verdict, err error) {
	small, err := b.call("resample 1 s")
	if err != nil {
		return nil, err
	}
	large, err := b.call("resample 10 s")
	if err != nil {
		return nil, err
	}
	err = b.service(ctx, func(s *process.Server) error {
		v, err := b.atOnce(ctx, s, small)
		all = append(all, v...)
		return err
	})
	if err != nil {
		return all, err
	}
	err = b.service(ctx, func(s *process.Server) error {
		base, err := machine.UsageOf(s.PID)
		if err != nil {
			return err
		}
		c := config(s, large.Workload(work.ServedBy{}), 1, 1)
		c.Requests = 10
		if _, err := run(ctx, c); err != nil {
			return err
		}
		u, err := machine.UsageOf(s.PID)
		all = append(all, most("T035", "10 calls of 10 s: peak RSS on top of the idle service", one(float64(u.PeakRSS-base.RSS)/megabyte), 30, "MB"))
		return err
	})
	if err != nil {
		return all, err
	}
	back, err := b.givenBack(ctx)
	return append(all, back), err
}

// givenBack tells how much of the memory of a peak is still held when the service has had nothing to do for a while.
func (b *bench) givenBack(ctx context.Context) (v measure.Verdict, err error) {
	c, err := b.call("pass 1 s")
	if err != nil {
		return v, err
	}
	err = b.service(ctx, func(s *process.Server) error {
		if _, err := timed(ctx, config(s, c.Workload(work.ServedBy{}), b.Clients, 10), b.Seconds); err != nil {
			return err
		}
		rest := 5 * b.Seconds
		select {
		case <-time.After(rest):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		u, err := machine.UsageOf(s.PID)
		if err != nil {
			return err
		}
		v = told("", fmt.Sprintf("RSS %v after %d clients passed 1 s through", rest, b.Clients), one(float64(u.RSS)/megabyte), "MB",
			fmt.Sprintf("the peak was %.0f MB", float64(u.PeakRSS)/megabyte))
		return nil
	})
	return v, err
}

// atOnce measures 100 executions at a time, in batches, of which the last must not need more than the second: by then pools are full.
func (b *bench) atOnce(ctx context.Context, s *process.Server, c *work.Call) (all []measure.Verdict, err error) {
	const clients, batches = 100, 6
	base, err := machine.UsageOf(s.PID)
	if err != nil {
		return nil, err
	}
	var after [batches]machine.Usage
	for i := range after {
		l := config(s, c.Workload(work.ServedBy{}), clients, 10)
		l.Requests = uint64(max(b.Calls, clients))
		if _, err := run(ctx, l); err != nil {
			return nil, err
		}
		if after[i], err = machine.UsageOf(s.PID); err != nil {
			return nil, err
		}
	}
	first, last := after[1], after[batches-1]
	return []measure.Verdict{
		most("SC-008", fmt.Sprintf("memory of one of %d executions of 1 s", clients), one(float64(last.PeakRSS-base.RSS)/megabyte/clients), 10, "MB"),
		most("T035", fmt.Sprintf("growth of the peak RSS over %d batches of %d calls", batches-2, max(b.Calls, clients)),
			one(100*float64(last.PeakRSS-first.PeakRSS)/float64(first.PeakRSS)), 20, "%"),
	}, nil
}
