// Package h2 is the server side of gRPC over HTTP/2 (RFC 9113, RFC 7541, and gRPC's PROTOCOL-HTTP2): connections, streams, flow control,
// and messages. A [Server] calls the handlers of grpc's own tables, with a grpc.ServerStream that is made here.
//
// Each connection has one goroutine, which reads; each call has one, in which its handler runs. What is to be written is put into the
// connection's buffer, and written by whoever put it there, in one system call with all that others have put there meanwhile: no
// goroutine stands between a handler and the socket. Where the peer doesn't take it at once, a goroutine waits for that, for as long as it takes.
//
// Locks: connection.mu guards what is written, the streams and their windows; inbox.mu what was received of a stream. Who holds the second
// doesn't take the first.
package h2

import (
	"cmp"
	"errors"
	"math"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
)

// Options are what a server needs. Codec, Pool, Credentials and Unknown are required; each other's zero value means its default.
type Options struct {
	Codec       encoding.CodecV2
	Pool        mem.BufferPool // of what is read
	Credentials credentials.TransportCredentials
	Unknown     grpc.StreamHandler // for methods that nobody registered
	// Interceptors stand around the handler of every method, unary ones too, the outermost first. They run when the headers have come.
	Interceptors []grpc.StreamServerInterceptor

	MaxMessage       func() int    // bytes of one that is received, inflated; it may change. Default: 4 MiB
	Memory           Memory        // that long messages are charged to as they come; default: unlimited
	StreamWindow     int           // bytes of one call that may be on their way to a handler; default: 256 KiB
	ConnectionWindow int           // bytes of a connection that may; default: 4 MiB
	MaxHeaderBytes   int           // of a call, as RFC 9113 counts them; default: 16 KiB
	MaxCalls         int           // open at once on one connection; default: 256
	HandshakeTimeout time.Duration // until the first frame; default: 10 s
	PingInterval     time.Duration // a connection that is silent for so long is asked; default: 30 s
	PingTimeout      time.Duration // and closed when it doesn't answer for so long; default: 10 s
	MinClientPing    time.Duration // clients that ping more often, and have nothing else to say, are cut; default: 10 s, below 0: any may
	MaxAge           time.Duration // of a connection, give or take a tenth; then it takes no new calls; default: 30 min, below 0: any
	Budget           Budget        // of frames that cost more than they are worth
	// Refusing, where set, tells whether new calls are refused at the moment. Then each has the time to be before the rest of its body is read.
	Refusing  func() bool
	DrainWait time.Duration // for the peer to see that a connection takes no new calls; default: 5 s
}

// WithDefaults returns the options with a value for each.
func (o Options) WithDefaults() Options {
	if o.MaxMessage == nil {
		o.MaxMessage = func() int { return 4 << 20 }
	}
	if o.Memory == nil {
		o.Memory = unlimited{}
	}
	o.StreamWindow = cmp.Or(o.StreamWindow, 256<<10)
	o.ConnectionWindow = cmp.Or(o.ConnectionWindow, 4<<20)
	o.MaxHeaderBytes = cmp.Or(o.MaxHeaderBytes, 16<<10)
	o.MaxCalls = cmp.Or(o.MaxCalls, 256)
	o.HandshakeTimeout = cmp.Or(o.HandshakeTimeout, 10*time.Second)
	o.PingInterval = cmp.Or(o.PingInterval, 30*time.Second)
	o.PingTimeout = cmp.Or(o.PingTimeout, 10*time.Second)
	o.MinClientPing = max(0, cmp.Or(o.MinClientPing, 10*time.Second))
	if o.MaxAge = cmp.Or(o.MaxAge, 30*time.Minute); o.MaxAge < 0 {
		o.MaxAge = math.MaxInt64
	}
	o.Budget = o.Budget.withDefaults()
	o.DrainWait = cmp.Or(o.DrainWait, 5*time.Second)
	return o
}

// ErrStopped is what Serve returns after the server was stopped.
var ErrStopped = errors.New("h2: the server was stopped")

// Server serves calls. Services are registered before the first call of Serve; its other methods are safe for concurrent use.
type Server struct {
	options  Options
	methods  map[string]*method
	services map[string]grpc.ServiceInfo
	unknown  *method

	mu        sync.Mutex
	changed   sync.Cond // a connection ended, or a handler
	listeners map[net.Listener]struct{}
	conns     map[*connection]struct{}
	shaking   map[net.Conn]struct{} // in their handshake
	handlers  atomic.Int64
	draining  bool
	cut       bool          // by Stop
	stopped   chan struct{} // closed by Stop and GracefulStop
}

