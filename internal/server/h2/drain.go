package h2

import (
	"time"

	"golang.org/x/net/http2"
)

// Pings that the server sends, by what for.
var (
	alivePing = [8]byte{'a', 'l', 'i', 'v', 'e', '?'}
	drainPing = [8]byte{'g', 'o', 'a', 'w', 'a', 'y'}
)

// drain takes no new calls. The peer is told so, and those that it began before it knew are served, too: which those are is clear when it
// answers a ping (RFC 9113, section 6.8), or after a while.
func (c *connection) drain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drainLocked()
}

func (c *connection) drainLocked() {
	if c.state != open {
		return
	}
	c.state = leaving
	b := c.out.room()
	*b = appendGoAway(*b, maxWindow, http2.ErrCodeNo, "")
	*b = appendPing(*b, 0, drainPing)
	c.setAlarm(c.server.options.DrainWait, c.drainSeen)
	c.flush()
}

// drainSeen ends the time in which calls are taken that were begun without knowing.
func (c *connection) drainSeen() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != leaving {
		return
	}
	c.state = left
	b := c.out.room()
	*b = appendGoAway(*b, c.served, http2.ErrCodeNo, "")
	c.keepAliveLocked()
	c.flush()
	c.maybeEnd()
}

// maybeEnd ends a connection that takes no more calls when the last has ended and all is written. It is called with the lock.
func (c *connection) maybeEnd() {
	if c.state == left && len(c.streams) == 0 && c.out.pending == nil && !c.out.writing {
		c.state = lingering
		c.out.fail()
		go c.part()
	}
}

// part ends what is written, and lets the reader go on until the peer has ended its side, too, or for a moment: a close with unread bytes would
// destroy what was said last.
func (c *connection) part() {
	_ = c.net.SetDeadline(time.Now().Add(patience)) // where it fails the next read does, too
	if !c.net.CloseWrite() {
		c.close()
	}
}

// answered takes the answer to a ping.
func (c *connection) answered(data [8]byte) {
	switch data {
	case alivePing:
		c.mu.Lock()
		defer c.mu.Unlock()
		c.asked = false
	case drainPing:
		c.drainSeen()
	}
}

// keepAlive watches over the connection from now on.
func (c *connection) keepAlive() {
	c.heard.Store(time.Now().UnixNano())
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state < lingering {
		_ = c.net.SetDeadline(time.Time{}) // that of the handshake; where it fails reading does, too
	}
	if c.state == open { // else the alarm is for the end of its draining
		c.keepAliveLocked()
	}
}

func (c *connection) keepAliveLocked() { c.setAlarm(c.untilPing(time.Now()), c.watch) }

// setAlarm has f called after a time, and nothing else. It is called with the lock.
func (c *connection) setAlarm(d time.Duration, f func()) {
	if c.alarm != nil {
		c.alarm.Stop()
	}
	if c.state != closed {
		c.alarm = time.AfterFunc(d, f)
	}
}

// untilPing is how long the connection may still be silent, or young.
func (c *connection) untilPing(now time.Time) time.Duration {
	d := time.Unix(0, c.heard.Load()).Add(c.server.options.PingInterval).Sub(now)
	if !c.old.IsZero() && c.state == open {
		d = min(d, c.old.Sub(now))
	}
	return max(d, 0)
}

// watch asks a connection that is silent whether the peer is there, closes one that doesn't answer, and drains one that is old.
func (c *connection) watch() {
	if c.look() {
		c.close()
	}
}

func (c *connection) look() (dead bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now, o := time.Now(), &c.server.options
	silent := now.Sub(time.Unix(0, c.heard.Load()))
	switch {
	case c.state == leaving: // meanwhile: the alarm is drainSeen's
	case c.state == open && !c.old.IsZero() && !now.Before(c.old):
		c.drainLocked()
	case silent < o.PingInterval:
		c.asked = false
		c.keepAliveLocked()
	case c.asked:
		return true
	default:
		c.asked = true
		b := c.out.room()
		*b = appendPing(*b, 0, alivePing)
		c.setAlarm(o.PingTimeout, c.watch)
		c.flush()
	}
	return false
}
