package conn

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"runtime"
	"time"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/mem"
)

// Budget bounds what a peer may ask for that costs the server more than the peer: streams that are reset right after they were
// opened, and frames that do nothing but want an answer. Pings aren't bounded here: clients that measure the bandwidth send
// thousands, and grpc has a rule of its own for those that come without need. A zero field takes its default; one below 0 is
// without bound.
type Budget struct {
	Resets  float64 // short-lived streams at once; default 400
	Control float64 // SETTINGS, PRIORITY, empty DATA and unknown frames at once; default 200
	// Cut, where set, is told why a connection is cut.
	Cut func(peer net.Addr, reason string)
	// Refusing, where set, tells whether new calls are refused at the moment. Then each has the time to be before the rest of its
	// body is read: what comes for a call that is over goes back to the pool at once, while what a call holds that nobody reads
	// is lost to it.
	Refusing func() bool
}

// refill is the share of each budget that comes back in a second.
const refill = 0.5

// shortLived is how soon after its opening the reset of a stream is suspicious. A client whose deadline passes, or that has its
// answer from elsewhere, is slower.
const shortLived = 50 * time.Millisecond

// mostResets is more than a connection has calls open at once (256): when the process was held up for so long that the deadlines of all of them
// have passed, their openings and resets are read in one moment, and that isn't an attack.
const mostResets = 400

// Credentials returns credentials that do what inner do, and watch the frames of each connection behind the handshake.
func Credentials(inner credentials.TransportCredentials, b Budget) credentials.TransportCredentials {
	or := func(v *float64, otherwise float64) {
		if *v == 0 {
			*v = otherwise
		}
	}
	or(&b.Resets, mostResets)
	or(&b.Control, 200)
	return watching{inner, b}
}

type watching struct {
	credentials.TransportCredentials
	budget Budget
}

// ServerHandshake implements credentials.TransportCredentials.
func (w watching) ServerHandshake(raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	c, info, err := w.TransportCredentials.ServerHandshake(raw)
	if err != nil {
		return c, info, err
	}
	return watch(c, w.budget), info, nil
}

// ClientHandshake implements credentials.TransportCredentials.
func (w watching) ClientHandshake(ctx context.Context, authority string, raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return w.TransportCredentials.ClientHandshake(ctx, authority, raw)
}

// Clone implements credentials.TransportCredentials.
func (w watching) Clone() credentials.TransportCredentials {
	return watching{w.TransportCredentials.Clone(), w.budget}
}

type watched struct {
	net.Conn
	peer   net.Addr
	ready  readyReader
	writer *socketWriter // nil: only by waiting
	frames *frames
}

func watch(c net.Conn, b Budget) *watched {
	return &watched{Conn: c, peer: name(c.RemoteAddr()), ready: readyReaderOf(c), writer: writerOf(c), frames: newFrames(b)}
}

// RemoteAddr returns the address of the peer.
func (c *watched) RemoteAddr() net.Addr { return c.peer }

// Read reads, and fails for good when the peer has spent a budget.
func (c *watched) Read(p []byte) (int, error) {
	c.giveWay()
	n, err := c.Conn.Read(p)
	if cut := c.see(p[:n]); cut != nil {
		return 0, cut
	}
	return n, err
}

// ReadOnReady is Read with a buffer of the pool that is taken when there is something to read. grpc (1.85) reads by it where a connection
// has it: google.golang.org/grpc/internal/transport/readyreader.
func (c *watched) ReadOnReady(size int, pool mem.BufferPool) (*[]byte, int, error) {
	c.giveWay()
	buf, n, err := c.ready.ReadOnReady(size, pool)
	if buf == nil {
		return nil, 0, err
	}
	if cut := c.see((*buf)[:n]); cut != nil {
		pool.Put(buf)
		return nil, 0, cut
	}
	return buf, n, err
}

// WriteNow writes what the peer takes at the moment, which may be nothing, and doesn't wait. It is used by one goroutine at a time.
func (c *watched) WriteNow(p []byte) (int, error) {
	if c.writer == nil {
		return 0, nil
	}
	return c.writer.WriteNow(p)
}

// giveWay lets calls that have begun be refused before the rest of their bodies is read.
func (c *watched) giveWay() {
	if c.frames.began && c.frames.budget.Refusing != nil && c.frames.budget.Refusing() {
		runtime.Gosched()
	}
	c.frames.began = false
}

