package h2

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// request is a header block as it is decoded. Its fields are checked as they come; the first fault of each sort is kept.
type request struct {
	stream  uint32
	end     bool // no message follows
	wire    int  // bytes of the block
	size    int  // of the list, as RFC 9113 counts it
	limit   int
	body    int64 // bytes, where they are told; else below 0
	more    bool  // CONTINUATION frames follow
	regular bool  // a field that isn't a pseudo field came

	method, path, authority, scheme, encoding string
	timeout                                   time.Duration
	timed, isGRPC                             bool
	contentType                               string
	md                                        metadata.MD
	values                                    []string // of md

	malformed bool           // as HTTP/2: the stream is reset
	fault     *status.Status // as gRPC: the call is answered with it
}

func (r *request) begin(stream uint32, end bool, limit int) {
	const usual = 8 // fields of a call, which a small map has room for
	*r = request{stream: stream, end: end, limit: limit, body: -1, md: make(metadata.MD, usual), values: make([]string, 0, usual)}
}

// field takes the next field.
func (r *request) field(f hpack.HeaderField) {
	r.size += int(f.Size())
	if r.tooLarge() {
		return
	}
	pseudo := strings.HasPrefix(f.Name, ":")
	if pseudo && r.regular || !pseudo && !validName(f.Name) || !httpguts.ValidHeaderFieldValue(f.Value) {
		r.malformed = true
		return
	}
	r.regular = !pseudo
	switch f.Name {
	case ":method":
		r.once(&r.method, f.Value)
	case ":path":
		r.once(&r.path, f.Value)
	case ":authority":
		r.once(&r.authority, f.Value)
	case ":scheme":
		r.once(&r.scheme, f.Value)
	case "grpc-message-type", "grpc-message", "grpc-status":
	case "te":
		r.malformed = r.malformed || f.Value != "trailers"
	case "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade": // RFC 9113, section 8.2.2
		r.malformed = true
	case "content-length":
		n, err := strconv.ParseUint(f.Value, 10, 63)
		r.malformed = r.malformed || err != nil || r.body >= 0 && r.body != int64(n)
		r.body = int64(n)
	case "content-type":
		if r.contentType = f.Value; isGRPC(f.Value) {
			r.isGRPC = true
			r.add(f.Name, f.Value)
		}
	case "grpc-encoding":
		r.encoding = f.Value
	case "grpc-timeout":
		var err error
		if r.timeout, err = parseTimeout(f.Value); err != nil {
			r.failed(err)
		}
		r.timed = true
	default:
		if pseudo {
			r.malformed = true
			return
		}
		r.other(f.Name, f.Value)
	}
}

// other takes a field that is the application's. Of a binary one several values may come as a list.
func (r *request) other(name, value string) {
	if !strings.HasSuffix(name, binarySuffix) {
		r.add(name, value)
		return
	}
	for one := range strings.SplitSeq(value, ",") {
		v, err := decodeBinary(strings.Trim(one, " "))
		if err != nil {
			r.failed(fmt.Errorf("the binary header %q isn't base64: %w", name, err))
			return
		}
		r.add(name, v)
	}
}

func (r *request) tooLarge() bool { return r.size > r.limit }

// validName reports whether a name is a token without upper case.
func validName(name string) bool {
	if name == "" {
		return false
	}
	for i := range len(name) {
		if c := name[i]; 'A' <= c && c <= 'Z' || !httpguts.IsTokenRune(rune(c)) {
			return false
		}
	}
	return true
}

func (r *request) once(to *string, value string) {
	if *to != "" {
		r.malformed = true
	}
	*to = value
}

func (r *request) add(name, value string) {
	if old := r.md[name]; len(old) > 0 {
		r.md[name] = append(old, value)
		return
	}
	r.values = append(r.values, value)
	i := len(r.values)
	r.md[name] = r.values[i-1 : i : i]
}

func (r *request) failed(err error) {
	if r.fault == nil {
		r.fault = status.New(codes.Internal, err.Error())
	}
}

// isGRPC reports whether a content type is application/grpc, with or without a subtype or parameters.
func isGRPC(value string) bool {
	rest, ok := strings.CutPrefix(strings.ToLower(value), contentType)
	return ok && (rest == "" || rest[0] == '+' || rest[0] == ';')
}

// refusal is an answer to a request that isn't one of a call: a status of HTTP, and one of gRPC.
type refusal struct {
	http   int
	status *status.Status
}

// check decides about a request whose fields are all there: reset is the code to reset its stream with, refused the answer.
func (r *request) check() (reset http2.ErrCode, refused *refusal) {
	hosts := len(r.md["host"])
	switch {
	case r.tooLarge():
		return 0, &refusal{http.StatusRequestHeaderFieldsTooLarge, status.Newf(codes.ResourceExhausted,
			"the headers take more than the %d bytes that they may", r.limit)}
	case r.malformed, r.method == "", r.scheme == "", r.path == "", r.end && r.body > 0:
		return http2.ErrCodeProtocol, nil
	case hosts > 1:
		return 0, &refusal{http.StatusBadRequest, status.Newf(codes.Internal, "%d values of host, expected one", hosts)}
	case !r.isGRPC:
		return 0, &refusal{http.StatusUnsupportedMediaType, status.Newf(codes.InvalidArgument, "the content type is %q, expected %q", r.contentType, contentType)}
	case r.fault != nil:
		return 0, &refusal{http.StatusBadRequest, r.fault}
	case r.authority == "" && hosts == 0:
		return 0, &refusal{http.StatusBadRequest, status.New(codes.Internal, "neither :authority nor host says who is called")}
	case r.method != http.MethodPost:
		return 0, &refusal{http.StatusMethodNotAllowed, status.Newf(codes.Internal, "the method is %q, expected POST", r.method)}
	}
	if r.authority == "" {
		r.authority = r.md["host"][0]
	}
	delete(r.md, "host")
	r.add(":authority", r.authority)
	if r.timed && r.timeout <= 0 {
		return 0, &refusal{http.StatusOK, status.FromContextError(context.DeadlineExceeded)}
	}
	if !strings.HasPrefix(r.path, "/") || strings.Count(r.path, "/") < 2 {
		return 0, &refusal{http.StatusOK, status.New(codes.Unimplemented, fmt.Sprintf("malformed method name: %q", r.path))}
	}
	return 0, nil
}
