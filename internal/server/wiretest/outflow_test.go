package wiretest

import (
	"fmt"
	"testing"

	"golang.org/x/net/http2"
)

// received is how many bytes of DATA have come on streams once the server has done all it can. The referee sees that they are never too many.
func (c *client) received(streams ...uint32) (n int) {
	c.settle()
	for _, s := range streams {
		n += ask(c, func(b *inbox) int { return len(b.stream(s).data) })
	}
	return n
}

func initialWindow(n uint32) http2.Setting {
	return http2.Setting{ID: http2.SettingInitialWindowSize, Val: n}
}

// expect fails unless as many bytes have come.
func (c *client) expect(want int, when string, streams ...uint32) {
	c.t.Helper()
	if got := c.received(streams...); got != want {
		c.t.Errorf("%s: %d bytes came, want %d; %s", when, got, want, c.look())
	}
}

// What a stream's window allows is sent, to the byte; the rest waits.
func TestTheStreamsWindowIsKept(t *testing.T) {
	for _, window := range []uint32{0, 1, 4, 5, 6, 100, 16384, 16385, 65535} {
		t.Run(fmt.Sprint(window), func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				const n = 100_000
				c := r.greet(t, initialWindow(window))
				c.set(hoards)
				c.window(0, 1<<20)
				stream := c.call(executePath, c.echo(n))
				c.expect(int(window), "at first", stream)
				if shape := ask(c, func(b *inbox) string { return b.stream(stream).shape }); shape == "" || shape[0] != 'H' {
					t.Errorf("headers wait for the window: %q", shape)
				}
				want := int(window)
				for _, more := range []uint32{1, 2, 7, 1000, 20_000} {
					c.window(stream, more)
					want += int(more)
					c.expect(want, fmt.Sprintf("%d more", more), stream)
				}
				c.window(stream, 1<<20)
				c.echoed(c.answered(stream), n)
			})
		})
	}
}

// SETTINGS change the windows of streams that are open, to 0 and below, too.
func TestSettingsChangeTheWindowsOfOpenStreams(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		const n = 50_000
		c := r.greet(t, initialWindow(1000))
		c.set(hoards)
		stream := c.call(executePath, c.echo(n))
		c.expect(1000, "at first", stream)
		c.settings(initialWindow(0)) // the window is -1000
		c.settle()
		c.window(stream, 400)
		c.expect(1000, "at -600", stream)
		c.window(stream, 600)
		c.expect(1000, "at 0", stream)
		c.window(stream, 5)
		c.expect(1005, "at 5", stream)
		c.settings(initialWindow(300))
		c.expect(1305, "300 more for all", stream)
		c.settings(initialWindow(10)) // -290
		c.settings(initialWindow(310))
		c.expect(1315, "down and up", stream)
		c.settings(initialWindow(0))
		other := c.call(executePath, c.echo(n))
		c.expect(0, "a new stream", other)
		c.settings(initialWindow(60_000))
		c.expect(65535, "all of the connection's window", stream, other)
		c.window(0, 1<<20)
		for _, s := range []uint32{stream, other} {
			c.window(s, 1<<20)
			c.echoed(c.answered(s), n)
		}
	})
}

// The window of the connection is that of all streams together.
func TestTheConnectionsWindowIsKept(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		const n = 60_000
		c := r.greet(t, initialWindow(1<<20))
		c.set(hoards)
		streams := []uint32{c.call(executePath, c.echo(n)), c.call(executePath, c.echo(n)), c.call(executePath, c.echo(n))}
		want := defaultWindow
		c.expect(want, "at first", streams...)
		for _, more := range []uint32{1, 10, 100, 30_000} {
			c.window(0, more)
			want += int(more)
			c.expect(want, fmt.Sprintf("%d more", more), streams...)
		}
		refused := c.open(unknownPath) // headers take none of it
		if got := c.statusOf(refused); got != "12" {
			t.Errorf("a refusal while the window is used up: %s", got)
		}
		c.window(0, 1<<20)
		for _, s := range streams {
			c.echoed(c.answered(s), n)
		}
	})
}

// A stream whose window is used up keeps no other from its own.
func TestAStreamThatWaitsKeepsNoneBack(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		const n = 20_000
		c := r.greet(t, initialWindow(0))
		c.set(hoards)
		c.window(0, 1<<20)
		var waiting []uint32
		for range 20 {
			waiting = append(waiting, c.call(executePath, c.echo(n)))
		}
		c.expect(0, "without a window", waiting...)
		served := c.call(executePath, c.echo(n))
		c.window(served, 1<<20)
		c.echoed(c.answered(served), n)
		for _, s := range waiting[1:] { // given up, they use nothing of the windows
			c.reset(s, http2.ErrCodeCancel)
		}
		c.expect(0, "given up", waiting...)
		if calls := r.server.InFlight(); len(calls) > 1 { // one may still wait to be written
			t.Errorf("%d are in flight", len(calls))
		}
		c.window(waiting[0], 1<<20)
		c.echoed(c.answered(waiting[0]), n)
	})
}

// Of a stream that was reset, by either side, nothing more comes, whatever of its answer waited; the referee sees to that. Others get the windows.
func TestAStreamThatIsResetSendsNoMore(t *testing.T) {
	for name, end := range map[string]func(c *client, s uint32){
		"by the client": func(c *client, s uint32) { c.reset(s, http2.ErrCodeCancel) },
		"by the server": func(c *client, s uint32) { c.frame(http2.FrameWindowUpdate, 0, s, make([]byte, 4)) },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				const n = 60_000
				c := r.greet(t, initialWindow(1<<20))
				c.set(hoards)
				streams := []uint32{c.call(executePath, c.echo(n)), c.call(executePath, c.echo(n)), c.call(executePath, c.echo(n))}
				c.expect(defaultWindow, "at first", streams...)
				end(c, streams[0])
				end(c, streams[2])
				c.settle()
				c.set(func(c *client) { c.referee.stream(streams[0]).ended, c.referee.stream(streams[2]).ended = true, true })
				c.window(0, 1<<20)
				c.echoed(c.answered(streams[1]), n)
				c.works()
			})
		})
	}
}

// Windows above 2^31-1 are an error of whose they are.
func TestWindowsThatOverflow(t *testing.T) {
	const most = 1<<31 - 1
	flow := []fate{"cut FLOW_CONTROL_ERROR"}
	judge(t, []deed{
		{"the largest", held(func(c *client, s uint32) { c.window(0, most-defaultWindow); c.window(s, most-defaultWindow) }), []fate{"open"}, nil},
		{"the connection's by one", func(c *client) uint32 { c.window(0, most-defaultWindow); c.window(0, 1); return 0 }, flow, goesOn},
		{"a stream's by one", held(func(c *client, s uint32) { c.window(s, most-defaultWindow); c.window(s, 1) }), streamError("FLOW_CONTROL_ERROR"), goesOn},
		{"a stream's by SETTINGS", held(func(c *client, s uint32) { c.window(s, 1<<30); c.settings(initialWindow(1 << 30)) }), flow, goesOn},
	})
}
