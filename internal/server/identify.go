package server

import (
	"context"
	"crypto/rand"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/version"
)

// identify gives the call its id and its record, and sets header and trailers.
func identify(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	c := newCall(ss.Context(), info.FullMethod)
	stream := &callStream{ServerStream: ss, call: c, ctx: context.WithValue(ss.Context(), callKey{}, c)}
	err := next(srv, stream)
	ss.SetTrailer(c.trailers(stream.sent))
	return err
}

// protocolTrailer is never changed.
var protocolTrailer = metadata.MD{trailerProtocol: {version.Protocol}}

// trailers are those that weren't set when the call was let in. The id goes there when no message carried it as a header.
func (c *call) trailers(sent bool) metadata.MD {
	if c.arrived && sent && c.load == "" && c.fault == nil && c.warnings == 0 {
		return nil
	}
	const most = 8
	md := make(metadata.MD, most)
	if !c.arrived {
		md[trailerProtocol] = protocolTrailer[trailerProtocol]
	}
	if !sent {
		md[headerRequestID] = []string{c.requestID}
	}
	if c.load != "" {
		md[trailerLoad] = []string{c.load}
	}
	if c.fault != nil {
		md[trailerErrorType] = []string{wire.ErrorType(c.fault.Kind).String()}
		wire.SetRetryTrailers(md, c.fault)
	}
	if c.details != "" {
		md[wire.DetailsTrailer] = []string{c.details}
	}
	if c.warnings > 0 {
		md[trailerWarnings] = []string{strconv.Itoa(c.warnings)}
	}
	return md
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
