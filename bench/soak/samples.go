package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/remotemedia/remotemedia-go/bench/stress"
)

// token is that of all callers. It is good for nothing but a service of this program.
const token = "soak-0123456789abcdef012345"

func configuration() string {
	return "auth: {tokens: [{name: soak, token: " + token + ", scopes: [execute, stream, metrics, admin]}]}\n"
}

// sample is a look at what must not grow.
type sample struct {
	at         time.Duration
	calls      float64 // that had ended by then, with chunks of streams
	heap       float64 // bytes, after a collection, without idle buffers, whose number depends on the largest burst so far
	buffers    float64 // in use
	goroutines float64
	files      float64
	account    float64 // bytes charged to executions
}

var heapAlloc = regexp.MustCompile(`(?m)^# HeapAlloc = (\d+)$`)

// look has garbage collected and takes a sample.
func look(ctx context.Context, s *stress.Service, began time.Time) (sample, error) {
	profile, err := s.Get(ctx, "/debug/pprof/heap?gc=1&debug=1", token)
	if err != nil {
		return sample{}, err
	}
	found := heapAlloc.FindStringSubmatch(profile)
	if found == nil {
		return sample{}, errors.New("the profile of the heap doesn't tell HeapAlloc")
	}
	heap, err := strconv.ParseFloat(found[1], 64)
	if err != nil {
		return sample{}, err
	}
	f, err := s.Figures(ctx)
	if err != nil {
		return sample{}, err
	}
	return sample{
		at: time.Since(began), calls: f.Sum("remotemedia_grpc_call_outcomes_total") + f.Sum("remotemedia_stream_chunks_total"),
		heap: heap - f.Sum("remotemedia_buffer_pool_idle_bytes"), buffers: f.Sum("remotemedia_buffer_pool_buffers"),
		goroutines: f.Sum("go_goroutines"), files: f.Sum("process_open_fds"), account: f.Sum("remotemedia_execution_memory_bytes"),
	}, nil
}

// watch takes samples until the context ends.
func watch(ctx context.Context, s *stress.Service) (samples []sample, err error) {
	const every = 2 * time.Second
	ticker, began := time.NewTicker(every), time.Now()
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return samples, nil
		case <-ticker.C:
		}
		one, err := look(context.WithoutCancel(ctx), s, began)
		if err != nil {
			return samples, err
		}
		samples = append(samples, one)
	}
}

// Bounds below which growth isn't a leak: what is kept for each of the first calls of a kind, and what is measured in passing.
const (
	heapBound      = 128.0 // bytes a call
	goroutineBound = 0.05  // a second
	fileBound      = 0.02  // a second
	accountBound   = 4096  // bytes a second
	bufferBound    = 0.05  // a second
)

// trends are those of the samples without the first fifth, in which caches fill.
type trends struct{ heap, goroutines, files, account, buffers stress.Trend }

func trendsOf(samples []sample) trends {
	samples = samples[len(samples)/5:]
	seconds := func(s sample) float64 { return s.at.Seconds() }
	return trends{
		heap:       calmest(samples, func(s sample) float64 { return s.calls }, func(s sample) float64 { return s.heap }),
		goroutines: calmest(samples, seconds, func(s sample) float64 { return s.goroutines }),
		files:      calmest(samples, seconds, func(s sample) float64 { return s.files }),
		account:    calmest(samples, seconds, func(s sample) float64 { return s.account }),
		buffers:    calmest(samples, seconds, func(s sample) float64 { return s.buffers }),
	}
}

// calmest is the trend of the least of each few samples: a burst raises one or two of them, a leak all.
func calmest(samples []sample, x, y func(sample) float64) stress.Trend {
	const few = 3
	var xs, ys []float64
	for group := range slices.Chunk(samples, few) {
		least := slices.MinFunc(group, func(a, b sample) int { return cmp.Compare(y(a), y(b)) })
		xs, ys = append(xs, x(least)), append(ys, y(least))
	}
	return stress.TrendOf(xs, ys)
}

// judge notes what grew.
func (s *soak) judge(samples []sample) {
	t := trendsOf(samples)
	for _, x := range []struct {
		what, unit string
		trend      stress.Trend
		bound      float64
	}{
		{"live heap without idle buffers", "bytes a call", t.heap, heapBound}, {"goroutines", "a second", t.goroutines, goroutineBound},
		{"open files", "a second", t.files, fileBound}, {"account of the memory", "bytes a second", t.account, accountBound},
		{"buffers in use", "a second", t.buffers, bufferBound},
	} {
		grows := 0.0
		if x.trend.Grows(x.bound) {
			grows = 1
		}
		s.report.AtMost("18", x.what+": grows", grows, 0, "", fmt.Sprintf("%v %s over %d points, each the least of three samples; the interval has 0 in it or is below %v", x.trend, x.unit, x.trend.Points, x.bound))
	}
	var heaps []string
	for _, one := range samples {
		heaps = append(heaps, fmt.Sprintf("%.1f", one.heap/1e6))
	}
	s.report.Fact("live heap without idle buffers under load, every 2 s, MB", "%s", strings.Join(heaps, " "))
	last := samples[len(samples)-1]
	s.report.Fact("at the end, under load", "%.0f goroutines, %.0f files, account %.2f MB, %.0f buffers, %.0f calls and chunks",
		last.goroutines, last.files, last.account/1e6, last.buffers, last.calls)
}
