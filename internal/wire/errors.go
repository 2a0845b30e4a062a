package wire

import (
	"strings"
	"time"

	"google.golang.org/grpc/codes"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/fault"
)

// travel says how a kind of fault crosses the wire.
type travel struct {
	errorType pb.ErrorType
	status    codes.Code
	inBand    bool // in a response with status OK, where the method has a place for it
}

// travels is the one table from the kind of a fault to the wire. Types above 6 don't exist for clients in the field.
var travels = [...]travel{
	fault.Internal:         {pb.ErrorType_ERROR_TYPE_INTERNAL, codes.Internal, true},
	fault.Validation:       {pb.ErrorType_ERROR_TYPE_VALIDATION, codes.InvalidArgument, true},
	fault.NodeExecution:    {pb.ErrorType_ERROR_TYPE_NODE_EXECUTION, codes.Internal, true},
	fault.ResourceLimit:    {pb.ErrorType_ERROR_TYPE_RESOURCE_LIMIT, codes.ResourceExhausted, true},
	fault.VersionMismatch:  {pb.ErrorType_ERROR_TYPE_VERSION_MISMATCH, codes.FailedPrecondition, true},
	fault.Authentication:   {pb.ErrorType_ERROR_TYPE_AUTHENTICATION, codes.Unauthenticated, false},
	fault.Unavailable:      {pb.ErrorType_ERROR_TYPE_RESOURCE_LIMIT, codes.Unavailable, false},
	fault.RateLimited:      {pb.ErrorType_ERROR_TYPE_RESOURCE_LIMIT, codes.ResourceExhausted, false},
	fault.DeadlineExceeded: {pb.ErrorType_ERROR_TYPE_RESOURCE_LIMIT, codes.DeadlineExceeded, false},
	fault.Canceled:         {pb.ErrorType_ERROR_TYPE_RESOURCE_LIMIT, codes.Canceled, false},
}

// travelOf gives what a kind that isn't in the table lacks as zeros.
func travelOf(k fault.Kind) travel {
	if int(k) < len(travels) {
		return travels[k]
	}
	return travel{}
}

// ErrorType gives the wire's type of a kind.
func ErrorType(k fault.Kind) pb.ErrorType { return travelOf(k).errorType }

// InBand reports whether faults of a kind are told in a response, with the status OK, rather than as a status.
func InBand(k fault.Kind) bool { return travelOf(k).inBand }

// Code gives the gRPC status code of a fault, for where it travels as a status.
func Code(f *fault.Error) codes.Code {
	switch f.Code {
	case fault.CodeTokenScope:
		return codes.PermissionDenied
	case fault.CodeUnknownNodeType: // told in band of a manifest; as a status when it alone was asked for
		return codes.NotFound
	}
	return travelOf(f.Kind).status
}

// ErrorOptions say for whom an error is told.
type ErrorOptions struct {
	RequestID string // of the call, for the context
	Debug     bool   // tell stack traces
}

// maxProblems bounds how many problems of one document are told.
const maxProblems = 100

// ErrorToProto makes the wire's message of a fault. Its context is always a JSON object, whatever the fault carries; what the
// cause of an internal fault says stays in the log.
func ErrorToProto(f *fault.Error, o ErrorOptions) *pb.ErrorResponse {
	problems := errorsOf(f.Problems)
	out := &pb.ErrorResponse{Context: string(appendContext(nil, f, problems, o.RequestID))}
	fillError(out, f, problems, o)
	return out
}

// fillError fills all but the context.
func fillError(out *pb.ErrorResponse, f *fault.Error, problems []fault.Problem, o ErrorOptions) {
	out.ErrorType, out.Message, out.FailingNodeId = ErrorType(f.Kind), clean(messageOf(f)), clean(f.NodeID)
	out.Code, out.RetryAfterMs = string(f.Code), millisOf(f.RetryAfter)
	for _, p := range problems {
		out.Problems = append(out.Problems, clean(p.String()))
	}
	if o.Debug {
		out.StackTrace = clean(f.Stack)
	}
}

func messageOf(f *fault.Error) string {
	if f.Kind == fault.Internal && f.Code != fault.CodePanic {
		return f.Message // the cause may name anything
	}
	return f.Text()
}

func errorsOf(problems []fault.Problem) []fault.Problem {
	var out []fault.Problem
	for _, p := range problems {
		if p.Severity == fault.SeverityError && len(out) < maxProblems {
			out = append(out, p)
		}
	}
	return out
}

// millisOf rounds up, so that a hint to wait never becomes none.
func millisOf(d time.Duration) uint64 {
	if d <= 0 {
		return 0
	}
	return uint64((d + time.Millisecond - 1) / time.Millisecond)
}

// clean makes a text that protobuf takes as a string.
func clean(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// ErrorFromProto makes a fault of an error that a service told. Its context is empty where the service's isn't JSON, which old
// services do.
func ErrorFromProto(in *pb.ErrorResponse) *fault.Error {
	f := &fault.Error{
		Kind: kindOf(in), Code: fault.Code(in.GetCode()), NodeID: in.GetFailingNodeId(), Message: in.GetMessage(),
		RetryAfter: time.Duration(in.GetRetryAfterMs()) * time.Millisecond, Stack: in.GetStackTrace(),
	}
	readContext(f, in.GetContext())
	return f
}

// kindOf prefers the code, which tells more than the type does, as long as both agree.
func kindOf(in *pb.ErrorResponse) fault.Kind {
	if info, ok := fault.Code(in.GetCode()).Describe(); ok && ErrorType(info.Kind) == in.GetErrorType() {
		return info.Kind
	}
	for kind := fault.Internal; kind <= fault.VersionMismatch; kind++ {
		if ErrorType(kind) == in.GetErrorType() {
			return kind
		}
	}
	return fault.Internal
}
