package client

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/internal/wire"
)

// failure is how an attempt failed.
type failure struct {
	fault *fault.Error
	asked bool // the service said how long to wait, be it not at all
	final bool // the service asked not to come back
}

// call makes a unary call, and repeats it while that is safe and in time.
func (c *Client) call(ctx context.Context, method, requestID string, in, out proto.Message) error {
	if c.settings.timeout > 0 {
		bounded, cancel := context.WithTimeout(ctx, c.settings.timeout)
		defer cancel()
		ctx = bounded
	}
	requestID = orNew(requestID)
	return c.repeat(ctx, func() *failure {
		headed, wrong := c.headed(ctx, requestID)
		if wrong != nil {
			return &failure{fault: wrong}
		}
		var trailer metadata.MD
		err := c.conn.Invoke(headed, method, in, out, grpc.Trailer(&trailer))
		return c.failed(ctx, err, trailer, requestID)
	})
}

// repeat makes attempts until one is good or the last has failed.
func (c *Client) repeat(ctx context.Context, try func() *failure) error {
	for attempt := 1; ; attempt++ {
		f := try()
		if f == nil {
			return nil
		}
		if !c.settings.retry.pause(ctx, attempt, f) {
			return f.fault
		}
	}
}

func orNew(requestID string) string {
	if requestID == "" {
		return uuid.NewString()
	}
	return requestID
}

// headed puts the headers of a call into its context.
func (c *Client) headed(ctx context.Context, requestID string) (context.Context, *fault.Error) {
	if !fitsAHeader(requestID) {
		return nil, fault.New(fault.CodeWrongType, "the request id is %q: expected printable ASCII", requestID)
	}
	ctx = metadata.AppendToOutgoingContext(ctx, "x-request-id", requestID)
	if c.settings.token == nil {
		return ctx, nil
	}
	token, err := c.settings.token(ctx)
	if err != nil {
		return nil, fault.Wrap(fault.CodeTokenMissing, err, "the token for the call can't be had")
	}
	if !fitsAHeader(token) {
		return nil, fault.New(fault.CodeTokenMalformed, "the token isn't printable ASCII, which a header needs: does it end with a line break, as files do? Trim it")
	}
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token), nil
}

// fitsAHeader reports whether a text is printable ASCII. Others are refused by gRPC, with a status that looks like a fault of the service.
func fitsAHeader(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' })
}

// failed makes a failure of an attempt's error; nil stays nil.
func (c *Client) failed(ctx context.Context, err error, trailer metadata.MD, requestID string) *failure {
	if err == nil {
		return nil
	}
	f := &failure{fault: c.ended(ctx, c.explain(err))}
	if f.fault.RequestID() == "" {
		f.fault.With(fault.ContextRequestID, requestID)
	}
	f.fault.RetryAfter = max(f.fault.RetryAfter, delayOf(err))
	if values := trailer.Get("grpc-retry-pushback-ms"); len(values) > 0 {
		ms, wrong := strconv.ParseInt(values[0], 10, 64)
		f.asked, f.final = true, wrong != nil || ms < 0 // what can't be read asks not to come back, as in grpc's own rule
		if !f.final {
			f.fault.RetryAfter = min(time.Duration(ms), maxDelay) * time.Millisecond
		}
	}
	return f
}

// ended says so where a call ended by what bounds it, so that errors.Is finds context.Canceled and context.DeadlineExceeded as
// Go programs expect; any other fault is given back.
func (c *Client) ended(ctx context.Context, f *fault.Error) *fault.Error {
	switch {
	case f.Kind == fault.DeadlineExceeded && ctx.Err() == nil:
		f.Cause = context.DeadlineExceeded // the service, or something before it, says more than this would
	case f.Kind == fault.DeadlineExceeded, f.Kind == fault.Canceled && timeIsUp(ctx):
		return fault.Wrap(fault.CodeDeadline, context.DeadlineExceeded, "%s didn't answer in time: allow more time, or send less audio a call", c.Target())
	case f.Kind == fault.Canceled && ctx.Err() != nil:
		return fault.Wrap(fault.CodeCanceled, ctx.Err(), "the call to %s was given up", c.Target())
	case f.Kind == fault.Canceled && c.conn.GetState() == connectivity.Shutdown:
		return fault.New(fault.CodeCanceled, "the client was closed: make another one, or keep it open as long as it is used")
	}
	return f
}

// timeIsUp reports whether a call that was reset, and not by its caller, has reached its deadline: the service's clock may be
// the first to say so.
func timeIsUp(ctx context.Context) bool {
	end, ok := ctx.Deadline()
	return ok && time.Until(end) < 100*time.Millisecond && !errors.Is(ctx.Err(), context.Canceled)
}

// maxDelay keeps a hint to wait, in milliseconds, within what a duration holds.
const maxDelay = 1 << 40

// delayOf finds the standard hint to come later, 0 where there is none.
func delayOf(err error) time.Duration {
	for _, d := range status.Convert(err).Details() {
		if hint, ok := d.(*errdetails.RetryInfo); ok {
			return max(hint.GetRetryDelay().AsDuration(), 0)
		}
	}
	return 0
}

// bare gives the fault of a status that came without the service's own error: from the stack, a proxy, or an old service.
var bare = map[codes.Code]struct {
	kind fault.Kind
	code fault.Code
	says string
}{
	codes.Unavailable: {fault.Unavailable, fault.CodeUnreachable,
		"no service answers at %s: is it running there, and is the address right? With TLS, is it on at both ends, and is the certificate trusted?"},
	codes.Unauthenticated:    {fault.Authentication, fault.CodeTokenMissing, "%s refused the token: give a valid one, see WithToken"},
	codes.PermissionDenied:   {fault.Authentication, fault.CodeTokenScope, "%s doesn't allow this call with this token: use one with the scope that it needs"},
	codes.Unimplemented:      {fault.VersionMismatch, fault.CodeVersion, "%s doesn't know this call: it is too old for this client, or another service; update the service"},
	codes.FailedPrecondition: {fault.VersionMismatch, fault.CodeVersion, "%s can't serve this client"},
	codes.ResourceExhausted:  {fault.ResourceLimit, "", "the message is larger than %s, or something before it, allows: send less audio a call, or stream it"},
	codes.NotFound:           {fault.Validation, "", "%s doesn't have what was asked for"},
	codes.InvalidArgument:    {fault.Validation, "", "%s refused the request"},
}

// explain makes the fault of a call that failed: the service's own where it sent one, and otherwise that of the status.
func (c *Client) explain(err error) *fault.Error {
	var own *fault.Error
	s, isStatus := status.FromError(err)
	known, ok := bare[s.Code()]
	if errors.As(err, &own) || !isStatus || !ok || detailed(s) {
		return wire.StatusFault(err)
	}
	f := fault.New(known.code, known.says+" (%s)", c.Target(), s.Message())
	f.Kind = known.kind
	return f
}

func detailed(s *status.Status) bool {
	for _, d := range s.Details() {
		if _, ok := d.(*pb.ErrorResponse); ok {
			return true
		}
	}
	return false
}
