package server

import (
	"slices"

	"google.golang.org/grpc"
)

// chained puts the interceptors around the handler of a unary method, for tests without the transport that does.
func (s *Server) chained(method string, handler grpc.StreamHandler) grpc.StreamHandler {
	info := &grpc.StreamServerInfo{FullMethod: method}
	for _, around := range slices.Backward(s.chain()) {
		next := handler
		handler = func(srv any, ss grpc.ServerStream) error { return around(srv, ss, info, next) }
	}
	return handler
}
