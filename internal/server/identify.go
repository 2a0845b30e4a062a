package server

import (
	"context"
	"crypto/rand"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/remotemedia/remotemedia-go/internal/server/h2"
	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/version"
)

// identify gives the call its id and its record, and sets header and trailers.
func identify(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	c := newCall(ss.Context(), info.FullMethod)
	stream := &callStream{ServerStream: ss, ctx: callContext{ss.Context(), c}}
	err := next(srv, stream)
	c.setTrailers(ss, stream.sent.Load())
	return err
}

// protocolTrailer is never changed.
var protocolTrailer = metadata.MD{trailerProtocol: {version.Protocol}}

// setTrailers sets the trailers that weren't set when the call was let in. The id goes there when no message carried it as a header.
func (c *call) setTrailers(ss grpc.ServerStream, sent bool) {
	if !c.arrived {
		h2.AddTrailer(ss, trailerProtocol, version.Protocol)
	}
	if !sent {
		h2.AddTrailer(ss, headerRequestID, c.requestID)
	}
	if c.load != "" {
		h2.AddTrailer(ss, trailerLoad, c.load)
	}
	if c.fault != nil {
		h2.AddTrailer(ss, trailerErrorType, wire.ErrorType(c.fault.Kind).String())
		if pushback, after, ok := wire.RetryTrailers(c.fault); ok {
			h2.AddTrailer(ss, wire.PushbackTrailer, pushback)
			h2.AddTrailer(ss, wire.RetryAfterTrailer, after)
		}
	}
	if c.details != "" {
		h2.AddTrailer(ss, wire.DetailsTrailer, c.details)
	}
	if c.warnings > 0 {
		h2.AddTrailer(ss, trailerWarnings, strconv.Itoa(c.warnings))
	}
}

// requestIDOf takes the id from the client's headers, or makes one.
func requestIDOf(ctx context.Context) (id string, named bool) {
	for _, name := range []string{headerRequestID, headerCorrelationID} {
		if v := metadata.ValueFromIncomingContext(ctx, name); len(v) > 0 && usableID(v[0]) {
			return v[0], true
		}
	}
	if v := metadata.ValueFromIncomingContext(ctx, headerTraceParent); len(v) > 0 {
		if id, ok := traceID(v[0]); ok {
			return id, true
		}
	}
	return newID(), false
}

// newID makes a random UUID, as uuid.NewString does, which takes an allocation more.
func newID() string {
	var id uuid.UUID
	rand.Read(id[:]) // never fails
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id.String()
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
