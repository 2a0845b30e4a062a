package h2

import "golang.org/x/net/http2"

// Calls that are refused by their headers have sent as much of their body as a stream's window allows before they know it. Where many are, on a
// connection, each is let send little until its body is asked for: whoever refuses it reads that much less, and a call that is let in waits
// for a round trip more. A peer that was told so by SETTINGS says when it goes by them.

const (
	// littleWindow is what a call may send unasked where most are refused.
	littleWindow = 16 << 10
	// Of the calls lately, the shares whose body nobody asked for above and below which the window is made little and full again.
	mostUnasked, fewUnasked = 0.5, 0.125
	// unaskedCalls is of how many calls the share is a mean, about.
	unaskedCalls = 16
)

// initial is the window that streams of a connection begin with. It is guarded by the connection's lock.
type initial struct {
	window  int     // that the peer may go by at the most
	told    int     // last
	pending []int   // that were told and not yet acknowledged
	unasked float64 // the share of calls whose body nobody asked for
}

// tell changes the window. It is called with the lock.
func (c *connection) tellInitial(window int) {
	w := &c.initial
	w.told = window
	w.pending = append(w.pending, window)
	c.widest()
}

// acknowledged is called when the peer goes by the settings that it was told first of those that it hadn't acknowledged.
func (c *connection) acknowledged() {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := &c.initial
	if len(w.pending) <= 1 { // the last stays: it is what the peer goes by
		return
	}
	w.pending = append(w.pending[:0], w.pending[1:]...)
	c.widest()
}

// widest finds what the peer may go by, and moves the windows of all open streams with it (RFC 9113, section 6.9.2).
func (c *connection) widest() {
	w := &c.initial
	most := 0
	for _, told := range w.pending {
		most = max(most, told)
	}
	by := most - w.window
	w.window = most
	if by == 0 {
		return
	}
	for _, s := range c.streams {
		if n := s.inbox.shift(s, by); n > 0 {
			b := c.out.room()
			*b = appendWindow(*b, s.id, n)
		}
	}
}

// adapt takes note of a call that ends, and makes the window little or full. It is called with the lock.
func (c *connection) adapt(asked bool) {
	w, full := &c.initial, c.server.options.StreamWindow
	share := 0.0
	if !asked {
		share = 1
	}
	w.unasked += (share - w.unasked) / unaskedCalls
	window := w.told
	switch {
	case w.unasked > mostUnasked:
		window = min(littleWindow, full)
	case w.unasked < fewUnasked:
		window = full
	}
	const most = 4 // changes that the peer hasn't acknowledged
	if window == w.told || len(w.pending) > most {
		return
	}
	b := c.out.room()
	*b = appendSettings(*b, http2.Setting{ID: http2.SettingInitialWindowSize, Val: uint32(window)})
	c.tellInitial(window)
}
