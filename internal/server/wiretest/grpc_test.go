package wiretest

import (
	"encoding/binary"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
)

// calling is a deed that is a call with an empty message.
func calling(path string, pairs ...string) func(*client) uint32 {
	return func(c *client) uint32 { return c.call(path, nil, pairs...) }
}

var (
	served      = []fate{"status 0"}
	noMethod    = []fate{"status 12"}
	internal    = []fate{"status 13"}
	badHeaders  = append(streamError("PROTOCOL_ERROR"), "http 400", "status 13", "status 3")
	unsupported = []fate{"http 415"}
)

func TestContentTypes(t *testing.T) {
	with := func(v string) func(*client) uint32 { return calling(versionPath, "content-type", v) }
	judge(t, []deed{
		{"application/grpc", with("application/grpc"), served, nil},
		{"+proto", with("application/grpc+proto"), served, nil},
		{"with a parameter", with("application/grpc;charset=utf-8"), append(unsupported, served...), nil},
		{"another message format", with("application/grpc+json"), append(unsupported, "status 0", "status 12", "status 13"), nil},
		{"upper case", with("Application/GRPC"), append(unsupported, served...), nil},
		{"grpc-web", with("application/grpc-web"), unsupported, nil},
		{"longer", with("application/grpcx"), unsupported, nil},
		{"JSON", with("application/json"), unsupported, nil},
		{"none", with(""), unsupported, nil},
	})
}

func TestMethodsAndPaths(t *testing.T) {
	notPost := []fate{"http 405", "http 400"}
	judge(t, []deed{
		{"GET", calling(versionPath, ":method", "GET"), notPost, nil},
		{"PUT", calling(versionPath, ":method", "PUT"), notPost, nil},
		{"post", calling(versionPath, ":method", "post"), notPost, nil},
		{"OPTIONS", calling(versionPath, ":method", "OPTIONS"), notPost, nil},
		{"another method", calling(unknownPath), noMethod, nil},
		{"another service", calling("/other.Service/Get"), noMethod, nil},
		{"a service alone", calling("/remotemedia.v1.PipelineExecutionService"), noMethod, nil},
		{"an empty method", calling("/remotemedia.v1.PipelineExecutionService/"), noMethod, nil},
		{"a slash more", calling("/" + versionPath), noMethod, nil},
		{"a query", calling(versionPath + "?a=b"), noMethod, nil},
		{"no slash", calling(versionPath[1:]), append(badHeaders, noMethod...), nil},
		{"a slash", calling("/"), noMethod, nil},
		{"a star", calling("*"), append(badHeaders, noMethod...), nil},
		{"very long", calling("/" + strings.Repeat("a/", 5000)), noMethod, nil},
		// Where the text of the status has the path it takes CONTINUATION.
		{"very long, not ASCII", calling("/" + strings.Repeat("\u00fc", 5000)), append(badHeaders, noMethod...), nil},
	})
}

// sending is a deed that is a call with a body, all of it, in DATA of a size.
func sending(path string, body []byte, size int, pairs ...string) func(*client) uint32 {
	return func(c *client) uint32 {
		stream := c.open(path, pairs...)
		for chunk := range slices.Chunk(body, size) {
			c.data(stream, chunk, false)
		}
		c.data(stream, nil, true)
		return stream
	}
}

// length is that of a message, as its prefix has it.
func length(n uint32) string { return string(binary.BigEndian.AppendUint32(nil, n)) }

func TestFramesOfMessages(t *testing.T) {
	empty := message(nil)
	known := message([]byte("\x0a\x02v1")) // VersionRequest{client_version: "v1"}
	send := func(parts ...string) func(*client) uint32 {
		return sending(versionPath, []byte(strings.Join(parts, "")), 1<<10)
	}
	judge(t, []deed{
		{"in one", sending(versionPath, known, 1000), served, nil},
		{"each a byte", sending(versionPath, known, 1), served, nil},
		{"split after the prefix", sending(versionPath, known, 5), served, nil},
		{"empty", sending(versionPath, empty, 5), served, nil},
		{"END_STREAM on the last", func(c *client) uint32 { s := c.open(versionPath); c.data(s, known, true); return s }, served, nil},
		{"empty DATA between", func(c *client) uint32 {
			s := c.open(versionPath)
			for _, b := range known {
				c.data(s, []byte{b}, false)
				c.data(s, nil, false)
			}
			c.data(s, nil, true)
			return s
		}, served, nil},
		{"none", send(), []fate{"status 13", "status 12", "status 3"}, nil},
		{"END_STREAM on HEADERS", func(c *client) uint32 { return c.begin(request(versionPath), true) }, []fate{"status 13", "status 12", "status 3"}, nil},
		{"half a prefix", send("\x00\x00\x00"), internal, nil},
		{"a prefix alone", send("\x00\x00\x00\x00\x01"), internal, nil},
		{"half a message", send("\x00\x00\x00\x00\x04\x0a\x02"), internal, nil},
		{"two", send(string(known), string(known)), []fate{"status 13", "status 12"}, served},
		{"one and a half", send(string(known), "\x00\x00"), []fate{"status 13", "status 12"}, served},
		{"no message of this kind", send("\x00\x00\x00\x00\x03\xff\xff\xff"), internal, nil},
		{"compressed, with nothing", send("\x01", string(known[1:])), internal, nil},
		{"an unknown flag", send("\x02", string(known[1:])), append(internal, noMethod...), nil},
		{"as long as is taken", send("\x00" + length(maxMessage)), internal, nil}, // but it isn't there
		{"longer by one than is taken", send("\x00" + length(maxMessage+1)), []fate{"status 8"}, nil},
		{"longer than is taken", send("\x00\x7f\xff\xff\xff"), []fate{"status 8"}, nil},
		{"as long as can be", send("\x00\xff\xff\xff\xff"), []fate{"status 8"}, nil},
	})
}

