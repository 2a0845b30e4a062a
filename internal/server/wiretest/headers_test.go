package wiretest

import (
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// inParts sends a header block in a HEADERS frame and CONTINUATION frames of a size, and between them what else is given.
func (c *client) inParts(stream uint32, block []byte, size int, ends bool, between ...func(*http2.Framer)) {
	c.frames(func(w *http2.Framer) {
		n := min(size, len(block))
		_ = w.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block[:n], EndStream: ends, EndHeaders: n == len(block)})
		for block = block[n:]; len(block) > 0; block = block[n:] {
			for _, f := range between {
				f(w)
			}
			n = min(size, len(block))
			_ = w.WriteContinuation(stream, n == len(block), block[:n])
		}
	})
}

func TestHeaderBlocksInParts(t *testing.T) {
	parts := func(size int, between ...func(*http2.Framer)) func(*client) uint32 {
		return func(c *client) uint32 {
			stream := c.newStream()
			c.inParts(stream, c.encode(request(versionPath)), size, false, between...)
			c.data(stream, message(nil), true)
			return stream
		}
	}
	fine, calm := []fate{"status 0"}, "cut ENHANCE_YOUR_CALM"
	judge(t, []deed{
		{"one", parts(1 << 20), fine, nil},
		{"two", parts(20), fine, nil},
		{"some", parts(8), fine, nil},
		{"each a byte", parts(1), append(fine, calm), nil},
		{"empty ones between", parts(20, func(w *http2.Framer) { _ = w.WriteContinuation(1, false, nil) }), append(fine, calm), nil},
		{"PING between", parts(20, func(w *http2.Framer) { _ = w.WritePing(false, [8]byte{}) }), protocol, nil},
		{"DATA between", parts(20, func(w *http2.Framer) { _ = w.WriteData(1, false, nil) }), protocol, nil},
		{"SETTINGS between", parts(20, func(w *http2.Framer) { _ = w.WriteSettingsAck() }), protocol, nil},
		{"RST_STREAM between", parts(20, func(w *http2.Framer) { _ = w.WriteRSTStream(1, http2.ErrCodeCancel) }), protocol, nil},
		{"an unknown frame between", parts(20, func(w *http2.Framer) { _ = w.WriteRawFrame(0x77, 0, 1, nil) }), protocol, nil},
		{"CONTINUATION of another stream between", parts(20, func(w *http2.Framer) { _ = w.WriteContinuation(3, false, nil) }), protocol, nil},
		{"HEADERS of another stream between", parts(20, func(w *http2.Framer) {
			_ = w.WriteHeaders(http2.HeadersFrameParam{StreamID: 3, EndHeaders: true})
		}), protocol, nil},
		{"CONTINUATION alone", raw(http2.FrameContinuation, http2.FlagContinuationEndHeaders, 1, "\x82"), protocol, nil},
		{"CONTINUATION on 0", raw(http2.FrameContinuation, http2.FlagContinuationEndHeaders, 0, "\x82"), protocol, nil},
		{"CONTINUATION after the end", held(func(c *client, s uint32) {
			c.frame(http2.FrameContinuation, http2.FlagContinuationEndHeaders, s, []byte("\x82"))
		}), protocol, nil},
	})
}

// A header block that never ends is cut, whatever it is made of, before it costs much.
func TestEndlessHeaderBlocks(t *testing.T) {
	literal := func(name, value string) []byte {
		var b strings.Builder
		e := hpack.NewEncoder(&b)
		_ = e.WriteField(hpack.HeaderField{Name: name, Value: value, Sensitive: true})
		return []byte(b.String())
	}
	endless := func(part []byte, frames int) func(*client) uint32 {
		return func(c *client) uint32 {
			block := c.encode(request(versionPath))
			c.frames(func(w *http2.Framer) {
				_ = w.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block})
				for range frames {
					if w.WriteContinuation(1, false, part) != nil {
						return
					}
				}
			})
			c.next = 3
			return 1
		}
	}
	long := literal("x-long", strings.Repeat("\x7f", maxFrameLength-100))
	small := []byte(strings.Repeat(string(literal("x", "y")), 1000))
	ended := []fate{"cut ENHANCE_YOUR_CALM", "cut PROTOCOL_ERROR", "cut COMPRESSION_ERROR", "cut INTERNAL_ERROR"}
	for _, d := range []deed{
		{"long fields", endless(long, 500), ended, nil},
		{"many fields", endless(small, 500), ended, nil},
		{"one string", endless([]byte(strings.Repeat("x", maxFrameLength)), 500), ended, nil},
		{"a string that claims a gigabyte", func(c *client) uint32 {
			c.frames(func(w *http2.Framer) {
				_ = w.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: []byte("\x00\x01x\x7f\x81\xff\xff\xff\x03")})
				for range 500 {
					_ = w.WriteContinuation(1, false, []byte(strings.Repeat("x", maxFrameLength)))
				}
			})
			return 1
		}, ended, nil},
		{"nothing", endless(nil, 100_000), ended, []fate{"open"}},
	} {
		t.Run(d.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				c := r.greet(t)
				if got := c.fate(d.do(c)); !allowed(got, d.want, d.lax) {
					t.Errorf("%s, want one of %q; %s", got, d.want, c.look())
				}
				r.greet(t).works()
			})
		})
	}
}

