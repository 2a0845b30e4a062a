package server

import (
	"context"
	"log/slog"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/graph"
)

// Tracer makes spans of calls. It must not block.
type Tracer interface {
	// Call begins the span of a call of a method, /package.Service/Method, that came at a time. Header gives the first value of a
	// header of the client, which may have a span of its own.
	Call(ctx context.Context, method string, came time.Time, header func(name string) string) Span
}

// Span is that of a call. Its methods are called by one goroutine at a time.
type Span interface {
	// Part adds a span below it that is over already; err is nil where it went well.
	Part(name string, from, to time.Time, err *fault.Error, attributes ...slog.Attr)
	// End ends it, with the name of the status.
	End(status string, err *fault.Error, attributes ...slog.Attr)
}

// trace makes the span of a call.
func (s *Server) trace(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	if s.options.Tracer == nil {
		return next(srv, ss)
	}
	ctx := ss.Context()
	c := callOf(ctx)
	md, _ := metadata.FromIncomingContext(ctx)
	c.span = s.options.Tracer.Call(ctx, c.method, c.started, func(name string) string {
		if v := md.Get(name); len(v) > 0 {
			return v[0]
		}
		return ""
	})
	err := next(srv, ss)
	f := c.failure()
	if !c.arrived { // it was refused
		c.traceAdmission(f)
	}
	attributes := []slog.Attr{slog.String("request_id", c.requestID), slog.String("pipeline", c.pipeline), slog.Int("nodes", c.nodes)}
	if c.stream != nil {
		attributes = append(attributes, slog.String("session_id", c.stream.SessionID), slog.Uint64("chunks", c.stream.Chunks))
	}
	c.span.End(status.Code(err).String(), f, attributes...)
	return err
}

// arrive notes that a call was let in: the innermost of the chain but for contain. Of a call that is over soon the trailers that don't depend on how it
// ends are the same as those of others at the time, so that they are set now, from one map; what a stream is told of the load is measured when it ends.
func (s *Server) arrive(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	c := callOf(ss.Context())
	c.arrived = true
	s.setRefusing(false)
	if lasting(info) {
		ss.SetTrailer(protocolTrailer)
	} else {
		ss.SetTrailer(s.load().trailers)
	}
	if c.span != nil {
		c.traceAdmission(nil)
	}
	return next(srv, ss)
}

// traceAdmission makes the span of what came before the body: it ends with the call let in or refused.
func (c *call) traceAdmission(err *fault.Error) {
	c.span.Part("admission", c.started, time.Now(), err, slog.Float64("queued_ms", millis(c.queued)))
}

// faultOf is the fault of an error, nil of none.
func faultOf(err error) *fault.Error {
	if err == nil {
		return nil
	}
	return fault.From(err)
}

// chunkEvery is how many chunks of a stream have one span: of 20 ms each, one in a second.
const chunkEvery = 50

// traceChunk makes a span of one chunk in chunkEvery, the first among them, and of each that failed. Took is 0 where it isn't known.
func (l *live) traceChunk(took time.Duration, err *fault.Error) {
	if l.call.span == nil {
		return
	}
	n := l.answered
	l.answered++
	if err == nil && n%chunkEvery != 0 {
		return
	}
	now := time.Now()
	if took == 0 && !l.came.IsZero() {
		took = now.Sub(l.came)
	}
	l.call.span.Part("chunk", now.Add(-took), now, err, slog.Uint64("chunk", n), slog.Float64("queued_ms", millis(l.queued)))
}

// failure is what a call failed with, in band or not.
func (c *call) failure() *fault.Error {
	if c.fault != nil {
		return c.fault
	}
	return c.inBand
}

// traceNodes makes a span of each node that ran. It begins with the node's first item, lasts as long as the node took for all, and
// tells how much of that it waited.
func (c *call) traceNodes(plan *graph.Plan, stats []engine.NodeStats, err *fault.Error) {
	if c.span == nil {
		return
	}
	now := time.Now()
	for i := range stats {
		n, of := &stats[i], &plan.Nodes[i]
		if n.Began.IsZero() {
			continue
		}
		var failed *fault.Error
		if err != nil && err.NodeID == of.ID {
			failed = err
		}
		end := n.Began.Add(n.Time)
		if end.After(now) { // by a nanosecond, where the clock is too coarse for the node's work
			end = now
		}
		c.span.Part("node "+of.Spec.Name, n.Began, end, failed,
			slog.String("node_id", of.ID), slog.String("node_type", of.Spec.Name), slog.Uint64("items", n.ItemsIn),
			slog.Uint64("samples", n.Samples), slog.Float64("waited_ms", millis(n.Waited)))
	}
}
