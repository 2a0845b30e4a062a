package wiretest

import (
	"bytes"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// client speaks HTTP/2 frame by frame. One goroutine of its own reads all that comes, has the referee look at it and keeps it by stream; it
// acknowledges SETTINGS and PING and gives windows back, where that isn't turned off. Errors of writing are dropped: a peer that has closed shows in
// what was read, which every test asks for.
type client struct {
	t    *testing.T
	conn net.Conn

	writing chan struct{} // holds one while somebody writes; virtual time would stand still while a mutex is waited for
	out     *http2.Framer
	piece   int           // bytes of each write; 0: as they come
	pause   time.Duration // before each of these

	encoder *hpack.Encoder
	block   bytes.Buffer
	next    uint32 // stream

	mu      sync.Mutex
	changed chan struct{} // closed, and replaced, when something came
	seen    inbox
	referee *referee
	greeted bool          // the preface was sent; before that nothing is acknowledged
	silent  bool          // nothing is acknowledged ever
	paused  chan struct{} // nothing is read until it is closed; nil: it is read
	hoards  bool          // windows aren't given back
	done    chan struct{}
}

// connect opens a connection and does nothing on it.
func (r *rig) connect(t *testing.T) *client {
	t.Helper()
	conn, err := r.dial()
	if err != nil {
		t.Fatal(err)
	}
	return over(t, conn)
}

// over speaks over a connection, which it closes at the end of the test.
func over(t *testing.T, conn net.Conn) *client {
	c := &client{t: t, conn: conn, next: 1, writing: make(chan struct{}, 1), changed: make(chan struct{}), done: make(chan struct{}), referee: newReferee()}
	c.seen.streams = make(map[uint32]*answer)
	c.out = http2.NewFramer(c, nil)
	c.out.AllowIllegalWrites = true
	c.encoder = hpack.NewEncoder(&c.block)
	go c.read()
	t.Cleanup(c.close)
	return c
}

func (c *client) close() {
	_ = c.conn.Close()
	<-c.done
}

// greet connects and sends the preface with settings.
func (r *rig) greet(t *testing.T, settings ...http2.Setting) *client {
	t.Helper()
	c := r.connect(t)
	c.greet(settings...)
	return c
}

// greet sends the preface with settings, and acknowledges the server's if they have come.
func (c *client) greet(settings ...http2.Setting) {
	c.raw([]byte(http2.ClientPreface))
	c.settings(settings...)
	c.mu.Lock()
	c.greeted = true
	owes := len(c.seen.settings) > 0
	c.mu.Unlock()
	if owes {
		c.frames(func(w *http2.Framer) { _ = w.WriteSettingsAck() })
	}
}

// set changes how the client behaves.
func (c *client) set(change func(c *client)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(c)
}

func hoards(c *client)  { c.hoards = true }
func silent(c *client)  { c.silent = true }
func blinded(c *client) { c.referee.blind = true }

// Write implements io.Writer for the framer.
func (c *client) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		some := len(p)
		if c.piece > 0 {
			some = min(c.piece, some)
			time.Sleep(c.pause)
		}
		if _, err := c.conn.Write(p[:some]); err != nil {
			return 0, err
		}
		p = p[some:]
	}
	return n, nil
}

// frames writes frames; what it returns was written whole.
func (c *client) frames(write func(w *http2.Framer)) {
	c.writing <- struct{}{}
	defer func() { <-c.writing }()
	write(c.out)
}

// raw writes bytes.
func (c *client) raw(p []byte) {
	c.writing <- struct{}{}
	defer func() { <-c.writing }()
	_, _ = c.Write(p)
}

// frame writes a frame of any kind.
func (c *client) frame(typ http2.FrameType, flags http2.Flags, stream uint32, payload []byte) {
	c.frames(func(w *http2.Framer) { _ = w.WriteRawFrame(typ, flags, stream, payload) })
}

// settings sends SETTINGS, for which the referee then waits to be acknowledged.
func (c *client) settings(settings ...http2.Setting) {
	c.writing <- struct{}{}
	defer func() { <-c.writing }()
	c.mu.Lock()
	c.referee.asked(settings)
	c.mu.Unlock()
	_ = c.out.WriteSettings(settings...)
}

// window gives bytes of a window.
func (c *client) window(stream, increment uint32) {
	c.writing <- struct{}{}
	defer func() { <-c.writing }()
	c.mu.Lock()
	c.referee.granted(stream, increment)
	c.mu.Unlock()
	_ = c.out.WriteWindowUpdate(stream, increment)
}

// read keeps what comes until the connection ends.
func (c *client) read() {
	defer close(c.done)
	in := http2.NewFramer(io.Discard, c.conn)
	in.SetReuseFrames()
	for {
		c.mu.Lock()
		paused := c.paused
		c.mu.Unlock()
		if paused != nil {
			<-paused
		}
		f, err := in.ReadFrame()
		c.mu.Lock()
		answers, hoards := c.greeted && !c.silent, c.hoards
		if err != nil {
			c.seen.ended = err
		} else {
			c.take(f)
		}
		close(c.changed)
		c.changed = make(chan struct{})
		c.mu.Unlock()
		if err != nil {
			return
		}
		if answers {
			c.respond(f, hoards)
		}
	}
}

func (c *client) take(f http2.Frame) {
	fields, err := c.referee.see(f)
	if err != nil {
		c.t.Errorf("the server broke the protocol: %v", err)
	}
	c.seen.keep(f, fields)
}

// respond does what a peer has to.
func (c *client) respond(f http2.Frame, hoards bool) {
	switch f := f.(type) {
	case *http2.SettingsFrame:
		if !f.IsAck() {
			c.frames(func(w *http2.Framer) { _ = w.WriteSettingsAck() })
		}
	case *http2.PingFrame:
		if !f.IsAck() {
			c.frames(func(w *http2.Framer) { _ = w.WritePing(true, f.Data) })
		}
	case *http2.DataFrame:
		if n := f.Length; n > 0 && !hoards {
			c.window(0, n)
			if !f.StreamEnded() {
				c.window(f.StreamID, n)
			}
		}
	}
}

// await waits until what has come satisfies a condition.
func (c *client) await(what string, is func(*inbox) bool) {
	c.t.Helper()
	timer := time.NewTimer(guard)
	defer timer.Stop()
	for {
		c.mu.Lock()
		ok, ended, changed := is(&c.seen), c.seen.ended, c.changed
		c.mu.Unlock()
		if ok {
			return
		}
		if ended != nil {
			c.t.Fatalf("no %s: the connection ended with %v; %s", what, ended, c.look())
		}
		select {
		case <-changed:
		case <-timer.C:
			c.t.Fatalf("no %s in %v; %s", what, guard, c.look())
		}
	}
}

// settle waits until the server has done all that it can without the time passing. Only in a bubble.
func (c *client) settle() { synctest.Wait() }

// look describes what has come.
func (c *client) look() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen.String()
}

// ask reads something of what has come.
func ask[T any](c *client, what func(*inbox) T) T {
	c.mu.Lock()
	defer c.mu.Unlock()
	return what(&c.seen)
}
