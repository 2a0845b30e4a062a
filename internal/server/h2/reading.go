package h2

import (
	"time"

	"golang.org/x/net/http2"
)

// frame reads the next frame. Its payload is valid until the next is read.
func (c *connection) frame() (header, []byte, error) {
	if c.in.buffered() < frameHeader {
		c.aboutToWait()
	}
	p, err := c.in.next(frameHeader)
	if err != nil {
		return header{}, nil, err
	}
	h := parseHeader(p)
	if h.length > maxFrame {
		return h, nil, http2.ConnectionError(http2.ErrCodeFrameSize)
	}
	if c.in.buffered() < h.length {
		c.aboutToWait()
	}
	p, err = c.in.next(h.length)
	c.heard.Store(time.Now().UnixNano())
	return h, p, err
}

// aboutToWait writes what the frames that were read asked for.
func (c *connection) aboutToWait() {
	c.giveWay()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flush()
	c.makeRoom()
}

// read handles frames until one is an error.
func (c *connection) read() error {
	for {
		h, p, err := c.frame()
		if err != nil {
			return err
		}
		if c.request.more && (h.typ != http2.FrameContinuation || h.stream != c.request.stream) {
			return http2.ConnectionError(http2.ErrCodeProtocol)
		}
		if err := c.count(h); err != nil {
			return err
		}
		if err := c.handle(h, p); err != nil {
			return err
		}
	}
}

func (c *connection) handle(h header, p []byte) error {
	switch h.typ {
	case http2.FrameData:
		return c.data(h, p)
	case http2.FrameHeaders:
		return c.headers(h, p)
	case http2.FrameContinuation:
		if !c.request.more {
			return http2.ConnectionError(http2.ErrCodeProtocol)
		}
		return c.headerBlock(p, h.has(flagEndHeaders))
	case http2.FrameRSTStream:
		return c.reset(h, p)
	case http2.FrameSettings:
		return c.settings(h, p)
	case http2.FramePing:
		return c.ping(h, p)
	case http2.FrameWindowUpdate:
		return c.windowUpdate(h, p)
	case http2.FrameGoAway:
		if h.stream != 0 {
			return http2.ConnectionError(http2.ErrCodeProtocol)
		}
		if len(p) < 8 {
			return http2.ConnectionError(http2.ErrCodeFrameSize)
		}
	case http2.FramePriority:
		if h.stream == 0 {
			return http2.ConnectionError(http2.ErrCodeProtocol)
		}
		if len(p) != 5 {
			return http2.ConnectionError(http2.ErrCodeFrameSize)
		}
	case http2.FramePushPromise:
		return http2.ConnectionError(http2.ErrCodeProtocol)
	}
	return nil // frames of unknown types are ignored
}

// data takes a part of a call's messages.
func (c *connection) data(h header, p []byte) error {
	if h.stream == 0 {
		return http2.ConnectionError(http2.ErrCodeProtocol)
	}
	if c.window -= len(p); c.window < 0 {
		return http2.ConnectionError(http2.ErrCodeFlowControl)
	}
	content, err := h.unpad(p)
	if err != nil {
		return err
	}
	c.mu.Lock()
	st, ok := c.streams[h.stream]
	idle := !ok && c.idle(h.stream)
	c.giveBack(len(p))
	c.mu.Unlock()
	switch {
	case idle:
		return http2.ConnectionError(http2.ErrCodeProtocol)
	case ok:
		st.take(content, len(p), h.has(flagEndStream))
	}
	return nil // what comes for a call that is over is dropped
}

// giveBack lets the peer send as much again as was read, when that is a good part of the window. It is called with the lock.
func (c *connection) giveBack(n int) {
	const part = 4
	if c.untold += n; c.untold < c.server.options.ConnectionWindow/part {
		return
	}
	b := c.out.room()
	*b = appendWindow(*b, 0, c.untold)
	c.window += c.untold
	c.untold = 0
}
