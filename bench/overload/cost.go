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

// refusalCost has a service without room refuse everything, with bodies of several sizes (row 3).
func (t *trial) refusalCost(ctx context.Context) error {
	s, err := t.start(ctx, "full", "limits: {max_concurrent_executions: 1, max_timeout_ms: 600000}\nadmission: {queue_size: 0, load_shedding: {enabled: false}}\n")
	if err != nil {
		return err
	}
	release, err := occupy(ctx, s)
	if err != nil {
		return errors.Join(err, s.Stop())
	}
	for _, size := range []int{100, 32 << 10, 180_000} {
		if err := t.refuseBodies(ctx, s, size); err != nil {
			return errors.Join(err, release(), s.Stop())
		}
	}
	return errors.Join(release(), s.Stop())
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

func (t *trial) refuseBodies(ctx context.Context, s *stress.Service, size int) error {
	const rate = 1000
	var refusals stress.Refusals
	w := &load.UnaryWorkload{Method: service.ExecuteMethod, Request: make([]byte, size), Ended: refusals.Ended}
	look, err := allocated(ctx, s) // what looking itself takes
	if err != nil {
		return err
	}
	before, err := allocated(ctx, s)
	if err != nil {
		return err
	}
	arrivals := load.Rate(rate, t.seconds(6))
	arrivals.Poisson = true
	r, err := load.Run(ctx, load.Config{
		Name: "refusals", Target: s.Target(""), Workload: w, Connections: connections, Arrivals: arrivals, Seed: 1, Process: s.PID,
	})
	if err != nil {
		return err
	}
	after, err := allocated(ctx, s)
	if err != nil {
		return err
	}
	n := float64(refusals.Count())
	if n == 0 || split(r).refused != int(n) || r.Server == nil {
		return fmt.Errorf("of %d calls %d were refused: %+v", r.Attempted(), refusals.Count(), r.Failures)
	}
	at := fmt.Sprintf("body of %d bytes: ", size)
	note := fmt.Sprintf("%d refusals at %d/s, p50 %.2f ms, p99 %.2f ms", int(n), rate, ms(refusals.Quantile(0.5)), ms(refusals.Quantile(0.99)))
	cpu, memory := float64(r.Server.CPU.Microseconds())/n, (after-before-(before-look))/n-float64(size)
	if size > 32<<10 { // what is required is for bodies of up to that
		t.report.Fact(at+"a refusal", "%.0f us of the processor, %.0f bytes beside the body; %s", cpu, memory, note)
		return nil
	}
	t.report.AtMost("3", at+"processor for a refusal", cpu, 50, "us", note)
	t.report.AtMost("3", at+"memory for a refusal, beside what of the body had come", memory, 8192, "bytes", "")
	return nil
}

// allocated is how much memory the service has taken since it began, in bytes.
func allocated(ctx context.Context, s *stress.Service) (float64, error) {
	f, err := s.Figures(ctx)
	return f["go_memstats_alloc_bytes_total"], err
}
