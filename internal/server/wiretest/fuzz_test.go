package wiretest

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// walk is a peer that does what comes into its mind, by a seed: calls of every kind, in pieces and mixed, with padding and windows that are small,
// and between them what peers may say at any time. A broken one also sends frames that aren't right.
type walk struct {
	*client
	rnd    *rand.Rand
	breaks int     // of a hundred steps those that send a frame that isn't right
	steps  []*step // calls that aren't over for this side
	over   []*step
	pings  int
}

// step is a call and what has to become of it.
type step struct {
	stream uint32
	rest   []byte
	want   []fate
}

// kinds are the calls that there are: how a call begins, its body, and its fates.
func (w *walk) kind() (headers []hpack.HeaderField, body []byte, want []fate) {
	known := message([]byte("\x0a\x02v1"))
	switch w.rnd.IntN(10) {
	case 0:
		return request(unknownPath), known, []fate{"status 12"}
	case 1:
		return request(versionPath, "content-type", "text/plain"), known, unsupported
	case 2:
		return request(versionPath), known[:6], internal
	case 3:
		return request(streamPath), w.requests(w.rnd.IntN(5)), served
	case 4:
		return request(executePath, "x-request-id", strings.Repeat("i", 1+w.rnd.IntN(100))), message(w.echo(2 + w.rnd.IntN(30_000))), served
	case 5:
		return request(executePath, "grpc-encoding", "gzip"), zipped(w.t, w.echo(1000)), served
	case 6:
		return request(versionPath, "grpc-encoding", "zebra"), known, noMethod
	case 7:
		return request(watchPath), message(nil), []fate{"open"}
	case 8:
		return request(executePath), message(w.hold()), []fate{"open"}
	default:
		return request(versionPath, "grpc-timeout", "1H", "x-a-bin", "YQ"), known, served
	}
}

func (w *walk) begin() {
	headers, body, want := w.kind()
	s := &step{stream: w.newStream(), rest: body, want: want}
	block := w.encode(headers)
	if w.rnd.IntN(3) > 0 {
		w.inParts(s.stream, block, len(block), false)
	} else {
		w.inParts(s.stream, block, 10+w.rnd.IntN(len(block)), false)
	}
	w.steps = append(w.steps, s)
}

// advance sends some of a call's body, as far as the windows allow.
func (w *walk) advance(all bool) {
	if len(w.steps) == 0 {
		return
	}
	i := w.rnd.IntN(len(w.steps))
	s := w.steps[i]
	room := ask(w.client, func(b *inbox) int { return min(b.room(s.stream), maxFrameLength) })
	n := min(len(s.rest), room)
	if !all && n > 0 {
		n = 1 + w.rnd.IntN(n)
	}
	ends := n == len(s.rest)
	pad := w.rnd.IntN(64)
	if pad < 8 && room > n+pad {
		w.frames(func(f *http2.Framer) { _ = f.WriteDataPadded(s.stream, ends, s.rest[:n], make([]byte, pad)) })
		w.spent(s.stream, n+1+pad)
	} else if n > 0 || ends {
		w.data(s.stream, s.rest[:n], ends)
	}
	if s.rest = s.rest[n:]; ends || ask(w.client, func(b *inbox) bool { return b.stream(s.stream).over() }) {
		w.steps = slices.Delete(w.steps, i, i+1)
		w.over = append(w.over, s)
	}
}

// say sends what a peer may at any time.
func (w *walk) say() {
	switch w.rnd.IntN(8) {
	case 0:
		if w.pings++; w.pings <= 2 {
			w.frame(http2.FramePing, 0, 0, []byte("01234567"))
		}
	case 1:
		w.settings(initialWindow(uint32(w.rnd.IntN(defaultWindow))))
	case 2:
		w.settings(http2.Setting{ID: http2.SettingHeaderTableSize, Val: uint32(w.rnd.IntN(8192))})
	case 3:
		w.frame(0x77, http2.Flags(w.rnd.IntN(256)), uint32(w.rnd.IntN(4)), []byte("unknown"))
	case 4:
		w.window(0, 1+uint32(w.rnd.IntN(50_000)))
	case 5:
		if len(w.over) > 0 {
			w.window(w.over[w.rnd.IntN(len(w.over))].stream, 1+uint32(w.rnd.IntN(10_000)))
		}
	case 6:
		if len(w.steps) > 0 && w.rnd.IntN(4) == 0 {
			s := w.steps[0]
			w.reset(s.stream, http2.ErrCode(w.rnd.IntN(14)))
			w.steps = w.steps[1:]
		}
	case 7:
		w.frame(http2.FramePriority, 0, 1+2*uint32(w.rnd.IntN(20)), []byte{0, 0, 0, 0, byte(w.rnd.IntN(256))})
	}
}

