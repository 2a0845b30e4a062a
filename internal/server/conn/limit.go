// Package conn guards the connections of a server before anything of a call is known: how many there are, and what their
// HTTP/2 frames cost. It knows nothing of calls.
package conn

import (
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Limit bounds the connections of all listeners that share it. Max may be changed at any time; connections above it stay.
type Limit struct {
	Max atomic.Int64 // 0: no bound
	// TLS is what the listeners speak, nil for none: a connection that is one too many is told why in it.
	TLS *tls.Config
	// Refused, where set, is told the address of each connection that was one too many.
	Refused func(peer net.Addr)

	open atomic.Int64

	mu         sync.Mutex
	goodbyes   int    // being said
	handshakes Bucket // for the sake of a goodbye
}

// Open returns how many connections are open.
func (l *Limit) Open() int64 { return l.open.Load() }

// Listener returns a listener whose connections count for the limit.
func (l *Limit) Listener(inner net.Listener) net.Listener { return limited{inner, l} }

type limited struct {
	net.Listener
	limit *Limit
}

// Accept returns the next connection that is within the limit.
func (l limited) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if most := l.limit.Max.Load(); l.limit.open.Add(1) <= most || most <= 0 {
			return Counted(c, func() { l.limit.open.Add(-1) }), nil
		}
		l.limit.open.Add(-1)
		l.limit.refuse(c)
	}
}

// Counted returns a connection that calls closed when it is closed, once.
func Counted(c net.Conn, closed func()) net.Conn { return &counted{c, sync.OnceFunc(closed)} }

type counted struct {
	net.Conn
	closed func()
}

// Wrapped is the connection itself.
func (c *counted) Wrapped() net.Conn { return c.Conn }

// Close closes the connection, and tells so.
func (c *counted) Close() error {
	c.closed()
	return c.Conn.Close()
}

// Bounds on the connections that are told why they are refused; further ones are just closed. A handshake of TLS costs about what a small
// call does, which is what the limit is there to save: 20 at once and 10 a second are told, whatever comes.
const (
	mostGoodbyes   = 64
	mostHandshakes = 20
)

// refuse tells the peer that there are too many connections and closes this one, without keeping Accept waiting.
func (l *Limit) refuse(c net.Conn) {
	if l.Refused != nil {
		l.Refused(c.RemoteAddr())
	}
	if !l.begin() {
		_ = c.Close() // nothing was asked of it
		return
	}
	go func() {
		defer l.end()
		if l.TLS != nil {
			c = tls.Server(c, l.TLS)
		}
		sayGoodbye(c, fmt.Sprintf("too many connections: the limit is %d", l.Max.Load()))
	}()
}

// begin reports whether another goodbye may be said.
func (l *Limit) begin() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.goodbyes >= mostGoodbyes {
		return false
	}
	if l.TLS != nil {
		l.handshakes.Most = mostHandshakes
		if !l.handshakes.Spend() {
			l.handshakes.spent-- // those that are turned away don't keep later ones from being told
			return false
		}
	}
	l.goodbyes++
	return true
}

func (l *Limit) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.goodbyes--
}

// Frames of HTTP/2.
const (
	frameHeader          = 9
	enhanceYourCalm      = 0xb
	goAwayFixed          = 8
	typeSettings    byte = 0x4
	typeGoAway      byte = 0x7
)

// goodbye is what a server says that takes no connection: empty settings and GOAWAY. A gRPC client makes UNAVAILABLE of it,
// with the text, and tries again.
func goodbye(text string) []byte {
	out := []byte{0, 0, 0, typeSettings, 0, 0, 0, 0, 0}
	n := goAwayFixed + len(text)
	out = append(out, byte(n>>16), byte(n>>8), byte(n), typeGoAway, 0, 0, 0, 0, 0)
	out = binary.BigEndian.AppendUint32(out, 0) // no stream was served
	out = binary.BigEndian.AppendUint32(out, enhanceYourCalm)
	return append(out, text...)
}

// sayGoodbye has a second for all of it, the handshake too. It closes the connection only when the peer has had its say, because a close with unread bytes resets the connection
// and destroys the goodbye on its way.
func sayGoodbye(c net.Conn, text string) {
	const patience, most = time.Second, 64 << 10
	_ = c.SetDeadline(time.Now().Add(patience))
	if _, err := c.Write(goodbye(text)); err == nil {
		if half, ok := c.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite()
		}
		_, _ = io.CopyN(io.Discard, c, most) // until the peer closes, the patience or the bound ends
	}
	_ = c.Close()
}
