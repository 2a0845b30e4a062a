package load

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
)

// Origin says where a failure comes from.
type Origin string

// The origins.
const (
	FromStatus    Origin = "status"    // the server refused or failed with a status other than OK
	FromAnswer    Origin = "answer"    // the server told an error within its answer
	FromTransport Origin = "transport" // the connection couldn't be made, or broke
	FromDeadline  Origin = "deadline"  // no answer came in time
	FromCheck     Origin = "wrong"     // the answer isn't what it ought to be
	FromGenerator Origin = "generator" // the generator itself failed
)

// Class is what failures are counted by.
type Class struct {
	Origin    Origin `json:"origin"`
	Status    string `json:"status,omitempty"`     // name of the gRPC status
	ErrorType string `json:"error_type,omitempty"` // ErrorType of remotemedia.v1, without its prefix
	Code      string `json:"code,omitempty"`       // the service's own code, or what the check found
}

// String is the class in a line.
func (c Class) String() string {
	parts := []string{string(c.Origin)}
	for _, p := range []string{c.Status, c.ErrorType, c.Code} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, " ")
}

// Failure is why an operation failed.
type Failure struct {
	Class
	Message string
	// Retry says that the same operation may succeed later, after RetryAfter where that isn't 0.
	Retry      bool
	RetryAfter time.Duration
}

// Error implements error.
func (f *Failure) Error() string { return f.Class.String() + ": " + f.Message }

// Wrong makes the failure of an answer that isn't right: a short name of what is wrong, by which it is counted, and the details.
func Wrong(what, message string) *Failure {
	return &Failure{Class: Class{Origin: FromCheck, Code: what}, Message: message}
}

// asFailure gives the failure of an operation, nil where there is none.
func asFailure(err error) *Failure {
	var f *Failure
	switch {
	case err == nil:
		return nil
	case errors.As(err, &f):
		return f
	case errors.Is(err, context.DeadlineExceeded):
		return &Failure{Class: Class{Origin: FromDeadline}, Message: err.Error()}
	}
	return &Failure{Class: Class{Origin: FromTransport}, Message: err.Error()}
}

// StatusFailure makes the failure of a gRPC call that ended with an error and trailers.
func StatusFailure(err error, trailer metadata.MD) *Failure {
	s := status.Convert(err)
	f := &Failure{Class: Class{Origin: FromStatus, Status: codeName(s.Code())}, Message: s.Message()}
	f.readDetails(s, trailer)
	switch {
	case s.Code() == codes.DeadlineExceeded:
		f.Origin = FromDeadline
	case f.ErrorType == "" && len(trailer) == 0 && isOfTransport(s.Code()):
		f.Origin = FromTransport
	}
	f.readPushback(s.Code(), trailer)
	return f
}

// isOfTransport: without trailers, these codes are those that the stack gives when a connection fails.
func isOfTransport(c codes.Code) bool { return c == codes.Unavailable || c == codes.Internal }

func (f *Failure) readDetails(s *status.Status, trailer metadata.MD) {
	if t := trailer.Get("x-remotemedia-error-type"); len(t) > 0 {
		f.ErrorType = shortType(t[0])
	}
	for _, d := range s.Details() {
		if e, ok := d.(*pb.ErrorResponse); ok {
			f.ErrorType, f.Code = shortType(e.GetErrorType().String()), e.GetCode()
		}
	}
}

// readPushback obeys the server as grpc's own clients do: a pushback that isn't a whole number of milliseconds from 0 on means
// that it is not to be tried again, and without one only an unavailable server is.
func (f *Failure) readPushback(c codes.Code, trailer metadata.MD) {
	told := trailer.Get("grpc-retry-pushback-ms")
	if len(told) == 0 {
		f.Retry = c == codes.Unavailable
		return
	}
	ms, err := strconv.ParseUint(told[0], 10, 31)
	f.Retry = err == nil && (c == codes.Unavailable || c == codes.ResourceExhausted)
	f.RetryAfter = time.Duration(ms) * time.Millisecond
}

// AnswerFailure makes the failure of an error that came within an answer.
func AnswerFailure(e *pb.ErrorResponse) *Failure {
	return &Failure{
		Class:   Class{Origin: FromAnswer, ErrorType: shortType(e.GetErrorType().String()), Code: e.GetCode()},
		Message: e.GetMessage(),
	}
}

func shortType(name string) string { return strings.TrimPrefix(name, "ERROR_TYPE_") }

// codeName is the name as the specification of gRPC spells it.
func codeName(c codes.Code) string {
	var b strings.Builder
	name := c.String()
	for i, r := range name {
		if i > 0 && r >= 'A' && r <= 'Z' && name[i-1] >= 'a' {
			b.WriteByte('_')
		}
		b.WriteRune(r)
	}
	return strings.ToUpper(b.String())
}
