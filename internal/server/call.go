package server

import (
	"context"
	"net"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/internal/admission"
	"github.com/remotemedia/remotemedia-go/internal/server/stream"
)

// Names of headers and trailers.
const (
	headerRequestID     = "x-request-id"
	headerCorrelationID = "x-correlation-id"
	headerTraceParent   = "traceparent"
	trailerProtocol     = "x-remotemedia-protocol"
	trailerErrorType    = "x-remotemedia-error-type"
	trailerWarnings     = "x-remotemedia-warnings"
)

// call is what the interceptors and the handler of one call tell each other. It belongs to the handler's goroutine.
type call struct {
	method    string
	startedAs string // the id that the headers gave or that was made; never changed
	requestID string
	named     bool // the client's headers gave the id
	started   time.Time
	peer      net.Addr // nil: unknown

	pipeline string            // name of the manifest
	nodes    int               // of the manifest
	labels   map[string]string // of the request, for the log
	warnings int
	fault    *fault.Error // what the call failed with, in band or not
	details  string       // of the status that it ended with
	inBand   *fault.Error // what ended a stream that was told so, with the status OK
	stream   *stream.Summary
	span     Span          // nil: no traces
	queued   time.Duration // before it was let in or refused; measured where there is a span
	arrived  bool          // it was let in
	load     string        // of the service when it ended, for a trailer

	tenant   string            // "" where nobody asks who calls
	place    *admission.Place  // of a unary call, nil without admission
	admitted *admission.Stream // of a stream, nil without admission
	running  running

	newer, older *call // neighbours among those in flight
}

type callKey struct{}

// callContext is a context that knows its call.
type callContext struct {
	context.Context
	call *call
}

// Value implements context.Context.
func (c *callContext) Value(key any) any {
	if _, ok := key.(callKey); ok {
		return c.call
	}
	return c.Context.Value(key)
}

func newCall(ctx context.Context, method string) *call {
	c := &call{method: method, started: time.Now()}
	c.requestID, c.named = requestIDOf(ctx)
	c.startedAs = c.requestID
	if p, ok := peer.FromContext(ctx); ok {
		c.peer = p.Addr
	}
	return c
}

// client is the address of who calls, "" where it isn't known.
func (c *call) client() string {
	if c.peer == nil {
		return ""
	}
	return c.peer.String()
}

func callOf(ctx context.Context) *call {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return c
	}
	return newCall(ctx, "")
}

// callStream is a stream that knows its call, and that sets the header only when an answer goes out: a refusal without
// headers is what clients may retry.
type callStream struct {
	grpc.ServerStream
	ctx  callContext
	sent atomic.Bool // a message was; a pump that is left behind may still try when the handler has returned

	header [1]string // that it sets: the request's id
}

// Context carries the call.
func (s *callStream) Context() context.Context { return &s.ctx }

// SendMsg sets the header before the first message.
func (s *callStream) SendMsg(m any) error {
	if s.sent.CompareAndSwap(false, true) {
		s.header[0] = s.ctx.call.requestID
		if err := s.SendHeader(metadata.MD{headerRequestID: s.header[:]}); err != nil {
			return err
		}
	}
	return s.ServerStream.SendMsg(m)
}
