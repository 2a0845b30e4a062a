package server

import (
	"google.golang.org/grpc"

	"github.com/remotemedia/remotemedia-go/engine"
)

// contain turns a panic of a handler into a fault with an id, so that it ends this call and no other.
func contain(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	return engine.Guard(func() error { return next(srv, ss) })
}
