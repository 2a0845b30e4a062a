package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/remotemedia/remotemedia-go/bench/stress"
	"github.com/remotemedia/remotemedia-go/internal/load"
	"github.com/remotemedia/remotemedia-go/internal/load/service"
)

// soak is one run of the program.
type soak struct {
	program, cpus, dir string
	during             time.Duration
	report             *stress.Report
}

const (
	connections = 4
	streams     = 10
	frames      = 4410 // of a chunk: 100 ms
	deadline    = time.Second
	share       = 0.8 // of the capacity, on average and without the bursts
)

func (s *soak) start(ctx context.Context, name string) (*stress.Service, error) {
	return stress.Start(ctx, stress.Options{Name: name, Program: s.program, Config: configuration(), CPUs: s.cpus, Dir: s.dir})
}

// soak is the long part.
func (s *soak) soak(ctx context.Context) error {
	svc, err := s.start(ctx, "service")
	if err != nil {
		return err
	}
	return errors.Join(s.keepBusy(ctx, svc), svc.Stop())
}

func (s *soak) keepBusy(ctx context.Context, svc *stress.Service) error {
	calls, err := specOf(speech)
	if err != nil {
		return err
	}
	target := svc.Target(token)
	unary, err := service.Unary(ctx, target, calls)
	if err != nil {
		return err
	}
	capacity, err := load.Run(ctx, load.Config{Name: "capacity", Target: target, Workload: unary, Connections: connections, Concurrency: connections, Warmup: time.Second, Duration: 4 * time.Second})
	if err != nil {
		return err
	}
	first, err := look(ctx, svc, time.Now())
	if err != nil {
		return err
	}
	rate := capacity.Goodput()
	s.report.Fact("capacity: right answers a second, closed loop", "%.1f/s", rate)
	watching, stop := context.WithCancel(ctx)
	defer stop()
	var group sync.WaitGroup
	var samples []sample
	var watchErr error
	group.Go(func() { samples, watchErr = watch(watching, svc) })
	total, loadErr := s.mix(ctx, target, unary, rate)
	stop()
	group.Wait()
	if err := errors.Join(loadErr, watchErr); err != nil {
		return err
	}
	s.judge(samples)
	all := total.right + total.wrong
	s.report.AtMost("SC-006", "of what was let in: failed, or late", 100*float64(total.wrong)/float64(max(1, all)), 0.1, "%", total.String())
	return s.afterwards(ctx, svc, first)
}

// mix is everything at once. The streams take their part of the capacity, and the calls what is left of the share.
func (s *soak) mix(ctx context.Context, target load.Target, unary *load.UnaryWorkload, rate float64) (total tally, err error) {
	spec, err := specOf(live)
	if err != nil {
		return total, err
	}
	chunks, err := service.Stream(ctx, target, spec, service.StreamSpec{Frames: frames, Chunks: 50, Realtime: true})
	if err != nil {
		return total, err
	}
	var mu sync.Mutex
	var errs []error
	var group sync.WaitGroup
	begin := func(name string, goingAway bool, run func() (*load.Result, error)) {
		group.Go(func() {
			r, err := run()
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", name, err))
				return
			}
			before := total
			if example := total.add(r, goingAway); example != "" {
				s.report.Notes = append(s.report.Notes, fmt.Sprintf("%s: %s", name, example))
			}
			s.report.Fact(name, "%d right, %d refused, %d wrong", total.right-before.right, total.refused-before.refused, total.wrong-before.wrong)
		})
	}
	begin("calls", false, func() (*load.Result, error) {
		return load.Run(ctx, load.Config{
			Name: "calls", Target: target, Workload: unary, Connections: connections, Arrivals: s.arrivals(rate), Timeout: deadline, Deadline: deadline, Seed: 1,
		})
	})
	begin("chunks of live streams", false, func() (*load.Result, error) {
		return load.Run(ctx, load.Config{
			Name: "streams", Target: target, Workload: chunks, Connections: 2, Concurrency: streams, Duration: s.during, Stagger: time.Second, Deadline: deadline,
		})
	})
	for _, n := range nuisances {
		begin(n.name, n.code == "", func() (*load.Result, error) { return n.run(ctx, target, s.during) })
	}
	group.Wait()
	return total, errors.Join(errs...)
}

// arrivals are calls at their share of the capacity, with a burst of three times the capacity for half a second in every ten.
func (s *soak) arrivals(rate float64) load.Arrivals {
	const burst, calm, streamShare = 500 * time.Millisecond, 9500 * time.Millisecond, 0.1
	steady := (share - streamShare) * rate
	a := load.Arrivals{Poisson: true}
	for rest := s.during; rest > 0; rest -= burst + calm {
		a.Stages = append(a.Stages, load.Stage{From: steady, To: steady, For: calm}, load.Stage{From: 3 * rate, To: 3 * rate, For: burst})
	}
	return a
}

// afterwards looks whether all is let go of when the load has ended.
func (s *soak) afterwards(ctx context.Context, svc *stress.Service, before sample) error {
	const patience, slack = 10 * time.Second, 2
	var last sample
	var err error
	for deadline := time.Now().Add(patience); ; {
		if last, err = look(ctx, svc, time.Now()); err != nil {
			return err
		}
		if last.goroutines <= before.goroutines+slack && last.files <= before.files && last.account+last.buffers == 0 || time.Now().After(deadline) {
			break
		}
	}
	s.report.AtMost("17", "goroutines beyond those before the load", last.goroutines-before.goroutines, slack, "", "")
	s.report.AtMost("17", "files beyond those before the load", last.files-before.files, 0, "", "")
	s.report.AtMost("17", "buffers still in use", last.buffers, 0, "", "")
	s.report.Fact("live heap before and after the load", "%.1f MB, %.1f MB", before.heap/1e6, last.heap/1e6)
	s.report.AtMost("17", "bytes still on the account", last.account, 0, "", "")
	return nil
}

// planted is the control: a node leaves a kilobyte behind in each call, and that must be found.
func (s *soak) planted(ctx context.Context) error {
	svc, err := s.start(ctx, "leaking")
	if err != nil {
		return err
	}
	return errors.Join(s.findLeak(ctx, svc), svc.Stop())
}

func (s *soak) findLeak(ctx context.Context, svc *stress.Service) error {
	const rate = 300
	spec, err := specOf(leaking)
	if err != nil {
		return err
	}
	w, err := service.Unary(ctx, svc.Target(token), spec)
	if err != nil {
		return err
	}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	var group sync.WaitGroup
	var samples []sample
	var watchErr error
	group.Go(func() { samples, watchErr = watch(watching, svc) })
	r, err := load.Run(ctx, load.Config{
		Name: "leak", Target: svc.Target(token), Workload: w, Connections: connections, Arrivals: load.Rate(rate, max(s.during/2, 20*time.Second)), Timeout: deadline,
	})
	stop()
	group.Wait()
	if err := errors.Join(err, watchErr); err != nil {
		return err
	}
	heap := trendsOf(samples).heap
	found := 0.0
	if heap.Grows(heapBound) {
		found = 1
	}
	s.report.AtLeast("18", "control: a planted leak of 1 KB a call is found", found, 1, "", fmt.Sprintf("%v bytes a call in %d calls", heap, r.Units))
	return nil
}