// New makes a server.
func New(o Options) *Server {
	s := &Server{
		options: o.WithDefaults(), methods: make(map[string]*method), services: make(map[string]grpc.ServiceInfo),
		listeners: make(map[net.Listener]struct{}), conns: make(map[*connection]struct{}), shaking: make(map[net.Conn]struct{}),
		stopped: make(chan struct{}),
	}
	s.changed.L = &s.mu
	s.unknown = s.method("", grpc.StreamDesc{Handler: o.Unknown, ClientStreams: true, ServerStreams: true}, nil)
	return s
}

// Serve accepts connections until the server is stopped, and then returns ErrStopped. It closes the listener.
func (s *Server) Serve(l net.Listener) error {
	if !s.listen(l) {
		_ = l.Close() // nobody was told of it
		return ErrStopped
	}
	defer s.deaf(l)
	var pause time.Duration
	for {
		raw, err := l.Accept()
		switch {
		case err == nil:
			pause = 0
			go s.shake(raw)
		case s.isStopped():
			return ErrStopped
		case !temporary(err):
			return err
		default:
			pause = s.rest(pause)
		}
	}
}

// temporary reports whether accepting may succeed later: when file descriptors are free again, say.
func temporary(err error) bool {
	t, ok := errors.AsType[interface {
		error
		Temporary() bool
	}](err)
	return ok && t.Temporary()
}

// rest waits before connections are accepted again, longer each time, and returns for how long.
func (s *Server) rest(last time.Duration) time.Duration {
	const least, most = 5 * time.Millisecond, time.Second
	d := min(max(least, 2*last), most)
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.stopped:
	}
	return d
}

func (s *Server) listen(l net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining {
		return false
	}
	s.listeners[l] = struct{}{}
	return true
}

func (s *Server) deaf(l net.Listener) {
	_ = l.Close() // may have been closed before
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, l)
	s.changed.Broadcast()
}

func (s *Server) isStopped() bool {
	select {
	case <-s.stopped:
		return true
	default:
		return false
	}
}

// shake does the handshake of a connection and serves it.
func (s *Server) shake(raw net.Conn) {
	if !s.begin(raw) {
		_ = raw.Close() // the server is stopping
		return
	}
	_ = raw.SetDeadline(time.Now().Add(s.options.HandshakeTimeout)) // where it fails reading does, too
	secured, info, err := s.options.Credentials.ServerHandshake(raw)
	if err != nil {
		if !errors.Is(err, credentials.ErrConnDispatched) {
			_ = raw.Close() // there is nobody to tell
		}
		s.settled(raw, nil)
		return
	}
	c := newConn(s, secured, info)
	c.greet() // before anything else can be said
	s.settled(raw, c)
	c.serve()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	s.changed.Broadcast()
}

func (s *Server) begin(raw net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isStopped() {
		return false
	}
	s.shaking[raw] = struct{}{}
	return true
}

// settled ends a handshake: with a connection, or without where it failed.
func (s *Server) settled(raw net.Conn, c *connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.shaking, raw)
	s.changed.Broadcast()
	if c == nil {
		return
	}
	s.conns[c] = struct{}{}
	switch {
	case s.cut:
		c.close()
	case s.draining:
		c.drain()
	}
}

// GracefulStop takes no new connections and calls, and returns when all in flight have ended, which may be never: see Stop.
func (s *Server) GracefulStop() {
	s.shut(func(c *connection) { c.drain() })
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.conns)+len(s.shaking)+len(s.listeners) > 0 || s.handlers.Load() > 0 {
		s.changed.Wait()
	}
}

// Stop closes every connection at once, which ends the contexts of all calls. It waits for no handler. It may be called while GracefulStop waits.
func (s *Server) Stop() {
	s.mu.Lock()
	s.cut = true
	s.mu.Unlock()
	s.shut(func(c *connection) { c.close() })
	s.mu.Lock()
	defer s.mu.Unlock()
	for raw := range s.shaking {
		_ = raw.Close() // its handshake fails
	}
	for len(s.conns)+len(s.shaking)+len(s.listeners) > 0 {
		s.changed.Wait()
	}
}

// shut takes no new connections and ends those that there are.
func (s *Server) shut(end func(*connection)) {
	s.mu.Lock()
	if !s.draining {
		s.draining = true
		close(s.stopped)
	}
	for l := range s.listeners {
		_ = l.Close() // Serve returns
	}
	open := make([]*connection, 0, len(s.conns))
	for c := range s.conns {
		open = append(open, c)
	}
	s.mu.Unlock()
	for _, c := range open {
		end(c)
	}
}

// handled is called when a handler has returned.
func (s *Server) handled() {
	if s.handlers.Add(-1) > 0 || !s.isStopped() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed.Broadcast()
}
