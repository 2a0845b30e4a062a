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
	level := c.level()
	if s.log.Enabled(ss.Context(), level) && !s.leavesOut(level, c) {
		s.log.LogAttrs(context.WithoutCancel(ss.Context()), level, "call", c.attributes(err)...)
	}
	return err
}

// Sampler is what a handler of the log may be, too: it reports whether it would leave out a line that has these attributes among others, and
// counts the line as left out. Of thousands of refusals a second none but the few that are logged has its line made.
type Sampler interface {
	LeavesOut(level slog.Level, message string, attrs ...slog.Attr) bool
}

func (s *Server) leavesOut(level slog.Level, c *call) bool {
	sampler, ok := s.log.Handler().(Sampler)
	if !ok || c.fault == nil || c.fault.Kind != fault.Unavailable || c.stream != nil {
		return false
	}
	return sampler.LeavesOut(level, "call", methodAttr(c), errorTypeAttr(c.fault), codeAttr(c.fault))
}

// methodAttr is cut to a length that every method of the service has: others are as long as callers make them.
func methodAttr(c *call) slog.Attr {
	return slog.String("method", shorten(strings.TrimPrefix(c.method, "/")))
}

func errorTypeAttr(f *fault.Error) slog.Attr { return slog.String("error_type", errorType(f)) }

// canceled is what log and metrics have for calls that were given up, for which the wire has no type of its own.
const canceled = "CANCELED"

// errorType names the type of a fault for operators: as on the wire, but that a caller who is gone isn't counted as a limit.
func errorType(f *fault.Error) string {
	if f.Kind == fault.Canceled {
		return canceled
	}
	return wire.ErrorType(f.Kind).String()
}

func codeAttr(f *fault.Error) slog.Attr { return slog.String("code", string(f.Code)) }

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

func (c *call) attributes(err error) []slog.Attr {
	out := []slog.Attr{
		slog.String("request_id", c.requestID),
		methodAttr(c),
		slog.String("status", status.Code(err).String()),
		slog.Float64("wall_time_ms", millis(max(time.Since(c.started), time.Microsecond))),
		slog.Int("nodes", c.nodes),
		slog.String("client", c.client()),
	}
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
	return append(out, faultAttributes(c.fault)...)
}

func faultAttributes(f *fault.Error) []slog.Attr {
	if f == nil {
		return nil
	}
	out := []slog.Attr{
		errorTypeAttr(f),
		codeAttr(f),
		slog.String("error", f.Error()),
	}
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
