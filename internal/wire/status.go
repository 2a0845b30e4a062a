package wire

import (
	"context"
	"errors"
	"strconv"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/fault"
)

// DetailsTrailer is the trailer in which the details of a status travel, as gRPC has it.
const DetailsTrailer = "grpc-status-details-bin"

// The types of the details.
var (
	errorURL = typeURL(&pb.ErrorResponse{})
	retryURL = typeURL(&errdetails.RetryInfo{})
)

func typeURL(m proto.Message) string {
	return "type.googleapis.com/" + string(m.ProtoReflect().Descriptor().FullName())
}

// Fields of google.rpc.Status and google.protobuf.Any.
const (
	statusCode, statusMessage, statusDetail protowire.Number = 1, 2, 3
	anyURL, anyValue                        protowire.Number = 1, 2
)

// Status makes the gRPC status of a fault: a message that explains itself (clients in the field show nothing else) and, for the trailer of that
// name, the details: the ErrorResponse and, for what may be retried, RetryInfo. They are encoded here, once, and not by grpc: at ten times the
// capacity there are thousands of them a second.
func Status(f *fault.Error, o ErrorOptions) (s *status.Status, details string) {
	detail := ErrorToProto(f, o)
	code := Code(f)
	s = status.New(code, detail.GetMessage())
	size := proto.Size(detail)
	b := make([]byte, 0, len(detail.GetMessage())+size+len(errorURL)+len(retryURL)+64)
	b = protowire.AppendVarint(protowire.AppendTag(b, statusCode, protowire.VarintType), uint64(code))
	b = protowire.AppendString(protowire.AppendTag(b, statusMessage, protowire.BytesType), detail.GetMessage())
	b, err := appendAny(b, errorURL, detail, size)
	if err == nil && f.RetryAfter > 0 {
		info := &errdetails.RetryInfo{RetryDelay: durationpb.New(f.RetryAfter)}
		b, err = appendAny(b, retryURL, info, proto.Size(info))
	}
	if err != nil { // the texts were made valid; the status alone tells enough
		return s, ""
	}
	return s, string(b)
}

// appendAny adds a detail to a status. The sizes in a message that was just measured are known to it.
func appendAny(b []byte, url string, m proto.Message, size int) ([]byte, error) {
	whole := protowire.SizeTag(anyURL) + protowire.SizeBytes(len(url)) + protowire.SizeTag(anyValue) + protowire.SizeBytes(size)
	b = protowire.AppendVarint(protowire.AppendTag(b, statusDetail, protowire.BytesType), uint64(whole))
	b = protowire.AppendString(protowire.AppendTag(b, anyURL, protowire.BytesType), url)
	b = protowire.AppendVarint(protowire.AppendTag(b, anyValue, protowire.BytesType), uint64(size))
	return proto.MarshalOptions{UseCachedSize: true}.MarshalAppend(b, m)
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
