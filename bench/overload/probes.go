package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/remotemedia/remotemedia-go/bench/stress"
)

// probes ask again and again for what operators need most when the service has too much to do (row 6).
type probes struct {
	conn   *grpc.ClientConn
	cancel context.CancelFunc
	group  sync.WaitGroup
	kinds  []*probe
}

// probe is one kind of question. Its figures are those of its goroutine until that has ended.
type probe struct {
	what   string
	every  time.Duration
	ask    func(ctx context.Context) error
	took   []time.Duration
	failed int
	why    error // of the first that failed
}

func startProbes(ctx context.Context, s *stress.Service) (*probes, error) {
	conn, err := grpc.NewClient(s.Address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	get := func(path string) func(context.Context) error {
		return func(ctx context.Context) error { _, err := s.Get(ctx, path, ""); return err }
	}
	health := grpc_health_v1.NewHealthClient(conn)
	p := &probes{conn: conn, kinds: []*probe{
		{what: "grpc.health.v1", every: 20 * time.Millisecond, ask: func(ctx context.Context) error {
			_, err := health.Check(ctx, &grpc_health_v1.HealthCheckRequest{})
			return err
		}},
		{what: "/readyz", every: 20 * time.Millisecond, ask: get("/readyz")},
		{what: "/metrics", every: 100 * time.Millisecond, ask: get("/metrics")},
	}}
	ctx, p.cancel = context.WithCancel(ctx)
	for _, k := range p.kinds {
		p.group.Go(func() { k.run(ctx) })
	}
	return p, nil
}

func (k *probe) run(ctx context.Context) {
	const limit = 5 * time.Second
	ticker := time.NewTicker(k.every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		one, cancel := context.WithTimeout(ctx, limit)
		began := time.Now()
		err := k.ask(one)
		cancel()
		switch {
		case ctx.Err() != nil: // it was interrupted by the end
			return
		case err != nil:
			k.failed++
			k.why = errors.Join(k.why, err)
		default:
			k.took = append(k.took, time.Since(began))
		}
	}
}

func (p *probes) stop() error {
	p.cancel()
	p.group.Wait()
	return p.conn.Close()
}

func (p *probes) judge(r *stress.Report) {
	const enough = 50 * time.Millisecond
	for _, k := range p.kinds {
		slices.Sort(k.took)
		var p99 time.Duration
		if n := len(k.took); n > 0 {
			p99 = k.took[(n-1)*99/100]
		}
		note := fmt.Sprintf("%d times", len(k.took))
		if k.why != nil {
			note = k.why.Error()
		}
		r.AtMost("6", "10x C: p99 of "+k.what, ms(p99), ms(enough), "ms", note)
		r.AtMost("6", "10x C: failed "+k.what, float64(k.failed), 0, "", "")
	}
}
