package server

import "google.golang.org/grpc"

// chain is the order of the interceptors, outermost first. What may refuse a call (authentication, then admission) belongs
// between deliver and contain: it sees headers only, no byte of the body has been read, and no header of the answer is set.
func (s *Server) chain() []grpc.StreamServerInterceptor {
	return []grpc.StreamServerInterceptor{
		identify,  // request id, headers, trailers
		s.record,  // one log line
		s.deliver, // faults become answers or statuses
		contain,   // panics become faults
	}
}
