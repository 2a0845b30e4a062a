package server

import "google.golang.org/grpc"

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
