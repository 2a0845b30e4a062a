package h2

import (
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// visitor is a client whose every frame a test writes. What comes is kept as headers of frames.
type visitor struct {
	*http2.Framer
	t    *testing.T
	conn net.Conn
	of   *connection

	mu    sync.Mutex
	came  []header
	let   map[uint32]int // bytes that it was let send beyond the first windows, by stream
	ended chan struct{}
}

// visit opens a connection in a bubble. Its frames are written when the test has settled.
func visit(t *testing.T, s *Server) *visitor {
	return visitOver(t, s, func(c net.Conn) net.Conn { return c })
}

// visitOver does so over a connection of which the server sees what is made of it.
func visitOver(t *testing.T, s *Server, seen func(net.Conn) net.Conn) *visitor {
	here, there := net.Pipe()
	v := &visitor{t: t, conn: here, Framer: http2.NewFramer(here, nil), let: make(map[uint32]int), ended: make(chan struct{})}
	v.AllowIllegalWrites = true
	go s.shake(seen(there))
	go v.read()
	t.Cleanup(func() { _ = here.Close(); <-v.ended })
	if _, err := here.Write([]byte(http2.ClientPreface)); err != nil {
		t.Fatal(err)
	}
	_ = v.WriteSettings()
	_ = v.WriteSettingsAck()
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	for v.of = range s.conns {
	}
	return v
}

func (v *visitor) read() {
	defer close(v.ended)
	in := http2.NewFramer(nil, v.conn)
	for {
		f, err := in.ReadFrame()
		if err != nil {
			return
		}
		h := f.Header()
		v.mu.Lock()
		v.came = append(v.came, header{int(h.Length), h.Type, h.Flags, h.StreamID})
		if w, ok := f.(*http2.WindowUpdateFrame); ok {
			v.let[w.StreamID] += int(w.Increment)
		}
		v.mu.Unlock()
	}
}

// count tells how many frames of a type have come, of a stream or of the connection.
func (v *visitor) count(typ http2.FrameType, stream uint32) (n int) {
	synctest.Wait()
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, h := range v.came {
		if h.typ == typ && h.stream == stream && !(typ == http2.FrameSettings && h.has(flagAck)) {
			n++
		}
	}
	return n
}

// over reports whether the connection has ended.
func (v *visitor) over() bool {
	synctest.Wait()
	select {
	case <-v.ended:
		return true
	default:
		return false
	}
}

func (v *visitor) call(stream uint32) {
	_ = v.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: call("/a/b"), EndHeaders: true})
}

// locked reads something that the connection's lock guards.
func locked[T any](c *connection, what func() T) T {
	c.mu.Lock()
	defer c.mu.Unlock()
	return what()
}

func answering(h grpc.StreamHandler) func(*Options) { return func(o *Options) { o.Unknown = h } }

// A handler that returns late, and whose call was reset, may change the settings: that is written, though nothing else is.
func TestWhatALateHandlerChangesIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := visit(t, newServer(t, answering(func(_ any, ss grpc.ServerStream) error {
			<-ss.Context().Done()
			time.Sleep(time.Second)
			return ss.Context().Err()
		})))
		const calls = 20 // none asks for its body
		for i := range uint32(calls) {
			v.call(2*i + 1)
			_ = v.WriteRSTStream(2*i+1, http2.ErrCodeCancel)
		}
		before := v.count(http2.FrameSettings, 0)
		time.Sleep(2 * time.Second)
		if n := v.count(http2.FrameSettings, 0); n != before+1 {
			t.Errorf("%d SETTINGS came when the handlers had returned, want the one that makes the window little", n-before)
		}
		if waits := locked(v.of, v.of.out.waits); waits != 0 {
			t.Errorf("%d bytes wait to be written and nobody writes them", waits)
		}
	})
}

// A sender that its stream's window wakes while the connection's is used up takes no more memory each time.
func TestASenderWaitsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := visit(t, newServer(t, answering(func(_ any, ss grpc.ServerStream) error {
			return ss.SendMsg(&raw{make([]byte, 2*defaultWindow)})
		})))
		v.call(1)
		for range 100 {
			_ = v.WriteWindowUpdate(1, 1)
			synctest.Wait()
		}
		if n := locked(v.of, func() int { return len(v.of.out.senders) }); n != 1 {
			t.Errorf("one sender is listed %d times", n)
		}
		_ = v.WriteWindowUpdate(1, 2*defaultWindow)
		_ = v.WriteWindowUpdate(0, 2*defaultWindow)
		if n := v.count(http2.FrameHeaders, 1); n != 2 {
			t.Errorf("%d blocks of header fields came, want the headers and the trailers", n)
		}
	})
}

// The watch over a connection may go off while it begins to drain: the peer that doesn't say that it has seen it is let go in time all the same.
func TestAWatchDoesntEndADrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		v := visit(t, s)
		v.of.drain()
		v.of.watch()
		time.Sleep(s.options.DrainWait + time.Second)
		if !v.over() {
			t.Error("the connection goes on")
		}
	})
}

// slow is a handshake that a test ends.
type slow struct {
	credentials.TransportCredentials
	end chan struct{}
}

func (s slow) ServerHandshake(c net.Conn) (net.Conn, credentials.AuthInfo, error) {
	<-s.end
	return s.TransportCredentials.ServerHandshake(c)
}

// The server may begin to drain while a connection is in its handshake: SETTINGS come first all the same.
func TestSettingsComeFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := slow{insecure.NewCredentials(), make(chan struct{})}
		s := newServer(t, func(o *Options) { o.Credentials = gate })
		here, there := net.Pipe()
		v := &visitor{t: t, conn: here, let: make(map[uint32]int), ended: make(chan struct{})}
		go s.shake(there)
		synctest.Wait()
		go s.GracefulStop()
		synctest.Wait()
		close(gate.end)
		go v.read()
		<-v.ended
		if v.count(http2.FrameGoAway, 0) == 0 || v.came[0].typ != http2.FrameSettings {
			t.Errorf("came %+v, want SETTINGS, and then GOAWAY", v.came)
		}
	})
}

// A change of the windows goes through all streams: a frame that makes a thousand is one too many.
func TestRel10_SettingsThatDontEndAreCut(t *testing.T) {
	for n, cut := range map[int]bool{64: false, 65: true} {
		synctest.Test(t, func(t *testing.T) {
			v := visit(t, newServer(t))
			some := make([]http2.Setting, n)
			for i := range some {
				some[i] = http2.Setting{ID: http2.SettingInitialWindowSize, Val: uint32(i)}
			}
			_ = v.WriteSettings(some...)
			if v.over() != cut {
				t.Errorf("%d settings in a frame: cut is %v, want %v", n, !cut, cut)
			}
		})
	}
}
