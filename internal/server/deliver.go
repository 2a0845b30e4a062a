package server

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/internal/wire"
)

// deliver turns what a handler failed with into an answer with the status OK, where the method has a place for it and the kind
// is one that goes in band, and into a status otherwise.
func (s *Server) deliver(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	err := next(srv, ss)
	if err == nil {
		return nil
	}
	c := callOf(ss.Context())
	if !c.arrived {
		s.setRefusing(true)
	}
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		if s, ok := statusOf(err); ok { // the transport's own words
			c.fault = faultOfStatus(s)
			return s.Err()
		}
		f = fault.From(err)
	}
	f = withID(f)
	c.fault = f
	options := wire.ErrorOptions{RequestID: c.requestID, Debug: s.options.Debug}
	if info.FullMethod == executeMethod && wire.InBand(f.Kind) {
		return ss.SendMsg(&pb.ExecuteResponse{Outcome: &pb.ExecuteResponse_Error{Error: wire.ErrorToProto(f, options)}})
	}
	told, details := wire.Status(f, options)
	c.details = details
	return told.Err()
}

// setRefusing notes whether calls are refused at the moment, without writing to memory that all calls share unless that changes.
func (s *Server) setRefusing(now bool) {
	if s.refusing.Load() != now {
		s.refusing.Store(now)
	}
}

// withID gives an internal fault the id under which the log has the details.
func withID(f *fault.Error) *fault.Error {
	if f.Kind != fault.Internal || f.ID != "" {
		return f
	}
	named := *f
	named.ID = uuid.NewString()
	named.Message = "internal error " + named.ID + ": " + f.Message
	return &named
}

// statusOf returns the status of an error of the transport, or of a context.
func statusOf(err error) (*status.Status, bool) {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return status.FromContextError(err), true
	}
	return status.FromError(err)
}

// faultOfStatus describes for log and trailers a status that didn't begin as a fault.
func faultOfStatus(s *status.Status) *fault.Error {
	kind, code := fault.Internal, fault.Code("")
	switch s.Code() {
	case codes.Canceled:
		kind, code = fault.Canceled, fault.CodeCanceled
	case codes.DeadlineExceeded:
		kind, code = fault.DeadlineExceeded, fault.CodeDeadline
	case codes.ResourceExhausted:
		kind = fault.ResourceLimit
	case codes.Unavailable:
		kind = fault.Unavailable
	case codes.Unimplemented, codes.InvalidArgument, codes.Internal: // Internal: what came wasn't a request
		kind = fault.Validation
	}
	return &fault.Error{Kind: kind, Code: code, Message: s.Message()}
}