// Metadata in binary form is taken with padding and without.
func TestBinaryMetadata(t *testing.T) {
	judge(t, []deed{
		{"padded", calling(versionPath, "x-a-bin", "YQ=="), served, nil},
		{"not padded", calling(versionPath, "x-a-bin", "YQ"), served, nil},
		{"nothing", func(c *client) uint32 {
			s := c.begin(append(request(versionPath), fields("x-a-bin", "")...), false)
			c.data(s, message(nil), true)
			return s
		}, served, nil},
		{"several", calling(versionPath, "x-a-bin", "YQ,YWI="), served, []fate{"http 400", "status 13"}},
		{"several headers", func(c *client) uint32 {
			s := c.begin(append(request(versionPath), fields("x-a-bin", "YQ", "x-a-bin", "YWI", "x-a-bin", "YWJj")...), false)
			c.data(s, message(nil), true)
			return s
		}, served, nil},
		{"trace", calling(versionPath, "grpc-trace-bin", "AAAB"), served, nil},
		{"no base64", calling(versionPath, "x-a-bin", "!!!!"), badHeaders, nil},
	})
}

// A call that is refused gets one block of headers that ends the stream; whoever still sends is told that there is no need to.
func TestRefusalsAreTrailersOnly(t *testing.T) {
	for name, x := range map[string]struct {
		headers          []hpack.HeaderField
		http, grpcStatus string
	}{
		"unknown method": {request(unknownPath), "200", "12"},
		"unknown health": {request("/grpc.health.v1.Health/Nothing"), "200", "12"},
		"no gRPC":        {request(versionPath, "content-type", "text/plain"), "415", ""},
		"GET":            {request(versionPath, ":method", "GET"), "405", ""},
		"too late":       {request(versionPath, "grpc-timeout", "0n"), "200", "4"},
		"encoding":       {request(versionPath, "grpc-encoding", "zebra"), "200", "12"},
	} {
		for _, ends := range []bool{true, false} {
			inBubble(t, func(t *testing.T, r *rig) {
				c := r.greet(t)
				stream := c.begin(x.headers, ends)
				c.settle()
				want := "H$R"
				if ends {
					want = "H$"
				}
				a := c.answered(stream)
				if a.shape != want || a.reset != http2.ErrCodeNo || a.field(":status") != x.http || x.grpcStatus != "" && a.field("grpc-status") != x.grpcStatus {
					t.Errorf("%s, END_STREAM %t: %v", name, ends, a)
				}
				if got := a.field("content-type"); got != "application/grpc" {
					t.Errorf("%s: content type %q", name, got)
				}
			})
		}
	}
}

// An answer is headers, messages and trailers.
func TestTheOrderOfAnAnswer(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		c := r.greet(t)
		a := c.answered(c.call(versionPath, nil, "x-request-id", "abc"))
		if a.shape != "HDH$" {
			t.Errorf("it came as %q", a.shape)
		}
		for _, f := range a.blocks[0] {
			if strings.HasPrefix(f.Name, "grpc-") && f.Name != "grpc-encoding" && f.Name != "grpc-accept-encoding" {
				t.Errorf("the headers have %v", f)
			}
		}
		if got := a.field("x-request-id"); got != "abc" {
			t.Errorf("the id is %q", got)
		}
		if v := decoded(c, a, new(pb.VersionResponse)); v.GetVersionInfo().GetProtocolVersion() != "v1" {
			t.Errorf("got %v", v)
		}
	})
}

// The text of a status is percent-encoded where it isn't plain.
func TestTheTextOfAStatusIsEncoded(t *testing.T) {
	for _, path := range []string{"/a/plain ~!", "/a/100%", "/a/%41", "/a/\u00fc\u65e5", "/a/100% \u00fc\t~", "/a/\xff"} {
		inBubble(t, func(t *testing.T, r *rig) {
			c := r.greet(t)
			a := c.answered(c.call(path, nil))
			text := a.field("grpc-message")
			if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("it isn't plain: %q", text)
			}
			got, err := url.PathUnescape(text)
			if want := strings.ToValidUTF8(path, "\ufffd"); err != nil || a.field("grpc-status") != "12" || !strings.Contains(got, want) {
				t.Errorf("%v means %q (%v)", a, got, err)
			}
		})
	}
}

// Calls whose frames are mixed are answered each on its stream.
func TestCallsAtOnce(t *testing.T) {
	test := func(t *testing.T, r *rig) {
		const calls = 100
		c := r.greet(t)
		var streams []uint32
		for i := range calls {
			streams = append(streams, c.open(executePath, "x-request-id", strings.Repeat("i", i+1)))
		}
		for part := range 10 {
			for i, s := range streams {
				body := message(c.echo(1000 + i))
				n := len(body) / 10
				if part == 9 {
					c.send(s, body[9*n:], true)
				} else {
					c.send(s, body[part*n:(part+1)*n], false)
				}
			}
		}
		for i, s := range streams {
			a := c.answered(s)
			c.echoed(a, 1000+i)
			if got := a.field("x-request-id"); len(got) != i+1 {
				t.Errorf("call %d has the id %q", i, got)
			}
		}
	}
	inBubble(t, test)
	overSockets(t, test)
}
