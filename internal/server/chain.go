package server

import (
	"slices"

	"google.golang.org/grpc"

	"github.com/remotemedia/remotemedia-go/internal/stack"
)

// chain is the order of the interceptors, outermost first. What may refuse a call (authentication, then admission) stands
// between deliver and contain: it sees headers only, no byte of the body has been read, and no header of the answer is set.
func (s *Server) chain() []grpc.StreamServerInterceptor {
	return []grpc.StreamServerInterceptor{
		identify,       // request id, headers, trailers
		s.track,        // the list of calls in flight
		s.trace,        // spans
		s.observe,      // metrics
		s.record,       // one log line
		s.deliver,      // faults become answers or statuses
		s.authenticate, // who calls, and may they?
		s.admit,        // is there room?
		s.arrive,       // it was let in
		contain,        // panics become faults
	}
}

// intercept puts the chain around a unary method. grpc (1.85) calls stream interceptors only where a side streams, so that for
// stream handlers of which neither does it is done here, and nowhere else.
func (s *Server) intercept(service string, method *grpc.StreamDesc) {
	if method.ClientStreams || method.ServerStreams {
		return
	}
	info := &grpc.StreamServerInfo{FullMethod: "/" + service + "/" + method.StreamName}
	for _, interceptor := range slices.Backward(s.chain()) {
		next := method.Handler
		method.Handler = func(srv any, ss grpc.ServerStream) error { return interceptor(srv, ss, info, next) }
	}
	outermost := method.Handler
	method.Handler = func(srv any, ss grpc.ServerStream) error {
		stack.Grow() // of a goroutine that grpc made for this call
		return outermost(srv, ss)
	}
}
