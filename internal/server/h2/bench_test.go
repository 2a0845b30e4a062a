package h2

import (
	"io"
	"testing"

	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// repeated gives a text again and again, with the stream's number in each frame's header going up, until so many were given.
type repeated struct {
	text   []byte // frames of stream 1
	times  int
	stream uint32
	rest   []byte
}

func (r *repeated) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		if r.times == 0 {
			return 0, io.EOF
		}
		r.times--
		for at := 0; at < len(r.text); {
			h := parseHeader(r.text[at:])
			r.text[at+5], r.text[at+6], r.text[at+7], r.text[at+8] = byte(r.stream>>24), byte(r.stream>>16), byte(r.stream>>8), byte(r.stream)
			at += frameHeader + h.length
		}
		r.stream += 2
		r.rest = r.text
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// BenchmarkRefusedCall is what the transport does about a call that is refused by its headers, without the system's part.
func BenchmarkRefusedCall(b *testing.B) {
	refusal := status.Error(codes.Unavailable, "no room")
	s := newServer(b, func(o *Options) {
		o.MaxCalls = 1 << 20
		o.Unknown = func(_ any, ss grpc.ServerStream) error {
			for range 9 {
				AddTrailer(ss, "x-some-trailer", "with a value")
			}
			return refusal
		}
	})
	text := script(func(w *http2.Framer) {
		_ = w.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: call("/remotemedia.v1.PipelineExecutionService/ExecutePipeline"), EndHeaders: true})
		_ = w.WriteData(1, false, make([]byte, maxFrame))
	})[len(http2.ClientPreface):]
	c := newReplay(nil)
	c.from = io.MultiReader(newReplay(script(func(w *http2.Framer) { _ = w.WriteSettings() })).from, &repeated{text: text, times: b.N, stream: 1})
	b.ReportAllocs()
	b.ResetTimer()
	s.shake(c)
	s.GracefulStop()
}