// mistake sends a frame that isn't right: of any kind, with any flags, on any stream, of anything; or bytes that are no frame.
func (w *walk) mistake() {
	payload := make([]byte, []int{0, 1, 4, 5, 6, 8, 9, 40, maxFrameLength, maxFrameLength + 1}[w.rnd.IntN(10)])
	for i := range payload {
		payload[i] = byte(w.rnd.Uint32() >> w.rnd.IntN(32))
	}
	if w.rnd.IntN(3) == 0 { // the fields of a call, and something in them changed
		headers, _, _ := w.kind()
		payload = w.encode(headers)
		payload[w.rnd.IntN(len(payload))] ^= 1 << w.rnd.IntN(8)
	}
	if w.rnd.IntN(20) == 0 {
		w.raw(payload)
		return
	}
	w.frame(http2.FrameType(w.rnd.IntN(11)), http2.Flags(w.rnd.IntN(64)), uint32(w.rnd.IntN(int(w.next)+4)), payload)
}

// run takes a number of steps.
func (w *walk) run(steps int) {
	for range steps {
		switch n := w.rnd.IntN(100); {
		case n < w.breaks:
			w.mistake()
		case n < 30 && len(w.steps) < 20:
			w.begin()
		case n < 75:
			w.advance(w.rnd.IntN(2) == 0)
		default:
			w.say()
		}
		if w.rnd.IntN(6) == 0 {
			w.settle()
		}
	}
}

// finish sends all that is left, with windows for every answer, and judges what came.
func (w *walk) finish() {
	w.set(func(c *client) { c.hoards = false })
	w.settings(initialWindow(1 << 20))
	w.window(0, 1<<25)
	for _, s := range w.steps {
		w.send(s.stream, s.rest, true)
	}
	for _, s := range append(w.over, w.steps...) {
		if got := w.fate(s.stream); !allowed(got, s.want, nil) {
			w.t.Errorf("stream %d: %s, want %q", s.stream, got, s.want)
		}
	}
	w.works()
}

// wander walks, on a connection of its own, and sees that nothing of it stays, and that the service does.
func wander(t *testing.T, seed uint64, steps, piece, breaks int) {
	inBubble(t, func(t *testing.T, r *rig) {
		c := r.connect(t)
		c.piece = piece
		c.set(hoards)
		if breaks > 0 {
			c.set(blinded)
		}
		w := &walk{client: c, rnd: rand.New(rand.NewPCG(seed, 0)), breaks: breaks}
		c.greet(initialWindow(uint32(w.rnd.IntN(defaultWindow))))
		w.run(steps)
		if breaks == 0 {
			w.finish()
		}
		c.close()
		c.settle()
		if calls := r.server.InFlight(); len(calls) > 0 || holding.Load() > 0 {
			t.Errorf("%d calls are in flight, %d in nodes", len(calls), holding.Load())
		}
		r.greet(t).works()
	})
}

// TestWalks: peers that keep to the protocol get what their calls are for, whatever they do between them.
func TestWalks(t *testing.T) {
	for seed := range uint64(40) {
		wander(t, seed, 150, []int{0, 0, 1, 7}[seed%4], 0)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// TestBrokenWalks: peers that don't keep to it do no harm.
func TestBrokenWalks(t *testing.T) {
	for seed := range uint64(100) {
		wander(t, seed, 100, []int{0, 3}[seed%2], []int{1, 3, 10}[seed%3])
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func FuzzWalks(f *testing.F) {
	f.Add(uint64(1), uint8(100), uint8(0), uint8(0))
	f.Add(uint64(2), uint8(200), uint8(5), uint8(7))
	f.Fuzz(func(t *testing.T, seed uint64, steps, piece, breaks uint8) {
		wander(t, seed, int(steps), int(piece), int(breaks%30))
	})
}

// bytesIn sends bytes after the preface, as a whole and in pieces: nothing of it stays, and whether the connection is ended for it doesn't depend on
// the pieces.
func bytesIn(t *testing.T, text []byte, piece int) {
	var ended [2]bool
	for i, size := range []int{0, piece} {
		inBubble(t, func(t *testing.T, r *rig) {
			c := r.connect(t)
			c.piece = size
			c.set(blinded)
			c.raw([]byte(http2.ClientPreface))
			c.raw(text)
			c.settle()
			ended[i] = ask(c, func(b *inbox) bool { return b.ended != nil || len(b.away) > 0 })
			c.close()
			c.settle()
			if calls := r.server.InFlight(); len(calls) > 0 {
				t.Errorf("in flight: %+v", calls)
			}
			r.greet(t).works()
		})
	}
	if ended[0] != ended[1] {
		t.Errorf("as a whole the connection was ended: %t, in pieces of %d: %t", ended[0], piece, ended[1])
	}
}

// TestEachByteBroken: a bit that is wrong somewhere does no harm.
func TestEachByteBroken(t *testing.T) {
	for i := 0; i < len(conversation()); i += 2 {
		text := conversation()
		text[i] ^= 1 << (i / 2 % 8)
		bytesIn(t, text, 1+i%5)
		if t.Failed() {
			t.Fatalf("byte %d", i)
		}
	}
}

func FuzzBytes(f *testing.F) {
	f.Add(conversation(), uint8(3))
	f.Add(conversation()[:50], uint8(1))
	f.Fuzz(func(t *testing.T, text []byte, piece uint8) { bytesIn(t, text, 1+int(piece)) })
}
