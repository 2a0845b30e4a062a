package h2

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"

	"github.com/remotemedia/remotemedia-go/internal/server/conn"
)

// errHungUp ends the reading of a connection whose peer was told why it ends.
var errHungUp = errors.New("the peer was told why")

// connection is one of a peer. Its goroutine reads; see the package's comment.
type connection struct {
	server *Server
	net    *conn.Socket
	base   context.Context // with the peer

	// The reader's own.
	in       input
	decoder  *hpack.Decoder
	request  request
	untold   int // bytes read and not yet given back to the connection's window
	window   int // bytes that the peer may send on the connection
	spending spending
	began    bool // a call has, since more was read
	strikes  int  // pings that came without need
	lastPing time.Time

	heard  atomic.Int64 // when something was read last, in nanoseconds of the clock
	spoken atomic.Bool  // since the last ping of the peer something of a call was sent

	mu      sync.Mutex
	streams map[uint32]*stream
	running int    // handlers
	last    uint32 // the newest stream of the peer
	served  uint32 // the newest that was looked at
	out     output
	initial initial
	peer    peerLimits
	resized bool // the peer's table of header fields was, and the next block must say that it isn't used
	state   connState
	alarm   *time.Timer
	asked   bool // by a ping that hasn't been answered
	old     time.Time
}

// peerLimits are what the peer allows.
type peerLimits struct {
	window  int // bytes on the connection
	initial int // bytes on a new stream
	frame   int // bytes of a frame's payload
	list    int // bytes of a header list
}

type connState uint8

const (
	open      connState = iota
	leaving             // the peer was told that no more calls are taken, and may not have seen it
	left                // it has, and those in flight go on
	lingering           // all is said; what comes isn't read
	closed
)

func newConn(s *Server, n net.Conn, info credentials.AuthInfo) *connection {
	o := &s.options
	c := &connection{
		server: s, net: conn.NewSocket(n), spending: newSpending(o.Budget), streams: make(map[uint32]*stream), window: max(o.ConnectionWindow, defaultWindow),
		peer: peerLimits{window: defaultWindow, initial: defaultWindow, frame: maxFrame, list: maxWindow},
		base: peer.NewContext(context.Background(), &peer.Peer{Addr: conn.Named(n.RemoteAddr()), LocalAddr: n.LocalAddr(), AuthInfo: info}),
	}
	c.in = input{conn: c.net, pool: o.Pool}
	c.out.changed.L = &c.mu
	c.decoder = hpack.NewDecoder(tableSize, c.request.field)
	c.decoder.SetMaxStringLength(2 * o.MaxHeaderBytes) // the rest of what is too long is refused call by call
	if o.MaxAge < 1<<62 {
		c.old = time.Now().Add(jitter(o.MaxAge))
	}
	return c
}

const (
	defaultWindow = 65_535
	tableSize     = 4096 // of HPACK
)

// jitter is a duration, give or take a tenth, so that connections that began together don't end together.
func jitter(d time.Duration) time.Duration {
	const part = 10
	return d + time.Duration((2*rand.Float64()-1)*float64(d/part))
}

// serve reads until the connection ends.
func (c *connection) serve() {
	defer c.in.release()
	err := c.preface()
	if err == nil {
		c.keepAlive()
		err = c.read()
	}
	if code, ok := errors.AsType[http2.ConnectionError](err); ok {
		c.hangUp(http2.ErrCode(code), "")
	}
	c.close()
}

// greet sends the settings.
func (c *connection) greet() {
	o := &c.server.options
	c.mu.Lock()
	defer c.mu.Unlock()
	c.initial.window = defaultWindow
	c.initial.pending = append(c.initial.pending, defaultWindow) // until the peer has read the first settings
	c.tellInitial(o.StreamWindow)
	b := c.out.room()
	*b = appendSettings(*b,
		http2.Setting{ID: http2.SettingMaxFrameSize, Val: maxFrame},
		http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: uint32(o.MaxCalls)},
		http2.Setting{ID: http2.SettingInitialWindowSize, Val: uint32(o.StreamWindow)},
		http2.Setting{ID: http2.SettingMaxHeaderListSize, Val: uint32(o.MaxHeaderBytes)},
	)
	if more := o.ConnectionWindow - defaultWindow; more > 0 {
		*b = appendWindow(*b, 0, more)
	}
	c.flush()
}

// preface reads what a client sends first.
func (c *connection) preface() error {
	p, err := c.in.next(len(http2.ClientPreface))
	if err != nil {
		return err
	}
	if string(p) != http2.ClientPreface {
		return http2.ConnectionError(http2.ErrCodeProtocol)
	}
	h, p, err := c.frame()
	if err != nil {
		return err
	}
	if h.typ != http2.FrameSettings || h.has(flagAck) {
		return http2.ConnectionError(http2.ErrCodeProtocol)
	}
	return c.settings(h, p)
}

// patience is how long a peer may take to read the last that it is told.
const patience = time.Second

// hangUp says why the connection ends, and waits a moment for the peer to read it: a close with unread bytes would destroy what was said.
func (c *connection) hangUp(code http2.ErrCode, text string) {
	const most = 1 << 20 // bytes that are still read
	c.mu.Lock()
	if c.state >= lingering {
		c.mu.Unlock()
		return
	}
	c.state = lingering
	b := c.out.room()
	*b = appendGoAway(*b, c.served, code, text)
	c.flush()
	c.mu.Unlock()
	_ = c.net.SetDeadline(time.Now().Add(patience)) // where it fails the next read does, too
	c.abortAll()
	if c.drained() && c.net.CloseWrite() {
		_, _ = io.CopyN(io.Discard, c.net, most) // until the peer closes, the patience or the bound ends
	}
}

// close ends the connection and the calls of it.
func (c *connection) close() {
	c.mu.Lock()
	if c.state == closed {
		c.mu.Unlock()
		return
	}
	c.state = closed
	if c.alarm != nil {
		c.alarm.Stop()
	}
	c.out.fail()
	c.mu.Unlock()
	_ = c.net.Close() // nobody is left to tell
	c.abortAll()
}

// abortAll ends the calls.
func (c *connection) abortAll() {
	c.mu.Lock()
	all := make([]*stream, 0, len(c.streams))
	for _, st := range c.streams {
		all = append(all, st)
		c.forget(st)
	}
	c.mu.Unlock()
	for _, st := range all {
		st.abort()
	}
}

// kill resets a stream whose peer broke the protocol. It is called by the reader.
func (c *connection) kill(st *stream, code http2.ErrCode) {
	c.spending.caused(st.id)
	c.mu.Lock()
	if !st.gone {
		c.putReset(st.id, code)
		c.forget(st)
		c.flush()
	}
	c.mu.Unlock()
	st.abort()
}

// forget takes a stream out of those that are open. It is called with the lock.
func (c *connection) forget(st *stream) {
	delete(c.streams, st.id)
	st.gone = true
	st.writable.wake()
	c.maybeEnd()
}
