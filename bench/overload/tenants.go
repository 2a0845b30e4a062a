package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/bench/stress"
	"github.com/remotemedia/remotemedia-go/internal/load"
	"github.com/remotemedia/remotemedia-go/internal/load/service"
)

// Tokens of the tenants. They are good for nothing but a service of this program.
const (
	greedyToken = "greedy-0123456789abcdef0123"
	modestToken = "modest-0123456789abcdef0123"
)

// tenants has one tenant offer 20 times its share and another one half of its own (row 7).
func (t *trial) tenants(ctx context.Context) error {
	s, err := t.start(ctx, "tenants", fmt.Sprintf("auth: {tokens: [{name: greedy, token: %s}, {name: modest, token: %s}]}\n", greedyToken, modestToken))
	if err != nil {
		return err
	}
	alone, err := t.share(ctx, s, 0)
	if err != nil {
		return errors.Join(err, s.Stop())
	}
	beside, err := t.share(ctx, s, 10)
	if err != nil {
		return errors.Join(err, s.Stop())
	}
	o, g := split(beside.modest), split(beside.greedy)
	t.report.AtLeast("7", "B beside a greedy tenant: answered in time", percent(o.good, int(beside.modest.Attempted())), 95, "%", fmt.Sprintf("B %+v, A %+v", o, g))
	t.report.AtMost("7", "B beside a greedy tenant: refused", float64(o.refused), 0, "", beside.why())
	p99 := alone.modest.Of(load.Latency).Quantile(0.99)
	latency := beside.modest.Of(load.Latency)
	t.report.AtMost("7", "B beside a greedy tenant: p99", ms(latency.Quantile(0.99)), 2*ms(p99), "ms",
		fmt.Sprintf("twice that alone, %.1f ms; p50 %.1f ms", ms(p99), ms(latency.Quantile(0.5))))
	return s.Stop()
}

// rivals is what became of the calls of two tenants, and why the modest one was refused, as it was told.
type rivals struct {
	modest, greedy *load.Result
	refusals       stress.Refusals
}

func (r *rivals) why() string {
	reasons := r.refusals.Reasons()
	if reasons != "" {
		reasons += " (those while warming up among them)"
	}
	if other := worst(r.modest); other != "" {
		reasons = strings.TrimPrefix(reasons+"; "+other, "; ")
	}
	return reasons
}

// share has B call at a quarter of the capacity, half of its share, and A at a multiple of it.
func (t *trial) share(ctx context.Context, s *stress.Service, times float64) (*rivals, error) {
	during := t.seconds(8)
	var out rivals
	var group sync.WaitGroup
	var err, other error
	if times > 0 {
		group.Go(func() { out.greedy, other = t.offerAs(ctx, greedyToken, s, times, during, nil) })
	}
	out.modest, err = t.offerAs(ctx, modestToken, s, 0.25, during, func(_ *load.Config, w *load.UnaryWorkload) { w.Ended = out.refusals.Ended })
	group.Wait()
	return &out, errors.Join(err, other)
}

// liveStreams has streams of 20 ms chunks go on while five times the capacity of calls is offered (row 8).
func (t *trial) liveStreams(ctx context.Context) error {
	const streams, frames, chunk = 10, 882, 20 * time.Millisecond
	spec, err := specOf(`{"version":"v1","metadata":{"name":"live"},"nodes":[{"id":"resample","node_type":"AudioResample","params":{"target_sample_rate":16000}},
		{"id":"vad","node_type":"VAD"}],"connections":[{"from":"resample","to":"vad"}]}`, audio.Format{Rate: 44100, Channels: 1, Encoding: pcm.F32}, 44100)
	if err != nil {
		return err
	}
	during := t.seconds(10)
	chunks := uint64((during + time.Second) / chunk)
	w, err := service.Stream(ctx, t.main.Target(""), spec, service.StreamSpec{Frames: frames, Chunks: chunks, Realtime: true})
	if err != nil {
		return err
	}
	var both sync.WaitGroup
	var calls *load.Result
	var other error
	both.Go(func() { calls, other = t.offer(ctx, t.main, 5, during, nil) })
	r, err := load.Run(ctx, load.Config{
		Name: "streams", Target: t.main.Target(""), Workload: w, Connections: streams, Concurrency: streams, Requests: streams,
		Stagger: chunk, Deadline: chunk,
	})
	both.Wait()
	if err = errors.Join(err, other); err != nil {
		return err
	}
	late, sent := int(r.Late+r.Unanswered), int(r.Units+r.Unanswered)
	t.report.AtMost("8", "calls at 5x C: live chunks of 20 ms answered later than that", percent(late, sent), 0.1, "%",
		fmt.Sprintf("%d of %d in %d streams; p99 %.1f ms, generator late p99 %.1f ms; calls %+v", late, sent, r.Streams,
			ms(r.Of(load.Latency).Quantile(0.99)), ms(r.Of(load.Lateness).Quantile(0.99)), split(calls)))
	t.report.AtMost("8", "calls at 5x C: live streams that failed", float64(r.Failed), 0, "", fmt.Sprint(r.Failures))
	return nil
}
