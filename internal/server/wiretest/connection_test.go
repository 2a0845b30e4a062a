package wiretest

import (
	"bytes"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

func TestACallOverEachKindOfConnection(t *testing.T) {
	const n = 300_000 // above every window
	test := func(t *testing.T, r *rig) {
		c := r.greet(t)
		c.works()
		c.echoed(c.answered(c.call(executePath, c.echo(n))), n)
	}
	inBubble(t, test)
	overSockets(t, test)
	if runtime.GOOS != "windows" { // where addresses of this kind are new
		overNetwork(t, "unix", filepath.Join(t.TempDir(), "s"), test)
	}
}

// The bytes may come in pieces of any size.
func TestPiecesOfOneByte(t *testing.T) {
	test := func(t *testing.T, r *rig) {
		c := r.connect(t)
		c.piece = 1
		c.greet()
		c.works()
		c.echoed(c.answered(c.call(executePath, c.echo(2000))), 2000)
	}
	inBubble(t, test)
	overSockets(t, test)
}

func TestWhatIsNoPrefaceEndsTheConnection(t *testing.T) {
	ping := "\x00\x00\x08\x06\x00\x00\x00\x00\x00abcdefgh"
	for name, text := range map[string]string{
		"another protocol": strings.Repeat("\x16\x03\x01\x02\x00", 20),
		"HTTP/1.1":         "GET / HTTP/1.1\r\nHost: test\r\n\r\n" + strings.Repeat(" ", 100),
		"its last byte":    http2.ClientPreface[:len(http2.ClientPreface)-1] + "x" + ping,
		"no SETTINGS":      http2.ClientPreface + ping,
		"HEADERS first":    http2.ClientPreface + "\x00\x00\x01\x01\x05\x00\x00\x00\x01\x82",
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				c := r.connect(t)
				c.raw([]byte(text))
				if got := c.fate(1); !allowed(got, []fate{"cut PROTOCOL_ERROR"}, nil) && got != "cut" {
					t.Errorf("%s; %s", got, c.look())
				}
				r.greet(t).works()
			})
		})
	}
}

// A peer that doesn't finish its preface is let go when the time for the handshake is over.
func TestAPrefaceThatNeverComes(t *testing.T) {
	for _, text := range []string{"", http2.ClientPreface[:10], http2.ClientPreface, http2.ClientPreface + "\x00\x00"} {
		inBubble(t, func(t *testing.T, r *rig) {
			began := time.Now()
			c := r.connect(t)
			c.raw([]byte(text))
			c.await("end of the connection", func(b *inbox) bool { return b.ended != nil })
			if took := time.Since(began); took > 11*time.Second {
				t.Errorf("after %d bytes: it was let go after %v", len(text), took)
			}
		})
	}
}

// A slow preface is in time if it is within the handshake's.
func TestASlowPreface(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		c := r.connect(t)
		c.pause = 100 * time.Millisecond
		c.piece = 1
		c.greet()
		c.works()
	})
}

// conversation is what a client sends that calls the service twice, without the preface.
func conversation() []byte {
	var all, block bytes.Buffer
	w, e := http2.NewFramer(&all, nil), hpack.NewEncoder(&block)
	_ = w.WriteSettings(initialWindow(100_000))
	_ = w.WriteSettingsAck()
	for stream := uint32(1); stream < 5; stream += 2 {
		block.Reset()
		for _, f := range request(versionPath) {
			_ = e.WriteField(f)
		}
		_ = w.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block.Bytes(), EndHeaders: true})
		_ = w.WriteDataPadded(stream, true, message([]byte("\x0a\x02v1")), make([]byte, 3))
		_ = w.WriteWindowUpdate(0, 1000)
	}
	return all.Bytes()
}

// A peer that goes on sending after its mistake is told of it all the same: what it has sent must not keep the word from arriving.
func TestTheReasonArrives(t *testing.T) {
	overSockets(t, func(t *testing.T, r *rig) {
		for range 20 {
			c := r.greet(t)
			c.works()
			c.frame(http2.FramePing, 0, 0, []byte("short"))
			for range 10 {
				c.frame(0x77, 0, 0, make([]byte, maxFrameLength))
			}
			<-c.done
			away := ask(c, func(b *inbox) []goAway { return b.away })
			if len(away) != 1 && strict || len(away) > 0 && away[0].code != http2.ErrCodeFrameSize {
				t.Errorf("it said %+v; %s", away, c.look())
			}
		}
	})
}

// Many connections at once, each with many calls.
func TestManyConnections(t *testing.T) {
	test := func(t *testing.T, r *rig) {
		const connections, calls = 20, 30
		var clients []*client
		for range connections {
			clients = append(clients, r.greet(t))
		}
		for i := range calls {
			for _, c := range clients {
				if i%5 == 4 {
					c.reset(c.open(streamPath), http2.ErrCodeCancel)
				} else {
					c.call(executePath, c.echo(2+1000*i))
				}
			}
		}
		for _, c := range clients {
			for i := range calls {
				if i%5 != 4 {
					c.echoed(c.answered(uint32(2*i+1)), 2+1000*i)
				}
			}
		}
	}
	inBubble(t, test)
	overSockets(t, test)
}

// A peer that closes in the middle of anything leaves nothing behind.
func TestTheConnectionEndsAnywhere(t *testing.T) {
	whole := append([]byte(http2.ClientPreface), conversation()...)
	for n := 0; n <= len(whole); n += 3 {
		inBubble(t, func(t *testing.T, r *rig) {
			c := r.connect(t)
			c.set(blinded)
			c.raw(whole[:n])
			c.settle()
			c.close()
			c.settle()
			if calls := r.server.InFlight(); len(calls) > 0 {
				t.Errorf("after %d bytes: %v", n, calls)
			}
		})
	}
}