// Headers above the limit are refused on their stream, those within it aren't.
func TestTheLimitOfHeaders(t *testing.T) {
	filled := func(n int, name string) func(*client) uint32 {
		return func(c *client) uint32 {
			fields := request(versionPath)
			for i := 0; i < n; i += 500 {
				fields = append(fields, hpack.HeaderField{Name: name, Value: strings.Repeat("v", 500-32-len(name))})
			}
			stream := c.newStream()
			c.inParts(stream, c.encode(fields), maxFrameLength, false)
			c.send(stream, message(nil), true)
			return stream
		}
	}
	refused := append(streamError("FRAME_SIZE_ERROR", "PROTOCOL_ERROR", "ENHANCE_YOUR_CALM", "REFUSED_STREAM"), "http 431", "status 8")
	judge(t, []deed{
		{"within", filled(15<<10, "x-a"), []fate{"status 0"}, nil},
		{"above", filled(17<<10, "x-a"), refused, nil},
		{"twice", filled(32<<10, "x-a"), refused, nil},
		{"ten times, in one byte each", filled(160<<10, "x-a"), refused, nil}, // from the table
		{"one value", func(c *client) uint32 {
			return c.open(versionPath, "x-long", strings.Repeat("l", 17<<10))
		}, append(refused, "cut COMPRESSION_ERROR"), nil}, // a decoder needn't take a text of such a length
	})
}

// What makes a request malformed is an error of its stream, or told by an answer.
func TestMalformedRequests(t *testing.T) {
	with := func(base []hpack.HeaderField, more ...string) func(*client) uint32 {
		return func(c *client) uint32 {
			stream := c.begin(append(base, fields(more...)...), false)
			c.data(stream, message(nil), true)
			return stream
		}
	}
	malformed := append(streamError("PROTOCOL_ERROR"), "http 400")
	served := []fate{"status 0"}
	either := append(malformed, served...)
	f := func(pairs ...string) []hpack.HeaderField { return request(versionPath, pairs...) }
	judge(t, []deed{
		{"upper case", with(f(), "X-Upper", "1"), malformed, nil},
		{"a space in the name", with(f(), "x y", "1"), malformed, nil},
		{"a colon in the name", with(f(), "x:y", "1"), malformed, nil},
		{"an umlaut in the name", with(f(), "x\xe4", "1"), malformed, nil},
		{"no name", with(f(), "", "1"), malformed, nil},
		{"a line feed", with(f(), "x-a", "1\n2"), malformed, nil},
		{"a carriage return", with(f(), "x-a", "1\r"), malformed, nil},
		{"a zero", with(f(), "x-a", "\x00"), malformed, nil},
		{"a space at the end", with(f(), "x-a", "1 "), malformed, served},
		{"no :method", with(f(":method", "")), malformed, []fate{"http 405"}},
		{"no :scheme", with(f(":scheme", "")), malformed, served},
		{"no :path", with(f(":path", "")), malformed, []fate{"status 12"}},
		{"an empty :path", with(fields(":method", "POST", ":scheme", "http", ":path", "", ":authority", "a", "content-type", "application/grpc")), malformed, []fate{"status 12"}},
		{"no pseudo header", with(fields("content-type", "application/grpc")), malformed, nil},
		{"no header", with(nil), malformed, []fate{"http 415"}},
		{":method twice", with(append(fields(":method", "POST"), f()...)), malformed, nil},
		{":path twice", with(append(fields(":path", "/a/b"), f()...)), malformed, nil},
		{":scheme twice", with(append(fields(":scheme", "http"), f()...)), malformed, nil},
		{":authority twice", with(append(fields(":authority", "a"), f()...)), malformed, nil},
		{"an unknown pseudo header", with(append(fields(":other", "a"), f()...)), malformed, nil},
		{":status", with(append(fields(":status", "200"), f()...)), malformed, nil},
		{":path after the others", with(f(":path", ""), ":path", versionPath), malformed, nil},
		{"connection", with(f(), "connection", "close"), malformed, nil},
		{"keep-alive", with(f(), "keep-alive", "5"), malformed, served},
		{"proxy-connection", with(f(), "proxy-connection", "close"), malformed, served},
		{"transfer-encoding", with(f(), "transfer-encoding", "chunked"), malformed, served},
		{"upgrade", with(f(), "upgrade", "h2c"), malformed, served},
		{"te", with(f("te", "gzip")), malformed, served},
		{"no te", with(f("te", "")), either, nil},
		{"no authority", with(f(":authority", "")), either, nil},
		{"host for authority", with(f(":authority", "", "host", "test")), served, nil},
		{"host beside authority", with(f("host", "test")), served, nil},
		{"another host beside authority", with(f("host", "other")), either, nil},
		{"host twice", with(f("host", "test"), "host", "test"), malformed, nil},
		{"a length that isn't the body's", with(f("content-length", "3")), malformed, served},
		{"the body's length", with(f("content-length", "5")), served, nil},
		{"every character that is allowed", with(f(), "x!#$%&'*+-.^_`|~09az", "\t !\"~\x80\xff"[1:]), append(served, "http 400"), nil},
	})
}

// What a peer says of the headers that it takes is advice: an answer above it comes, or its stream is reset, and the connection goes on.
func TestThePeersLimitOfHeaders(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		c := r.greet(t, http2.Setting{ID: http2.SettingMaxHeaderListSize, Val: 20})
		for _, stream := range []uint32{c.call(versionPath, nil), c.open(unknownPath)} {
			if got := c.fate(stream); !allowed(got, []fate{"status 0", "status 12", "reset INTERNAL_ERROR"}, nil) {
				t.Errorf("got %s", got)
			}
		}
		c.settings(http2.Setting{ID: http2.SettingMaxHeaderListSize, Val: 1 << 20})
		c.works()
	})
}
