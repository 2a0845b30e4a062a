package wiretest

import (
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/internal/server"
)

func maxCalls(n uint32) func(*server.Options) {
	return func(o *server.Options) { o.Transport.MaxCalls = n }
}

// TestRefusedBodiesDontUseTheConnectionUp: what comes for a stream that is over, that was refused or that the peer gave up counts for the window of the
// connection, which has to be given back, or the connection ends in silence.
func TestRefusedBodiesDontUseTheConnectionUp(t *testing.T) {
	const size, rounds = 200_000, 100
	body := make([]byte, size)
	many := request(versionPath)
	for range 40 {
		many = append(many, hpack.HeaderField{Name: "x-long", Value: strings.Repeat("l", 450)})
	}
	tooLong := append([]byte{0}, 0x7f, 0xff, 0xff, 0xff)
	kinds := []struct {
		name    string
		headers []hpack.HeaderField
		first   []byte // of the body
		reset   bool   // by the client, after the body
		want    []fate
	}{
		{"unknown method", request(unknownPath), nil, false, []fate{"status 12"}},
		{"no gRPC", request(versionPath, "content-type", "text/plain"), nil, false, []fate{"http 415"}},
		{"GET", request(versionPath, ":method", "GET"), nil, false, []fate{"http 405", "http 400"}},
		{"too late", request(versionPath, "grpc-timeout", "0n"), nil, false, []fate{"status 4", "reset CANCEL"}},
		{"malformed", request(versionPath, "connection", "close"), nil, false, []fate{"reset PROTOCOL_ERROR", "http 400"}},
		{"too many headers", many, nil, false, []fate{"reset FRAME_SIZE_ERROR", "reset PROTOCOL_ERROR", "reset ENHANCE_YOUR_CALM", "http 431", "status 8"}},
		{"message too long", request(versionPath), tooLong, false, []fate{"status 8"}},
		{"no message", request(versionPath), []byte{7}, false, []fate{"status 13", "status 12"}},
		{"given up", request(versionPath), []byte{0, 0, 15, 255, 255}, true, []fate{"open"}},
	}
	inBubble(t, func(t *testing.T, r *rig) {
		c := r.greet(t)
		for _, k := range kinds {
			for i := range rounds {
				c.await("window of the connection", func(b *inbox) bool { return b.connectionRoom() >= size+10 })
				stream := c.begin(k.headers, false)
				whole := append(k.first[:len(k.first):len(k.first)], body...)
				fits := min(len(whole), ask(c, func(b *inbox) int { return b.room(stream) })) // the server may let calls send less when it refuses many
				c.data(stream, whole[:fits], i%2 == 0 && !k.reset)
				if k.reset {
					c.reset(stream, http2.ErrCodeCancel)
				}
				if got := c.fate(stream); !allowed(got, k.want, nil) {
					t.Fatalf("%s: %s, want one of %q", k.name, got, k.want)
				}
			}
		}
		c.settle()
		room, sent := ask(c, func(b *inbox) int { return b.connectionRoom() }), ask(c, func(b *inbox) int { return b.sent })
		if room < 2<<20 || sent < 10<<20 {
			t.Errorf("after %d bytes the connection's window is %d", sent, room)
		}
		c.works()
	})
}

// Padding counts for the windows, and comes back.
func TestPaddingComesBack(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		c := r.greet(t)
		stream := c.open(versionPath)
		for _, b := range message(nil)[:4] {
			for i := range 1000 {
				c.await("room for padding", func(b *inbox) bool { return b.room(stream) >= 257 })
				c.frames(func(w *http2.Framer) {
					_ = w.WriteDataPadded(stream, false, []byte{b}[:max(0, 1-i)], make([]byte, 255))
				})
				c.spent(stream, 256+max(0, 1-i))
			}
		}
		c.data(stream, message(nil)[4:], true)
		if got := c.statusOf(stream); got != "0" {
			t.Errorf("got %s", got)
		}
	})
}

// stalled is a stream of a pipeline that takes nothing, filled as far as the windows allow.
func stalled(c *client) (stream uint32) {
	c.t.Helper()
	stream = c.open(streamPath)
	c.send(stream, message(c.encoded(&pb.StreamRequest{Request: &pb.StreamRequest_Init{Init: &pb.StreamInit{Manifest: manifest("Hold")}}})), false)
	for i := uint64(0); ; i++ {
		chunk := message(c.encoded(&pb.StreamRequest{Request: &pb.StreamRequest_DataChunk{DataChunk: &pb.JsonChunk{
			NodeId: "a", Json: `"` + strings.Repeat("x", 10_000) + `"`, Sequence: i,
		}}}))
		c.settle()
		if ask(c, func(b *inbox) int { return b.room(stream) }) < len(chunk) {
			return stream
		}
		c.data(stream, chunk, false)
		if i > 10_000 {
			c.t.Fatal("the server takes without end what nobody reads")
		}
	}
}

// A stream that nobody reads is filled and then waits, other streams go on, and what is sent beyond its window ends it.
func TestBeyondTheStreamsWindow(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		c := r.greet(t)
		one, two := stalled(c), stalled(c)
		c.works()
		room := ask(c, func(b *inbox) int { return b.room(one) })
		c.data(one, make([]byte, room), false)
		if got := c.fate(one); got != "open" {
			t.Errorf("a full window: %s", got)
		}
		c.data(one, make([]byte, 1), false)
		if got := c.fate(one); !allowed(got, streamError("FLOW_CONTROL_ERROR"), nil) {
			t.Errorf("beyond the window: %s", got)
		}
		if got := c.fate(two); got != "open" {
			t.Errorf("the other stream: %s", got)
		}
		if n := len(r.server.InFlight()); n != 1 {
			t.Errorf("%d calls are in flight, want the other one", n)
		}
		c.works()
	})
}

// Messages above every window come whole, several at once.
func TestMessagesAboveTheWindow(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		const n, calls = 900_000, 6
		c := r.greet(t)
		var streams []uint32
		for range calls {
			streams = append(streams, c.open(executePath))
		}
		body := message(c.echo(n))
		const piece = 100_000
		for at := 0; at < len(body); at += piece {
			end := min(at+piece, len(body))
			for _, s := range streams {
				c.send(s, body[at:end], end == len(body))
			}
		}
		for _, s := range streams {
			c.echoed(c.answered(s), n)
		}
	})
}

// One stream too many is refused so that it may be tried elsewhere, and there is room again when another ends.
func TestMaxConcurrentStreams(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		c := r.greet(t)
		c.settle()
		if !ask(c, func(b *inbox) bool {
			for _, s := range b.settings {
				if s.ID == http2.SettingMaxConcurrentStreams {
					return s.Val == 3
				}
			}
			return false
		}) {
			t.Error("the limit wasn't told")
		}
		for round := range 3 {
			open := []uint32{c.open(streamPath), c.call(watchPath, nil), c.open(versionPath)}
			for range 5 {
				if got := c.fate(c.open(versionPath)); got != "reset REFUSED_STREAM" {
					t.Errorf("round %d: the fourth is %s", round, got)
				}
			}
			for i, s := range open {
				if got := c.fate(s); got != "open" {
					t.Errorf("round %d: stream %d is %s", round, i, got)
				}
			}
			c.reset(open[0], http2.ErrCodeCancel)
			c.settle()
			c.works()
			c.reset(open[1], http2.ErrCodeCancel)
			c.send(open[2], message(nil), true)
			if got := c.statusOf(open[2]); got != "0" {
				t.Errorf("round %d: the call within is %s", round, got)
			}
			c.settle()
		}
	}, maxCalls(3))
}
