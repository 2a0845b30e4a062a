package server

import (
	"context"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/version"
)

// identify gives the call its id and its record, and sets header and trailers. The protocol's trailer is set first, as grpc
// itself ends a call whose message can't be received.
func identify(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	c := newCall(ss.Context(), info.FullMethod)
	ss.SetTrailer(metadata.Pairs(trailerProtocol, version.Protocol))
	stream := &callStream{ServerStream: ss, call: c, ctx: context.WithValue(ss.Context(), callKey{}, c)}
	err := next(srv, stream)
	ss.SetTrailer(c.trailers(stream.sent))
	return err
}

// trailers are those that depend on how the call went. The id goes there when no message carried it as a header.
func (c *call) trailers(sent bool) metadata.MD {
	md := metadata.MD{}
	if !sent {
		md.Set(headerRequestID, c.requestID)
	}
	if c.fault != nil {
		md.Set(trailerErrorType, wire.ErrorType(c.fault.Kind).String())
		md = metadata.Join(md, wire.RetryTrailers(c.fault))
	}
	if c.warnings > 0 {
		md.Set(trailerWarnings, strconv.Itoa(c.warnings))
	}
	return md
}

// requestIDOf takes the id from the client's headers, or makes one.
func requestIDOf(ctx context.Context) (id string, named bool) {
	md, _ := metadata.FromIncomingContext(ctx)
	for _, name := range []string{headerRequestID, headerCorrelationID} {
		if v := md.Get(name); len(v) > 0 && usableID(v[0]) {
			return v[0], true
		}
	}
	if v := md.Get(headerTraceParent); len(v) > 0 {
		if id, ok := traceID(v[0]); ok {
			return id, true
		}
	}
	return uuid.NewString(), false
}

// usableID keeps what can't go into a header or a log line from being echoed.
func usableID(id string) bool {
	const most = 128
	return id != "" && len(id) <= most && !strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' })
}

// traceID reads the id out of a W3C traceparent: version-traceid-parentid-flags.
func traceID(header string) (string, bool) {
	parts := strings.Split(header, "-")
	if len(parts) < 4 || len(parts[1]) != 32 || strings.Trim(parts[1], "0123456789abcdef") != "" || strings.Trim(parts[1], "0") == "" {
		return "", false
	}
	return parts[1], true
}
