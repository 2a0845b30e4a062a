package server

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/remotemedia/remotemedia-go/internal/auth"
)

// Policy says which scope each method needs and which methods, beside those of the list, need no token.
func Policy(exempt []string) (*auth.Policy, error) {
	return auth.NewPolicy(map[string]auth.Scope{
		executeMethod: auth.Execute, streamMethod: auth.Stream, metricsMethod: auth.Metrics,
		listNodesMethod: auth.Execute, describeNodeMethod: auth.Execute, validateMethod: auth.Execute, convertMethod: auth.Execute,
	}, exempt)
}

// authenticate lets nobody pass who may not, by the headers alone. A stream ends when its token does.
func (s *Server) authenticate(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	if s.options.Guard == nil {
		return next(srv, ss)
	}
	c := callOf(ss.Context())
	principal, refused := s.options.Guard.Authenticate(auth.Call{
		Header: metadata.ValueFromIncomingContext(ss.Context(), "authorization"), Method: info.FullMethod, Peer: c.client(), RequestID: c.requestID,
	})
	if refused != nil {
		return refused
	}
	c.tenant = principal.Tenant()
	release, refused := principal.Enter()
	if refused != nil {
		return refused
	}
	defer release()
	if !info.IsClientStream && !info.IsServerStream {
		return next(srv, ss)
	}
	ctx, cancel := principal.Watch(ss.Context())
	defer cancel()
	return next(srv, &contextStream{ss, ctx})
}

// contextStream is a stream with another context.
type contextStream struct {
	grpc.ServerStream
	ctx context.Context
}

// Context is the other context.
func (s *contextStream) Context() context.Context { return s.ctx }
