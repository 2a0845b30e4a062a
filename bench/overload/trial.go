package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/bench/stress"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/internal/load"
	"github.com/remotemedia/remotemedia-go/internal/load/service"
	"github.com/remotemedia/remotemedia-go/manifest"
	"github.com/remotemedia/remotemedia-go/media"
)

// trial is one run of the program.
type trial struct {
	program, control, cpus, dir string
	quick                       bool
	deadline                    time.Duration
	report                      *stress.Report

	spec     service.Spec // of a call
	main     *stress.Service
	capacity float64       // C: calls a second that are answered in time, at most
	usual    time.Duration // L: the 99th percentile at 0.7 of the capacity
	work     time.Duration // processor time of a call
}

// speech is the pipeline of the calls: a network looks for speech in 5.6 seconds of telephone quality, 180 KB. It takes the processor long
// enough that at ten times the capacity reading the bodies of refused calls isn't most of the work.
const speech = `{"version":"v1","metadata":{"name":"speech"},"nodes":[{"id":"vad","node_type":"SileroVADNode"}]}`

var speechFormat = audio.Format{Rate: 16000, Channels: 1, Encoding: pcm.I16}

const speechFrames = 90_000

const connections = 8

func parse(text string) (*manifest.Manifest, error) {
	m, problems := manifest.Parse("overload", []byte(text))
	if f := fault.FromProblems(problems); f != nil {
		return nil, f
	}
	return m, nil
}

// specOf is a call of a pipeline with so much audio.
func specOf(text string, format audio.Format, frames int) (service.Spec, error) {
	m, err := parse(text)
	if err != nil {
		return service.Spec{}, err
	}
	a, err := service.Signal(format, frames, 1)
	return service.Spec{Manifest: m, Audio: map[string]media.Audio{"": a}}, err
}

// seconds is a length of the whole run, or of the quick one.
func (t *trial) seconds(n float64) time.Duration {
	const least = 1.5
	if t.quick {
		n = max(least, n/4)
	}
	return time.Duration(n * float64(time.Second))
}

func (t *trial) start(ctx context.Context, name, config string) (*stress.Service, error) {
	return stress.Start(ctx, stress.Options{Name: name, Program: t.program, Config: config, CPUs: t.cpus, Dir: t.dir})
}

// begin starts the service that most scenarios share, and finds its capacity.
func (t *trial) begin(ctx context.Context) (err error) {
	if t.spec, err = specOf(speech, speechFormat, speechFrames); err != nil {
		return err
	}
	if t.main, err = t.start(ctx, "service", ""); err != nil {
		return err
	}
	closed, err := t.measureCapacity(ctx)
	if err != nil {
		return err
	}
	t.capacity, t.work = closed.Goodput(), closed.CPUPerUnit()
	usual, err := t.offer(ctx, t.main, 0.7, t.seconds(10), nil)
	if err != nil {
		return err
	}
	t.usual = usual.Of(load.Latency).Quantile(0.99)
	t.report.Fact("capacity C: right answers a second, closed loop", "%.1f/s, %.2f ms of the processor each", t.capacity, ms(t.work))
	t.report.Fact("at 0.7 C, open loop", "p50 %.1f ms, p99 (L) %.1f ms, generator late p99 %.1f ms, %d refused, %d late",
		ms(usual.Of(load.Latency).Quantile(0.5)), ms(t.usual), ms(usual.Of(load.Lateness).Quantile(0.99)), split(usual).refused, split(usual).late)
	t.report.Fact("deadline of each call", "%v", t.deadline)
	return nil
}

// measureCapacity has a few callers call without pause.
func (t *trial) measureCapacity(ctx context.Context) (*load.Result, error) {
	const callers = 4
	w, err := service.Unary(ctx, t.main.Target(""), t.spec)
	if err != nil {
		return nil, err
	}
	r, err := load.Run(ctx, load.Config{
		Name: "capacity", Target: t.main.Target(""), Workload: w, Connections: callers, Concurrency: callers,
		Warmup: t.seconds(3), Duration: t.seconds(8), Deadline: t.deadline, Process: t.main.PID,
	})
	if err == nil && r.Failed > 0 {
		err = fmt.Errorf("calls failed while the capacity was measured: %+v", r.Failures)
	}
	return r, err
}

// end measures the capacity again: where it has moved, the machine wasn't the same all the time.
func (t *trial) end(ctx context.Context) error {
	const most = 0.15
	if t.main == nil {
		return nil
	}
	again, err := t.measureCapacity(ctx)
	if err != nil {
		return errors.Join(err, t.main.Stop())
	}
	moved := again.Goodput()/t.capacity - 1
	t.report.Fact("the capacity again, at the end", "%.1f/s (%+.0f %%)", again.Goodput(), 100*moved)
	if moved > most || moved < -most {
		t.report.Invalid("the capacity moved by %+.0f %% during the run (at most %.0f %% may be): the machine did other work, too", 100*moved, 100*most)
	}
	return t.main.Stop()
}

// offer has calls come at random at a multiple of the capacity. Change may be nil.
func (t *trial) offer(ctx context.Context, s *stress.Service, times float64, during time.Duration, change func(*load.Config, *load.UnaryWorkload)) (*load.Result, error) {
	return t.offerAs(ctx, "", s, times, during, change)
}

// offerAs is offer with a token.
func (t *trial) offerAs(
	ctx context.Context, token string, s *stress.Service, times float64, during time.Duration, change func(*load.Config, *load.UnaryWorkload),
) (*load.Result, error) {
	w, err := service.Unary(ctx, s.Target(token), t.spec)
	if err != nil {
		return nil, err
	}
	c := load.Config{
		Name: fmt.Sprintf("%gx", times), Target: s.Target(token), Workload: w, Connections: connections, Arrivals: load.Rate(times*t.capacity, during),
		Warmup: time.Second, Timeout: t.deadline, Deadline: t.deadline, Process: s.PID, Seed: 1,
	}
	c.Arrivals.Poisson = true
	if change != nil {
		change(&c, w)
	}
	return load.Run(ctx, c)
}

// outcome is what became of the calls of a run.
type outcome struct{ good, late, refused, other int }

func split(r *load.Result) outcome {
	o := outcome{good: int(r.Units - r.Late), late: int(r.Late)}
	for _, f := range r.Failures {
		n := int(f.Count)
		switch {
		case f.Origin == load.FromDeadline:
			o.late += n
		case f.Origin == load.FromStatus && f.Status == "UNAVAILABLE":
			o.refused += n
		default:
			o.other += n
		}
	}
	return o
}

func (o outcome) accepted() int { return o.good + o.late }

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func percent(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return 100 * float64(part) / float64(whole)
}
