package wire

import (
	"context"
	"errors"
	"strconv"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/fault"
)

// Status makes the gRPC status of a fault: a message that explains itself (clients in the field show nothing else), the
// ErrorResponse as a detail and, for what may be retried, RetryInfo.
func Status(f *fault.Error, o ErrorOptions) *status.Status {
	detail := ErrorToProto(f, o)
	s := status.New(Code(f), detail.GetMessage())
	details := []protoadapt.MessageV1{protoadapt.MessageV1Of(detail)}
	if f.RetryAfter > 0 {
		details = append(details, protoadapt.MessageV1Of(&errdetails.RetryInfo{RetryDelay: durationpb.New(f.RetryAfter)}))
	}
	if full, err := s.WithDetails(details...); err == nil {
		return full
	}
	return s
}

// SetRetryTrailers adds the trailers that make clients wait before they try again: grpc's own obey the pushback, not RetryInfo.
func SetRetryTrailers(md metadata.MD, f *fault.Error) {
	if f.RetryAfter <= 0 {
		return
	}
	ms := millisOf(f.RetryAfter)
	md["grpc-retry-pushback-ms"] = []string{strconv.FormatUint(ms, 10)}
	md["retry-after"] = []string{strconv.FormatUint((ms+999)/1000, 10)}
}

// StatusFault returns the fault behind an error of a call: the one in its chain, the one a service sent as a detail, or one
// made of the status. StatusFault(nil) is nil.
func StatusFault(err error) *fault.Error {
	var f *fault.Error
	if err == nil || errors.As(err, &f) {
		return f
	}
	s := status.FromContextError(err)
	if got, ok := status.FromError(err); ok && !isContextError(err) {
		s = got
	}
	for _, d := range s.Details() {
		if e, ok := d.(*pb.ErrorResponse); ok {
			return ErrorFromProto(e)
		}
	}
	if code, ok := statusCodes[s.Code()]; ok {
		return fault.New(code, "%s", s.Message())
	}
	return fault.New(fault.CodeInternal, "the call failed with %s: %s", s.Code(), s.Message())
}

func isContextError(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// statusCodes gives the code of a fault for statuses that came without a detail, from the stack or a proxy.
var statusCodes = map[codes.Code]fault.Code{
	codes.Canceled:         fault.CodeCanceled,
	codes.DeadlineExceeded: fault.CodeDeadline,
	codes.Unavailable:      fault.CodeUnreachable,
	codes.Unauthenticated:  fault.CodeTokenMissing,
	codes.PermissionDenied: fault.CodeTokenScope,
}