// see counts the frames of what was read. When a budget is spent the connection is closed and the error says why.
func (c *watched) see(p []byte) error {
	reason := c.frames.see(p)
	if reason == "" {
		return nil
	}
	if c.frames.budget.Cut != nil {
		c.frames.budget.Cut(c.RemoteAddr(), reason)
	}
	_ = c.Close() // the error says why
	return fmt.Errorf("the connection was cut: %s", reason)
}

// preface is the length of what a client sends before its first frame.
const preface = 24

// How many of the newest streams are remembered, powers of two: at first, as most connections have few calls at once, and at most.
const (
	recentAtFirst = 16
	recentAtMost  = 512
)

// frames follows the frames of one direction of a connection. It belongs to the goroutine that reads.
type frames struct {
	budget          Budget
	resets, control bucket
	skip            int // bytes until the next frame's header
	header          [frameHeader]byte
	have            int       // of the header
	opened          []opening // by the stream's number
	start           time.Time
	began           bool // a call, since this was last set to false
}

// opening is when a stream was opened, in milliseconds of the connection.
type opening struct{ stream, at uint32 }

func newFrames(b Budget) *frames {
	return &frames{
		budget: b, skip: preface, opened: make([]opening, recentAtFirst), start: time.Now(),
		resets: bucket{most: b.Resets}, control: bucket{most: b.Control},
	}
}

// see takes the next bytes and returns why the connection is to be cut, if it is.
func (f *frames) see(p []byte) (reason string) {
	for len(p) > 0 {
		if f.skip > 0 {
			n := min(f.skip, len(p))
			f.skip -= n
			p = p[n:]
			continue
		}
		n := copy(f.header[f.have:], p)
		f.have += n
		p = p[n:]
		if f.have < frameHeader {
			return ""
		}
		f.have = 0
		if reason = f.frame(); reason != "" {
			return reason
		}
	}
	return ""
}

// Types and flags of frames.
const (
	typeData     = 0x0
	typeHeaders  = 0x1
	typePriority = 0x2
	typeReset    = 0x3
	typePing     = 0x6
	typeWindow   = 0x8
	typeContinue = 0x9
	endStream    = 0x1
	acknowledges = 0x1
)

func (f *frames) frame() (reason string) {
	h := &f.header
	f.skip = int(h[0])<<16 | int(h[1])<<8 | int(h[2])
	typ, flags := h[3], h[4]
	stream := binary.BigEndian.Uint32(h[5:]) & (1<<31 - 1)
	switch typ {
	case typeHeaders:
		f.open(opening{stream, f.now()})
		f.began = true
	case typeReset:
		if o := f.slot(stream); o.stream == stream && f.young(*o) && !f.resets.spend() {
			return "too many streams were reset right after they were opened"
		}
	case typeData:
		if f.skip == 0 && flags&endStream == 0 && !f.control.spend() {
			return "too many empty DATA frames"
		}
	case typeWindow, typeContinue, typeGoAway, typePing:
	case typeSettings:
		if flags&acknowledges == 0 && !f.control.spend() {
			return "too many SETTINGS frames"
		}
	default:
		if !f.control.spend() {
			return "too many frames without use"
		}
	}
	return ""
}

func (f *frames) now() uint32 { return uint32(time.Since(f.start).Milliseconds()) }

// young reports whether a stream was opened so lately that its reset counts.
func (f *frames) young(o opening) bool { return f.now()-o.at < uint32(shortLived.Milliseconds()) }

func (f *frames) slot(stream uint32) *opening { return &f.opened[stream/2%uint32(len(f.opened))] }

// open remembers an opening. Where it would take the place of another that still matters there are more places from then on.
func (f *frames) open(o opening) {
	slot := f.slot(o.stream)
	for len(f.opened) < recentAtMost && slot.stream != 0 && f.young(*slot) {
		before := f.opened
		f.opened = make([]opening, 2*len(before))
		for _, old := range before {
			if old.stream != 0 {
				*f.slot(old.stream) = old
			}
		}
		slot = f.slot(o.stream)
	}
	*slot = o
}

// bucket is a budget that comes back with time.
type bucket struct {
	most, spent float64
	at          time.Time
}

func (b *bucket) spend() bool {
	now := time.Now()
	if !b.at.IsZero() {
		b.spent = max(0, b.spent-now.Sub(b.at).Seconds()*b.most*refill)
	}
	b.at = now
	b.spent++
	return b.spent <= b.most || b.most < 0
}
