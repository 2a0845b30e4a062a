package wiretest

import (
	"slices"
	"testing"

	"golang.org/x/net/http2"

	"github.com/remotemedia/remotemedia-go/internal/server"
)

// initialNow is the window that the server last let streams begin with.
func initialNow(b *inbox) int {
	for _, s := range slices.Backward(b.settings) {
		if s.ID == http2.SettingInitialWindowSize {
			return int(s.Val)
		}
	}
	return defaultWindow
}

// TestRel3_CallsAreLetSendLittleWhereMostAreRefused: on a connection whose calls are refused by their headers the bodies stay with the client, those of
// calls that are let in arrive whole, also one that had begun before, and when calls are let in again it is as it was.
func TestRel3_CallsAreLetSendLittleWhereMostAreRefused(t *testing.T) {
	const little, full, calls = 16 << 10, 256 << 10, 100
	body := make([]byte, 100_000)
	inBubble(t, func(t *testing.T, r *rig) {
		c := r.greet(t)
		c.settle() // the windows are told
		whole := message(c.echo(300_000))
		begun := c.open(executePath)
		c.data(begun, whole[:maxFrameLength], false)
		refuse := func() (sent int) {
			before := ask(c, func(b *inbox) int { return b.sent })
			stream := c.open(unknownPath)
			for room := true; room && len(body) > 0; { // as much as a client sends that doesn't read
				n := min(ask(c, func(b *inbox) int { return b.room(stream) }), maxFrameLength, len(body)-(ask(c, func(b *inbox) int { return b.sent })-before))
				if room = n > 0; room {
					c.data(stream, body[:n], false)
				}
			}
			if got := c.statusOf(stream); got != "12" {
				t.Errorf("status %s of a call that is refused", got)
			}
			return ask(c, func(b *inbox) int { return b.sent }) - before
		}
		if n := refuse(); n != len(body) {
			t.Errorf("at first a call sends %d bytes, want all %d", n, len(body))
		}
		for range calls {
			refuse()
		}
		if n, w := refuse(), ask(c, initialNow); n > little || w != little {
			t.Errorf("after %d refusals a call sends %d bytes, and streams begin with %d, want %d", calls, n, w, little)
		}
		c.send(begun, whole[maxFrameLength:], true)
		c.echoed(c.answered(begun), 300_000)
		for range calls {
			c.echoed(c.answered(c.call(executePath, c.echo(30_000))), 30_000)
		}
		if w := ask(c, initialNow); w != full {
			t.Errorf("when %d calls were let in streams begin with %d bytes, want %d", calls, w, full)
		}
		c.echoed(c.answered(c.call(executePath, c.echo(300_000))), 300_000)
	})
}

// TestStreamsBeginWithTheWindowThatWasSet, also where it is less than the little one.
func TestStreamsBeginWithTheWindowThatWasSet(t *testing.T) {
	for _, window := range []int32{8 << 10, 64 << 10, 1 << 20} {
		inBubble(t, func(t *testing.T, r *rig) {
			c := r.greet(t)
			for range 100 {
				c.statusOf(c.open(unknownPath))
			}
			if w := ask(c, initialNow); w != int(min(window, 16<<10)) {
				t.Errorf("window %d: streams begin with %d where calls are refused", window, w)
			}
			c.echoed(c.answered(c.call(executePath, c.echo(300_000))), 300_000)
		}, func(o *server.Options) { o.Transport.StreamWindow = window })
	}
}
