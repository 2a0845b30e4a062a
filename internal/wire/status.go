package wire

import (
	"context"
	"encoding/binary"
	"errors"
	"strconv"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

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

// The fields of what a status with details is made of.
const (
	statusCode, statusMessage, statusDetail protowire.Number = 1, 2, 3 // google.rpc.Status
	anyURL, anyValue                        protowire.Number = 1, 2    // google.protobuf.Any
	retryDelay                              protowire.Number = 1       // google.rpc.RetryInfo
	durationSeconds, durationNanos          protowire.Number = 1, 2    // google.protobuf.Duration

	errorKind, errorMessage, errorNode protowire.Number = 1, 2, 3 // ErrorResponse
	errorContext, errorStack           protowire.Number = 4, 5
	errorCode, errorRetryAfter         protowire.Number = 101, 102
	errorSequence, errorSession        protowire.Number = 103, 104
	errorStreamCode, errorProblem      protowire.Number = 105, 106
)

// Status makes the gRPC status of a fault: a message that explains itself (clients in the field show nothing else) and, for the trailer of that
// name, the details: the ErrorResponse and, for what may be retried, RetryInfo. They are encoded here, once, and neither by grpc nor by
// reflection: at ten times the capacity there are thousands of them a second.
func Status(f *fault.Error, o ErrorOptions) (s *status.Status, details string) {
	const usual = 1 << 10 // of the whole; longer ones take memory of their own on the way
	var detail pb.ErrorResponse
	problems := errorsOf(f.Problems)
	fillError(&detail, f, problems, o)
	code := Code(f)
	var whole, part, text [usual]byte
	b := appendNumber(whole[:0], statusCode, uint64(code))
	b = appendString(b, statusMessage, detail.GetMessage())
	b = appendAny(b, errorURL, appendError(part[:0], &detail, appendContext(text[:0], f, problems, o.RequestID)))
	if f.RetryAfter > 0 {
		b = appendAny(b, retryURL, appendRetry(part[:0], f.RetryAfter))
	}
	return status.New(code, detail.GetMessage()), string(b)
}

// appendAny adds a detail to a status.
func appendAny(b []byte, url string, encoded []byte) []byte {
	size := protowire.SizeTag(anyURL) + protowire.SizeBytes(len(url)) + protowire.SizeTag(anyValue) + protowire.SizeBytes(len(encoded))
	b = protowire.AppendVarint(protowire.AppendTag(b, statusDetail, protowire.BytesType), uint64(size))
	b = appendString(b, anyURL, url)
	return protowire.AppendBytes(protowire.AppendTag(b, anyValue, protowire.BytesType), encoded)
}

// appendError encodes an error as the standard codec does, with a context in place of its own. All texts must be UTF-8.
func appendError(b []byte, e *pb.ErrorResponse, context []byte) []byte {
	b = appendNumber(b, errorKind, uint64(e.GetErrorType()))
	b = appendString(b, errorMessage, e.GetMessage())
	b = appendString(b, errorNode, e.GetFailingNodeId())
	if len(context) > 0 {
		b = protowire.AppendBytes(protowire.AppendTag(b, errorContext, protowire.BytesType), context)
	}
	b = appendString(b, errorStack, e.GetStackTrace())
	b = appendString(b, errorCode, e.GetCode())
	b = appendNumber(b, errorRetryAfter, e.GetRetryAfterMs())
	b = appendNumber(b, errorSequence, e.GetFailingSequence())
	b = appendString(b, errorSession, e.GetSessionId())
	b = appendNumber(b, errorStreamCode, uint64(e.GetStreamErrorCode()))
	for _, p := range e.GetProblems() {
		b = protowire.AppendString(protowire.AppendTag(b, errorProblem, protowire.BytesType), p)
	}
	return b
}

// appendRetry encodes a RetryInfo. The pause is above 0.
func appendRetry(b []byte, pause time.Duration) []byte {
	const most = 2 + 2*(1+binary.MaxVarintLen64)
	var room [most]byte
	delay := appendNumber(room[:0], durationSeconds, uint64(pause/time.Second))
	delay = appendNumber(delay, durationNanos, uint64(pause%time.Second))
	return protowire.AppendBytes(protowire.AppendTag(b, retryDelay, protowire.BytesType), delay)
}

// appendString appends a field with a text, unless that is "".
func appendString(b []byte, number protowire.Number, text string) []byte {
	if text == "" {
		return b
	}
	return protowire.AppendString(protowire.AppendTag(b, number, protowire.BytesType), text)
}

// The trailers that make clients wait before they try again: grpc's own obey the pushback, not RetryInfo.
const (
	PushbackTrailer   = "grpc-retry-pushback-ms"
	RetryAfterTrailer = "retry-after" // in seconds
)

// RetryTrailers gives the values of those trailers; ok is false for a fault that says nothing of trying again.
func RetryTrailers(f *fault.Error) (pushback, after string, ok bool) {
	if f.RetryAfter <= 0 {
		return "", "", false
	}
	ms := millisOf(f.RetryAfter)
	return strconv.FormatUint(ms, 10), strconv.FormatUint((ms+999)/1000, 10), true
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
