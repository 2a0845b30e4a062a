// Package accept measures the figures that the specification asks for, each as passed or failed with its margin. It is for a machine
// that does nothing else.
package accept

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/remotemedia/remotemedia-go/bench/document"
	"github.com/remotemedia/remotemedia-go/bench/measure"
	"github.com/remotemedia/remotemedia-go/bench/process"
	"github.com/remotemedia/remotemedia-go/bench/suite"
	"github.com/remotemedia/remotemedia-go/bench/work"
	"github.com/remotemedia/remotemedia-go/internal/load"
)

// Options of a run.
type Options struct {
	Folder   suite.Folder
	Progress io.Writer
	Calls    int           // warm calls whose latencies are judged; the specification says 1,000
	Seconds  time.Duration // of each load that isn't counted in calls
	Rounds   int           // of what is compared
	Clients  int           // connections and streams at once; the specification says 1,000
}

// bench is a run under way.
type bench struct {
	Options
	calls map[string]*work.Call
}

// check measures some of the figures.
type check struct {
	name string
	run  func(b *bench, ctx context.Context) ([]measure.Verdict, error)
}

var checks = []check{
	{"latency of 1,000 warm calls", (*bench).latency},
	{"connections", (*bench).connections},
	{"bursts", (*bench).bursts},
	{"degradation", (*bench).degradation},
	{"throughput of small calls", (*bench).smallCalls},
	{"memory", (*bench).memory},
	{"serialization", (*bench).serialization},
	{"remote and local", (*bench).remoteAndLocal},
	{"chunks of 100 ms", (*bench).chunks},
	{"Python", (*bench).python},
}

// Run measures everything. A check that can't be made is told as an error beside the verdicts of the others.
func Run(ctx context.Context, o Options) ([]measure.Verdict, error) {
	b := &bench{Options: o, calls: make(map[string]*work.Call)}
	if missing := o.Folder.Missing(suite.Service); missing != "" {
		return nil, errors.New(missing)
	}
	var all []measure.Verdict
	var errs []error
	for i, c := range checks {
		fmt.Fprintf(o.Progress, "%2d/%d %s\n", i+1, len(checks), c.name)
		verdicts, err := c.run(b, ctx)
		if ctx.Err() != nil {
			return all, context.Cause(ctx)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", c.name, err))
			fmt.Fprintf(o.Progress, "      couldn't be measured: %v\n", err)
		}
		for _, v := range verdicts {
			fmt.Fprintf(o.Progress, "      %-4s %s: %s (%s) %s\n", v.Result(), v.What, v.Shown(), v.Demand(), v.Margin())
		}
		all = append(all, verdicts...)
	}
	return all, errors.Join(errs...)
}

// Passed reports whether every verdict is met.
func Passed(verdicts []measure.Verdict) bool {
	for _, v := range verdicts {
		if !v.Met() {
			return false
		}
	}
	return len(verdicts) > 0
}

// Table shows verdicts.
func Table(verdicts []measure.Verdict) string {
	t := document.Table{Head: []string{"id", "what", "asked for", "measured", "passed", "margin", ""}}
	for _, v := range verdicts {
		t.Add(v.ID, v.What, v.Demand(), v.Shown(), v.Result(), v.Margin(), v.Note)
	}
	return t.String()
}

// call makes a call once.
func (b *bench) call(name string) (*work.Call, error) {
	if c := b.calls[name]; c != nil {
		return c, nil
	}
	c, err := work.NewCall(name)
	if err == nil {
		b.calls[name] = c
	}
	return c, err
}

// service runs f with a service that is started for it.
func (b *bench) service(ctx context.Context, f func(s *process.Server) error) error {
	return b.server(ctx, suite.Service, nil, f)
}

func (b *bench) server(ctx context.Context, subject string, s *suite.Scenario, f func(s *process.Server) error) error {
	server, err := b.Folder.Start(ctx, subject, s)
	if err != nil {
		return err
	}
	return errors.Join(f(server), server.Stop())
}

const timeout = 20 * time.Second

// config is the load of a workload on a server.
func config(s *process.Server, w load.Workload, concurrency, connections int) load.Config {
	return load.Config{
		Target: load.Target{Address: s.Address}, Workload: w, Concurrency: concurrency, Connections: connections, Timeout: timeout, Process: s.PID,
	}
}

// counted runs a closed loop of so many calls, after a tenth as many that aren't counted.
func counted(ctx context.Context, c load.Config, calls int) (*load.Result, error) {
	warm := c
	warm.Requests = uint64(max(calls/10, c.Concurrency))
	if _, err := run(ctx, warm); err != nil {
		return nil, err
	}
	c.Requests = uint64(calls)
	return run(ctx, c)
}

// timed runs a closed loop for a time.
func timed(ctx context.Context, c load.Config, length time.Duration) (*load.Result, error) {
	c.Duration, c.Warmup = length, length/4
	return run(ctx, c)
}

// run loads, and fails where nothing at all was answered right.
func run(ctx context.Context, c load.Config) (*load.Result, error) {
	r, err := load.Run(ctx, c)
	if err != nil {
		return nil, err
	}
	if r.Units+r.Warmup == 0 {
		if len(r.Failures) > 0 {
			return nil, fmt.Errorf("nothing was answered right: %s: %s", r.Failures[0].Class, r.Failures[0].Example)
		}
		return nil, errors.New("nothing was answered right")
	}
	return r, nil
}

// failures are those of a load, and what was never begun.
func failures(r *load.Result) float64 { return float64(r.Failed + r.Unstarted) }

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func quantile(r *load.Result, q float64) float64 { return ms(r.Of(load.Latency).Quantile(q)) }

// one makes the spread of a single figure.
func one(figure float64) measure.Spread { return measure.Of([]float64{figure}) }

// most demands at most so much.
func most(id, what string, figure measure.Spread, limit float64, unit string) measure.Verdict {
	return measure.Verdict{ID: id, What: what, Figure: figure, Limit: limit, Unit: unit}
}

// least demands at least so much.
func least(id, what string, figure measure.Spread, limit float64, unit string) measure.Verdict {
	return measure.Verdict{ID: id, What: what, Figure: figure, Limit: limit, Unit: unit, Least: true}
}

// told only tells.
func told(id, what string, figure measure.Spread, unit, note string) measure.Verdict {
	return measure.Verdict{ID: id, What: what, Figure: figure, Unit: unit, Told: true, Note: note}
}
