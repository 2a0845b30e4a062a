package wiretest

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"github.com/remotemedia/remotemedia-go/internal/server"
)

// endAfter waits until a connection is ended and tells how long that took.
func (c *client) endAfter(most time.Duration) time.Duration {
	c.t.Helper()
	began := time.Now()
	for time.Since(began) < most {
		c.settle()
		if ask(c, func(b *inbox) bool { return b.ended != nil }) {
			return time.Since(began)
		}
		time.Sleep(100 * time.Millisecond)
	}
	c.t.Fatalf("the connection goes on after %v; %s", most, c.look())
	return 0
}

// A peer of which nothing is heard is asked, and let go when it doesn't answer.
func TestASilentPeerIsCut(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		c := r.greet(t)
		stream := c.call(watchPath, nil)
		c.settle()
		c.set(silent)
		time.Sleep(29 * time.Second)
		c.settle()
		if n := ask(c, func(b *inbox) int { return len(b.pings) }); n > 0 {
			t.Errorf("%d pings within 30 s", n)
		}
		if took := c.endAfter(2 * time.Minute); took < 10*time.Second || took > 42*time.Second {
			t.Errorf("it was let go %v after 29 s", took)
		}
		if n := ask(c, func(b *inbox) int { return len(b.pings) }); n == 0 {
			t.Error("it was never asked")
		}
		if n := len(r.server.InFlight()); n > 0 {
			t.Errorf("stream %d: %d calls are in flight", stream, n)
		}
	})
}

// A peer that answers is kept as long as it likes, and so is one that just says something.
func TestAPeerThatAnswersIsKept(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		c := r.greet(t)
		time.Sleep(20 * time.Minute)
		c.settle()
		if n := ask(c, func(b *inbox) int { return len(b.pings) }); n < 15 || n > 40 {
			t.Errorf("%d pings in 20 minutes of silence", n)
		}
		c.works()
		c.set(silent)
		for range 100 {
			time.Sleep(5 * time.Second)
			c.window(0, 1)
		}
		c.works()
	}, func(o *server.Options) { o.Transport.MaxAge = -1 })
}

// A connection that has its age is told so; its calls aren't cut.
func TestTheAgeOfAConnection(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		c, idle := r.greet(t), r.greet(t)
		stream := c.call(watchPath, nil)
		time.Sleep(9*time.Minute - time.Second)
		c.settle()
		if away := ask(c, func(b *inbox) []goAway { return b.away }); len(away) > 0 {
			t.Errorf("before its age: %+v", away)
		}
		c.works()
		time.Sleep(2*time.Minute + 2*time.Second)
		if away := c.awaitAway(); away.code != http2.ErrCodeNo {
			t.Errorf("it said %+v", away)
		}
		idle.endAfter(2 * time.Second)
		time.Sleep(3 * time.Hour)
		if got := c.fate(stream); got != "open" {
			t.Fatalf("the call in flight: %s", got)
		}
		before := c.received(stream)
		r.server.NotReady()
		if c.received(stream) <= before {
			t.Error("the call in flight gets nothing more")
		}
		if got := c.fate(c.call(versionPath, nil)); got != "open" && got != "reset REFUSED_STREAM" {
			t.Errorf("a new call: %s", got)
		}
		c.reset(stream, http2.ErrCodeCancel)
		c.endAfter(2 * time.Second)
		r.greet(t).works()
	}, func(o *server.Options) { o.Transport.MaxAge = 10 * time.Minute })
}

func TestNoAge(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		c := r.greet(t)
		time.Sleep(100 * time.Hour)
		c.works()
		if away := ask(c, func(b *inbox) []goAway { return b.away }); len(away) > 0 {
			t.Errorf("it said %+v", away)
		}
	}, func(o *server.Options) { o.Transport.MaxAge = -1 })
}

// Pings without need are answered by GOAWAY once there are too many; seldom ones, and those beside answers, are welcome.
func TestTooManyPings(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		c := r.greet(t)
		for range 30 {
			time.Sleep(10*time.Second + time.Millisecond)
			c.ping("seldom")
		}
		for range 50 {
			c.works()
			c.ping("beside")
		}
		for range 10 {
			c.frames(func(w *http2.Framer) { _ = w.WritePing(false, [8]byte{}) })
		}
		c.endAfter(2 * time.Second)
		away := ask(c, func(b *inbox) []goAway { return b.away })
		if len(away) != 1 || away[0].code != http2.ErrCodeEnhanceYourCalm || away[0].text != "too_many_pings" {
			t.Errorf("it said %+v", away)
		}
		r.greet(t).works()
	})
}

// Where pings aren't bounded they may come as often as a peer likes.
func TestPingsWithoutBound(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		c := r.greet(t)
		for range 100 {
			c.frames(func(w *http2.Framer) { _ = w.WritePing(false, [8]byte{}) })
		}
		// grpc-go (1.85) takes no interval at all for its own of 5 minutes.
		if got := c.fate(1); !allowed(got, []fate{"open"}, []fate{"cut ENHANCE_YOUR_CALM"}) {
			t.Errorf("%s; %s", got, c.look())
		}
	}, func(o *server.Options) { o.Transport.MinClientPing = -1 })
}

// What costs a server more than its peer is bounded.
func TestFloodsAreCut(t *testing.T) {
	const many = 2000
	for name, one := range map[string]func(c *client){
		"streams given up": func(c *client) { c.reset(c.open(versionPath), http2.ErrCodeCancel) },
		"settings":         func(c *client) { c.settings() },
		"priority":         func(c *client) { c.frame(http2.FramePriority, 0, 1, []byte{0, 0, 0, 3, 7}) },
		"unknown frames":   func(c *client) { c.frame(0x77, 0, 0, []byte("abc")) },
		"pings":            func(c *client) { c.frame(http2.FramePing, 0, 0, make([]byte, 8)) },
		"empty data": func(c *client) {
			if c.next == 1 {
				c.open(versionPath)
			}
			c.data(1, nil, false)
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				c := r.greet(t)
				for range many {
					one(c)
				}
				c.endAfter(2 * time.Second)
				if strict && !strings.Contains(c.look(), "ENHANCE_YOUR_CALM") {
					t.Errorf("it was cut without a word: %s", c.look())
				}
				r.greet(t).works()
			})
		})
	}
}

// A peer that has the server reset its streams, which doesn't count as giving them up, has no more calls in flight than it may.
func TestStreamsThatTheServerIsMadeToReset(t *testing.T) {
	for name, mistake := range map[string]func(c *client, s uint32){
		"a window by nothing":   func(c *client, s uint32) { c.frame(http2.FrameWindowUpdate, 0, s, make([]byte, 4)) },
		"data after the end":    func(c *client, s uint32) { c.data(s, []byte{1}, false) },
		"priority on itself":    func(c *client, s uint32) { c.frame(http2.FramePriority, 0, s, []byte{0, 0, byte(s >> 8), byte(s), 1}) },
		"a window that is over": func(c *client, s uint32) { c.window(s, 1<<31-1) },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				const many, most = 1000, 20
				c := r.greet(t)
				for range many {
					mistake(c, c.call(executePath, c.hold()))
				}
				c.settle()
				if n := len(r.server.InFlight()); n > most || holding.Load() > most {
					t.Errorf("%d calls are in flight, %d in nodes", n, holding.Load())
				}
				r.greet(t).works()
			}, maxCalls(20))
		})
	}
}
