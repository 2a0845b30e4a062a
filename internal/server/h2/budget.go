package h2

import (
	"net"
	"runtime"
	"time"

	"golang.org/x/net/http2"

	"github.com/remotemedia/remotemedia-go/internal/server/conn"
)

// Budget bounds what a peer may ask for that costs the server more than the peer: streams that are reset right after they were
// opened, and frames that do nothing but want an answer. Pings have a rule of their own: Options.MinClientPing. A zero field takes its
// default; one below 0 is without bound. Half of each comes back in a second.
type Budget struct {
	Resets  float64 // short-lived streams at once; default 400
	Control float64 // SETTINGS, PRIORITY, empty DATA and unknown frames at once; default 200
	// Cut, where set, is told why a connection is cut.
	Cut func(peer net.Addr, reason string)
}

func (b Budget) withDefaults() Budget {
	or := func(v *float64, otherwise float64) {
		if *v == 0 {
			*v = otherwise
		}
	}
	or(&b.Resets, mostResets)
	or(&b.Control, 200)
	return b
}

// shortLived is how soon after its opening the reset of a stream is suspicious. A client whose deadline passes, or that has its
// answer from elsewhere, is slower.
const shortLived = 50 * time.Millisecond

// mostResets is more than a connection has calls open at once (256): when the process was held up for so long that the deadlines of all of them
// have passed, their openings and resets are read in one moment, and that isn't an attack.
const mostResets = 400

// How many of the newest streams are remembered, powers of two: at first, as most connections have few calls at once, and at most.
const (
	recentAtFirst = 16
	recentAtMost  = 512
)

// spending is what the peer of a connection has asked for. It belongs to the goroutine that reads.
type spending struct {
	resets, control conn.Bucket
	opened          []opening // by the stream's number
	start           time.Time
	broken          bool // more resets were caused than may be
}

// opening is when a stream was opened, in milliseconds of the connection.
type opening struct{ stream, at uint32 }

func newSpending(b Budget) spending {
	return spending{
		opened: make([]opening, recentAtFirst), start: time.Now(),
		resets: conn.Bucket{Most: b.Resets}, control: conn.Bucket{Most: b.Control},
	}
}

// see counts a frame and returns why the connection is to be cut, if it is.
func (s *spending) see(h header) (reason string) {
	if s.broken {
		return "too many streams broke the protocol right after they were opened"
	}
	switch h.typ {
	case http2.FrameHeaders:
		s.open(opening{h.stream, s.now()})
	case http2.FrameRSTStream:
		if !s.reset(h.stream) {
			return "too many streams were reset right after they were opened"
		}
	case http2.FrameData:
		if h.length == 0 && !h.has(flagEndStream) && !s.control.Spend() {
			return "too many empty DATA frames"
		}
	case http2.FrameWindowUpdate, http2.FrameContinuation, http2.FrameGoAway, http2.FramePing:
	case http2.FrameSettings:
		if !h.has(flagAck) && !s.control.Spend() {
			return "too many SETTINGS frames"
		}
	default:
		if !s.control.Spend() {
			return "too many frames without use"
		}
	}
	return ""
}

// reset counts the end of a stream, if it is young, and reports whether there may be as many.
func (s *spending) reset(stream uint32) bool {
	o := s.slot(stream)
	return o.stream != stream || !s.young(*o) || s.resets.Spend()
}

// caused counts a reset by the server that the peer made necessary: its handler has begun, too.
func (s *spending) caused(stream uint32) { s.broken = s.broken || !s.reset(stream) }

func (s *spending) now() uint32 { return uint32(time.Since(s.start).Milliseconds()) }

// young reports whether a stream was opened so lately that its reset counts.
func (s *spending) young(o opening) bool { return s.now()-o.at < uint32(shortLived.Milliseconds()) }

func (s *spending) slot(stream uint32) *opening { return &s.opened[stream/2%uint32(len(s.opened))] }

// open remembers an opening. Where it would take the place of another that still matters there are more places from then on.
func (s *spending) open(o opening) {
	slot := s.slot(o.stream)
	for len(s.opened) < recentAtMost && slot.stream != 0 && s.young(*slot) {
		before := s.opened
		s.opened = make([]opening, 2*len(before))
		for _, old := range before {
			if old.stream != 0 {
				*s.slot(old.stream) = old
			}
		}
		slot = s.slot(o.stream)
	}
	*slot = o
}

// count counts a frame against the budget of the peer. The error ends the connection, and was told to the peer.
func (c *connection) count(h header) error {
	reason := c.spending.see(h)
	if reason == "" {
		return nil
	}
	if cut := c.server.options.Budget.Cut; cut != nil {
		cut(c.net.RemoteAddr(), reason)
	}
	c.hangUp(http2.ErrCodeEnhanceYourCalm, reason)
	return errHungUp
}

// giveWay lets calls that have begun be refused before the rest of their bodies is read, where calls are refused: what comes for a call that is
// over is dropped where it is, without the work of putting it together.
func (c *connection) giveWay() {
	if refusing := c.server.options.Refusing; c.began && refusing != nil && refusing() {
		runtime.Gosched()
	}
	c.began = false
}
