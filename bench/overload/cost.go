package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/bench/stress"
	"github.com/remotemedia/remotemedia-go/internal/load"
	"github.com/remotemedia/remotemedia-go/internal/load/service"
)

// usualRate is how many calls a second are refused, where nothing else is said.
const usualRate = 1000

// refusalCost has a service without room refuse everything, with bodies of several sizes (row 3). The control is bare grpc-go under the same load
// on the same processor.
func (t *trial) refusalCost(ctx context.Context) error {
	s, err := t.start(ctx, "full", "limits: {max_concurrent_executions: 1, max_timeout_ms: 600000}\nadmission: {queue_size: 0, load_shedding: {enabled: false}}\n")
	if err != nil {
		return err
	}
	release, err := occupy(ctx, s)
	if err != nil {
		return errors.Join(err, s.Stop())
	}
	t.report.Notes = append(t.report.Notes, "Bare grpc-go is the control of the refusals: a server that answers UNAVAILABLE as soon as the headers have come, with nothing "+
		"else, on the same processor under the same load. What it takes isn't the service's own. At 4,000 a second the processor is woken up for fewer of them.")
	return errors.Join(t.besideControl(ctx, s), release(), s.Stop())
}

func (t *trial) besideControl(ctx context.Context, s *stress.Service) error {
	control, err := stress.StartOther(ctx, stress.Options{Name: "control", Program: t.control, CPUs: t.cpus, Dir: t.dir},
		"-codec", "refuse", "-metrics", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("%w; `make overload` builds the control", err)
	}
	for _, size := range []int{100, 32 << 10, 180_000} {
		if err := t.refuseBodies(ctx, s, control, size, usualRate); err != nil {
			return errors.Join(err, control.Stop())
		}
	}
	// At this rate waking up an idle processor isn't most of what a refusal takes.
	return errors.Join(t.refuseBodies(ctx, s, control, 100, 4*usualRate), control.Stop())
}

// occupy takes the only place with a call that waits, until released.
func occupy(ctx context.Context, s *stress.Service) (release func() error, err error) {
	conn, err := grpc.NewClient(s.Address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	var call sync.WaitGroup
	call.Go(func() {
		// It ends when it is released, which is an error of no interest.
		_ = conn.Invoke(ctx, service.ExecuteMethod, &pb.ExecuteRequest{
			Manifest:   &pb.PipelineManifest{Version: "v1", Nodes: []*pb.NodeManifest{{Id: "a", NodeType: "DelayNode", Params: `{"delay_ms": 500000}`}}},
			DataInputs: map[string]string{"a": "1"}, ResourceLimits: &pb.ResourceLimits{MaxTimeoutMs: 600_000},
		}, new(pb.ExecuteResponse))
	})
	release = func() error { cancel(); call.Wait(); return conn.Close() }
	for deadline := time.Now().Add(5 * time.Second); ; {
		f, err := s.Figures(ctx)
		switch {
		case err != nil:
			return nil, errors.Join(err, release())
		case f.Sum("remotemedia_grpc_active_executions") == 1:
			return release, nil
		case time.Now().After(deadline):
			return nil, errors.Join(errors.New("the call that is to take the only place doesn't run"), release())
		}
	}
}

// refuseBodies offers bodies of a size to the service and to the control, which is only told. What is required is for the usual rate, and for
// bodies of up to 32 KiB.
func (t *trial) refuseBodies(ctx context.Context, s, control *stress.Service, size, rate int) error {
	ours, err := t.refusals(ctx, s, size, rate, t.seconds(6))
	if err != nil {
		return err
	}
	bare, err := t.refusals(ctx, control, size, rate, t.seconds(4))
	if err != nil {
		return fmt.Errorf("the control: %w", err)
	}
	at := fmt.Sprintf("body of %d bytes: ", size)
	if rate != usualRate || size > 32<<10 {
		const format = "%.0f us of the processor, %.0f bytes beside the body; %s"
		t.report.Fact(at+"a refusal", format, ours.cpu, ours.memory, ours.note)
		t.report.Fact(at+"a refusal of bare grpc-go", format, bare.cpu, bare.memory, bare.note)
		return nil
	}
	processor, memory := at+"processor for a refusal", at+"memory for a refusal, beside what of the body had come"
	t.report.AtMost("3", processor, ours.cpu, 50, "us", ours.note)
	t.report.Tell("3", processor+", by bare grpc-go", bare.cpu, "us", bare.note)
	t.report.AtMost("3", memory, ours.memory, 8192, "bytes", "")
	t.report.Tell("3", memory+", by bare grpc-go", bare.memory, "bytes", "")
	return nil
}

// refused is what a refusal took.
type refused struct {
	cpu    float64 // us
	memory float64 // bytes beside those of the body
	note   string
}

// refusals has a server refuse bodies of a size that come at random moments.
func (t *trial) refusals(ctx context.Context, s *stress.Service, size, rate int, during time.Duration) (refused, error) {
	var refusals stress.Refusals
	w := &load.UnaryWorkload{Method: service.ExecuteMethod, Request: make([]byte, size), Ended: refusals.Ended}
	look, err := allocated(ctx, s) // what looking itself takes
	if err != nil {
		return refused{}, err
	}
	before, err := allocated(ctx, s)
	if err != nil {
		return refused{}, err
	}
	arrivals := load.Rate(float64(rate), during)
	arrivals.Poisson = true
	r, err := load.Run(ctx, load.Config{
		Name: "refusals", Target: s.Target(""), Workload: w, Connections: connections, Arrivals: arrivals, Seed: 1, Process: s.PID,
	})
	if err != nil {
		return refused{}, err
	}
	after, err := allocated(ctx, s)
	if err != nil {
		return refused{}, err
	}
	n := float64(refusals.Count())
	if n == 0 || split(r).refused != int(n) || r.Server == nil {
		return refused{}, fmt.Errorf("of %d calls %d were refused: %+v", r.Attempted(), refusals.Count(), r.Failures)
	}
	return refused{
		cpu: float64(r.Server.CPU.Microseconds()) / n, memory: (after-before-(before-look))/n - float64(size),
		note: fmt.Sprintf("%d refusals at %d/s, p50 %.2f ms, p99 %.2f ms", int(n), rate, ms(refusals.Quantile(0.5)), ms(refusals.Quantile(0.99))),
	}, nil
}

// allocated is how much memory the service has taken since it began, in bytes.
func allocated(ctx context.Context, s *stress.Service) (float64, error) {
	f, err := s.Figures(ctx)
	return f["go_memstats_alloc_bytes_total"], err
}
