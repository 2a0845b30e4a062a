package main

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/remotemedia/remotemedia-go/client"
	"github.com/remotemedia/remotemedia-go/manifest"
)

type limits struct {
	MemoryBytes uint64 `json:"memory_bytes"`
	TimeoutMS   int64  `json:"timeout_ms"`
	Samples     uint64 `json:"samples"`
}

func (l limits) value() client.Limits {
	return client.Limits{MemoryBytes: l.MemoryBytes, Timeout: millis(l.TimeoutMS), Samples: l.Samples}
}

type runStep struct {
	Manifest      json.RawMessage            `json:"manifest"`
	Audio         map[string]sound           `json:"audio"`
	Data          map[string]json.RawMessage `json:"data"`
	Limits        limits                     `json:"limits"`
	Outputs       []string                   `json:"outputs"`
	Labels        map[string]string          `json:"labels"`
	RequestID     string                     `json:"request_id"`
	TimeoutMS     int64                      `json:"timeout_ms"`
	CancelAfterMS int64                      `json:"cancel_after_ms"`
	Parallel      int                        `json:"parallel"`
}

func (r *runner) run(ctx context.Context, c *client.Client, s *runStep) (object, error) {
	m, err := client.ParseManifest(s.Manifest)
	if err != nil {
		return failed(err)
	}
	request, err := r.request(s, m)
	if err != nil {
		return nil, err
	}
	if s.Parallel == 0 {
		return r.observed(execute(ctx, c, s, request))
	}
	results, errs := make([]*client.Result, s.Parallel), make([]error, s.Parallel)
	var calls sync.WaitGroup
	for i := range s.Parallel {
		calls.Go(func() { results[i], errs[i] = execute(ctx, c, s, request) })
	}
	calls.Wait()
	outcomes := []object{}
	for i := range s.Parallel {
		o, err := r.observed(results[i], errs[i])
		if err != nil {
			return nil, err
		}
		outcomes = append(outcomes, o)
	}
	return object{"outcomes": outcomes}, nil
}

func (r *runner) request(s *runStep, m *manifest.Manifest) (client.Request, error) {
	in := client.Inputs{Data: s.Data, Audio: make(map[string]client.Audio)}
	for id, named := range s.Audio {
		a, err := r.audio(named)
		if err != nil {
			return client.Request{}, err
		}
		in.Audio[id] = a
	}
	return client.Request{
		Manifest: m, Inputs: in, Limits: s.Limits.value(), OutputNodes: s.Outputs, Labels: s.Labels, RequestID: s.RequestID,
	}, nil
}

func execute(ctx context.Context, c *client.Client, s *runStep, request client.Request) (*client.Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if s.TimeoutMS > 0 {
		ctx, cancel = context.WithTimeout(ctx, millis(s.TimeoutMS))
		defer cancel()
	}
	if s.CancelAfterMS > 0 {
		timer := time.AfterFunc(millis(s.CancelAfterMS), cancel)
		defer timer.Stop()
	}
	return c.Execute(ctx, request)
}

func (r *runner) observed(result *client.Result, err error) (object, error) {
	if err != nil {
		return failed(err)
	}
	return r.result(result)
}

func version(ctx context.Context, c *client.Client) (object, error) {
	v, err := c.Version(ctx)
	if err != nil {
		return failed(err)
	}
	return object{"version": object{
		"service": v.Service, "protocol": v.Protocol, "protocols": v.Protocols, "compatible": v.Compatible, "message": v.Message, "node_types": v.NodeTypes,
	}}, nil
}

type healthStep struct {
	Service string `json:"service"`
}

func (s *healthStep) ask(ctx context.Context, c *client.Client) (object, error) {
	status, err := c.Health(ctx, s.Service)
	if err != nil {
		return failed(err)
	}
	return object{"health": status}, nil
}

type metricsStep struct {
	NodeTypes  bool     `json:"node_types"`
	Streams    bool     `json:"streams"`
	Prometheus bool     `json:"prometheus"`
	Prefixes   []string `json:"prefixes"`
}

func (s *metricsStep) ask(ctx context.Context, c *client.Client) (object, error) {
	m, err := c.Metrics(ctx, client.MetricsOptions{NodeTypes: s.NodeTypes, Streams: s.Streams, Prometheus: s.Prometheus, Prefixes: s.Prefixes})
	if err != nil {
		return failed(err)
	}
	out := object{
		"requests": m.Requests, "failed": m.Failed, "executions": m.Executions, "streams": m.OpenStreams, "samples": m.Samples,
		"execute_count": m.ExecuteLatency.Count, "prometheus": m.Prometheus,
	}
	types := object{}
	for name, t := range m.NodeTypes {
		types[name] = t.Executions
	}
	open := []string{}
	for _, s := range m.Streams {
		open = append(open, s.Session)
	}
	out["node_types"], out["open_streams"] = types, open
	return object{"metrics": out}, nil
}
