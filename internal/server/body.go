package server

import (
	"errors"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/status"

	"github.com/remotemedia/remotemedia-go/internal/server/h2"
	"github.com/remotemedia/remotemedia-go/internal/wire"
)

// receive reads the one message of a unary call.
func (s *Server) receive(stream grpc.ServerStream, in *wire.Incoming) error {
	if err := s.receiveAny(stream, in); err != nil {
		return err
	}
	if in.Err != nil {
		return undecodable(in.Err)
	}
	return nil
}

// receiveAny reads a message. Where there is no memory for it the call is refused.
func (s *Server) receiveAny(stream grpc.ServerStream, in any) error {
	err := stream.RecvMsg(in)
	if errors.Is(err, h2.ErrNoMemory) {
		return s.options.Admission.Short(callOf(stream.Context()).tenant)
	}
	return err
}

func undecodable(err error) error {
	return status.Errorf(codes.Internal, "the request can't be decoded: %v", err)
}

// reserveBody takes from the tenant's memory what a compressed body may become: nothing can be charged while it is inflated.
// What has come is charged to the execution, and the rest given back, when the body is there.
func (s *Server) reserveBody(c *call, stream grpc.ServerStream) (release func(), err error) {
	if !compressed(stream) {
		return nothing, nil
	}
	return s.options.Admission.Reserve(c.tenant, int64(s.maxMessage()))
}

func nothing() {}

// compressed reports whether the messages of a call come compressed, which the stream of the transport tells.
func compressed(stream grpc.ServerStream) bool {
	transport, ok := grpc.ServerTransportStreamFromContext(stream.Context()).(interface{ RecvCompress() string })
	if !ok {
		return false
	}
	name := transport.RecvCompress()
	return name != "" && name != encoding.Identity
}
