package server

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/internal/wire"
)

// record writes one log line a call.
func (s *Server) record(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	err := next(srv, ss)
	c := callOf(ss.Context())
	if level := c.level(); s.log.Enabled(ss.Context(), level) && !s.leavesOut(level, c) {
		s.write(ss.Context(), level, c, err)
	}
	return err
}

// write makes the record itself: a logger would look up who called it, which nothing tells. It isn't part of record, whose frame is on the
// stack for as long as the call or stream is open.
//
//go:noinline
func (s *Server) write(ctx context.Context, level slog.Level, c *call, err error) {
	const usual = 16
	var room [usual]slog.Attr
	now := time.Now()
	line := slog.NewRecord(now, level, lineMessage, 0)
	line.AddAttrs(c.appendAttributes(room[:0], now, err)...)
	_ = s.log.Handler().Handle(ctx, line) // loggers, too, have no use for an error
}

const lineMessage = "call"

// Sampler is what a handler of the log may be, too: it reports whether it would leave out a line of a kind, and counts the line as left out.
// Of thousands of refusals a second none but the few that are logged has its line made.
type Sampler interface {
	LeavesOut(level slog.Level, message string, kind LineKind) bool
}

// LineKind is what lines have in common that tell of the same failure. The attributes of a line have the same texts.
type LineKind struct{ Method, ErrorType, Code string }

func (s *Server) leavesOut(level slog.Level, c *call) bool {
	sampler, ok := s.log.Handler().(Sampler)
	if !ok || c.fault == nil || c.fault.Kind != fault.Unavailable || c.stream != nil {
		return false
	}
	return sampler.LeavesOut(level, lineMessage, LineKind{c.loggedMethod(), errorType(c.fault), string(c.fault.Code)})
}

// loggedMethod is cut to a length that every method of the service has: others are as long as callers make them.
func (c *call) loggedMethod() string { return shorten(strings.TrimPrefix(c.method, "/")) }

// canceled is what log and metrics have for calls that were given up, for which the wire has no type of its own.
const canceled = "CANCELED"

// errorType names the type of a fault for operators: as on the wire, but that a caller who is gone isn't counted as a limit.
func errorType(f *fault.Error) string {
	if f.Kind == fault.Canceled {
		return canceled
	}
	return wire.ErrorType(f.Kind).String()
}

// level is higher for what the operator should look at, and lower for what only tools call.
func (c *call) level() slog.Level {
	switch {
	case c.fault != nil && c.fault.Kind == fault.Internal:
		return slog.LevelError
	case c.fault != nil && c.fault.Kind != fault.Canceled:
		return slog.LevelWarn
	case strings.HasPrefix(c.method, "/grpc."):
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// appendAttributes appends what a line tells of a call that ended with err.
func (c *call) appendAttributes(out []slog.Attr, now time.Time, err error) []slog.Attr {
	out = append(out,
		slog.String("request_id", c.requestID),
		slog.String("method", c.loggedMethod()),
		slog.String("status", status.Code(err).String()),
		slog.Float64("wall_time_ms", millis(max(now.Sub(c.started), time.Microsecond))),
		slog.Int("nodes", c.nodes),
		slog.String("client", c.client()),
	)
	if c.pipeline != "" {
		out = append(out, slog.String("pipeline", c.pipeline))
	}
	if c.warnings > 0 {
		out = append(out, slog.Int("warnings", c.warnings))
	}
	if len(c.labels) > 0 {
		out = append(out, slog.Any("labels", c.labels))
	}
	if st := c.stream; st != nil {
		out = append(out, slog.String("session_id", st.SessionID), slog.String("reason", st.Reason),
			slog.Uint64("chunks", st.Chunks), slog.Uint64("dropped", st.Dropped), slog.Uint64("samples", st.Samples))
	}
	return appendFault(out, c.fault)
}

func appendFault(out []slog.Attr, f *fault.Error) []slog.Attr {
	if f == nil {
		return out
	}
	out = append(out, slog.String("error_type", errorType(f)), slog.String("code", string(f.Code)), slog.String("error", f.Error()))
	if f.NodeID != "" {
		out = append(out, slog.String("node_id", f.NodeID))
	}
	if f.ID != "" {
		out = append(out, slog.String("error_id", f.ID), slog.String("op", f.Op), slog.String("stack", f.Stack))
	}
	return out
}

// millis gives a duration in milliseconds, rounded to microseconds.
func millis(d time.Duration) float64 {
	return float64(d.Round(time.Microsecond)) / float64(time.Millisecond)
}
