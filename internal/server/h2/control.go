package h2

import (
	"encoding/binary"
	"time"

	"golang.org/x/net/http2"
)

// settings takes those of the peer.
func (c *connection) settings(h header, p []byte) error {
	const each, most = 6, 64 // a change of the windows goes through all streams
	if h.stream != 0 {
		return http2.ConnectionError(http2.ErrCodeProtocol)
	}
	if h.has(flagAck) && len(p) > 0 || len(p)%each != 0 {
		return http2.ConnectionError(http2.ErrCodeFrameSize)
	}
	if h.has(flagAck) {
		c.acknowledged()
		return nil
	}
	if len(p) > most*each {
		return http2.ConnectionError(http2.ErrCodeEnhanceYourCalm)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for ; len(p) > 0; p = p[each:] {
		s := http2.Setting{ID: http2.SettingID(binary.BigEndian.Uint16(p)), Val: binary.BigEndian.Uint32(p[2:])}
		if err := s.Valid(); err != nil {
			return err
		}
		if err := c.setting(s); err != nil {
			return err
		}
	}
	b := c.out.room()
	*b = appendHeader(*b, 0, http2.FrameSettings, flagAck, 0)
	return nil
}

// setting takes one. It is called with the lock.
func (c *connection) setting(s http2.Setting) error {
	switch s.ID {
	case http2.SettingHeaderTableSize:
		c.resized = true
	case http2.SettingInitialWindowSize:
		by := int(s.Val) - c.peer.initial
		c.peer.initial = int(s.Val)
		for _, st := range c.streams {
			if st.allowed += by; st.allowed > maxWindow {
				return http2.ConnectionError(http2.ErrCodeFlowControl)
			}
			st.writable.wake()
		}
	case http2.SettingMaxFrameSize:
		c.peer.frame = min(int(s.Val), outputRoom)
	case http2.SettingMaxHeaderListSize:
		c.peer.list = int(min(s.Val, maxWindow))
	}
	return nil
}

// ping answers one, and counts those that come without need: as grpc does, the first two are forgiven.
func (c *connection) ping(h header, p []byte) error {
	if h.stream != 0 {
		return http2.ConnectionError(http2.ErrCodeProtocol)
	}
	if len(p) != 8 {
		return http2.ConnectionError(http2.ErrCodeFrameSize)
	}
	if h.has(flagAck) {
		c.answered([8]byte(p))
		return nil
	}
	c.mu.Lock()
	b := c.out.room()
	*b = appendPing(*b, flagAck, [8]byte(p))
	c.mu.Unlock()
	const forgiven = 2
	now := time.Now()
	switch early := now.Sub(c.lastPing) < c.server.options.MinClientPing; {
	case c.spoken.Swap(false):
		c.strikes = 0
	case early:
		c.strikes++
	}
	c.lastPing = now
	if c.strikes > forgiven {
		c.hangUp(http2.ErrCodeEnhanceYourCalm, "too_many_pings")
		return errHungUp
	}
	return nil
}

func (c *connection) windowUpdate(h header, p []byte) error {
	if len(p) != 4 {
		return http2.ConnectionError(http2.ErrCodeFrameSize)
	}
	by := int(binary.BigEndian.Uint32(p) & maxWindow)
	if h.stream == 0 {
		return c.widen(by)
	}
	c.mu.Lock()
	st, ok := c.streams[h.stream]
	idle := !ok && c.idle(h.stream)
	wide := false
	if ok {
		st.allowed += by
		wide = st.allowed > maxWindow
		st.writable.wake()
	}
	c.mu.Unlock()
	switch {
	case idle:
		return http2.ConnectionError(http2.ErrCodeProtocol)
	case ok && by == 0:
		c.kill(st, http2.ErrCodeProtocol)
	case ok && wide:
		c.kill(st, http2.ErrCodeFlowControl)
	}
	return nil
}

// widen adds to the window of the connection.
func (c *connection) widen(by int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.peer.window += by; by == 0 {
		return http2.ConnectionError(http2.ErrCodeProtocol)
	}
	if c.peer.window > maxWindow {
		return http2.ConnectionError(http2.ErrCodeFlowControl)
	}
	c.out.wakeSenders()
	return nil
}

// idle reports whether a stream wasn't opened yet. It is called with the lock.
func (c *connection) idle(stream uint32) bool { return stream > c.last || stream%2 == 0 }

func (c *connection) reset(h header, p []byte) error {
	if len(p) != 4 {
		return http2.ConnectionError(http2.ErrCodeFrameSize)
	}
	c.mu.Lock()
	if h.stream == 0 || c.idle(h.stream) {
		c.mu.Unlock()
		return http2.ConnectionError(http2.ErrCodeProtocol)
	}
	st, ok := c.streams[h.stream]
	if ok {
		c.forget(st)
	}
	c.mu.Unlock()
	if ok {
		st.abort()
	}
	return nil
}
