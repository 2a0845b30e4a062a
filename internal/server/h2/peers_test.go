package h2

import (
	"encoding/binary"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2"
	"google.golang.org/grpc"
)

// prefixed is a message with its prefix.
func prefixed(n int) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0}, uint32(n)), make([]byte, n)...)
}

// A stream that began with a little window gets no more of it until its body is asked for.
func TestWhatIsntAskedForIsntLetCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ask := make(chan struct{})
		v := visit(t, newServer(t, answering(func(_ any, ss grpc.ServerStream) error {
			<-ask
			return ss.RecvMsg(new(raw))
		})))
		locked(v.of, func() any { v.of.initial.window = littleWindow; return nil })
		v.call(1)
		_ = v.WriteData(1, false, prefixed(50_000)[:littleWindow])
		if n := v.count(http2.FrameWindowUpdate, 1); n != 0 {
			t.Errorf("%d WINDOW_UPDATEs came before the body was asked for", n)
		}
		close(ask)
		if n := v.count(http2.FrameWindowUpdate, 1); n != 1 {
			t.Errorf("%d WINDOW_UPDATEs came when the body was asked for, want one", n)
		}
	})
}

// A message that comes byte by byte takes about its own memory.
func TestRel10_SmallPartsArePutTogether(t *testing.T) {
	const size = 40_000
	synctest.Test(t, func(t *testing.T) {
		got := make(chan []byte, 1)
		v := visit(t, newServer(t, answering(func(_ any, ss grpc.ServerStream) error {
			m := new(raw)
			err := ss.RecvMsg(m)
			got <- m.data
			return err
		})))
		v.call(1)
		text := prefixed(size)
		for i := range size {
			text[prefixLength+i] = byte(i % 251)
		}
		for ; len(text) > 1; text = text[1:] {
			_ = v.WriteData(1, false, text[:1])
		}
		synctest.Wait()
		s := locked(v.of, func() *stream { return v.of.streams[1] })
		s.inbox.mu.Lock()
		if n := len(s.inbox.coming.parts); n > size/shortPart+1 {
			t.Errorf("%d bytes are held in %d parts", size, n)
		}
		s.inbox.mu.Unlock()
		_ = v.WriteData(1, true, text)
		data := <-got
		for i, b := range data {
			if b != byte(i%251) {
				t.Fatalf("byte %d is %d, want %d", i, b, i%251)
			}
		}
		if len(data) != size {
			t.Errorf("%d bytes came, want %d", len(data), size)
		}
	})
}

// A client that has the server reset its streams, one after the other, is cut as one is that resets them itself.
func TestRel10_ResetsThatThePeerCausesAreCounted(t *testing.T) {
	for n, cut := range map[int]bool{10: false, 11: true} {
		synctest.Test(t, func(t *testing.T) {
			v := visit(t, newServer(t, func(o *Options) { o.Budget = small }))
			for i := range uint32(n) {
				v.call(2*i + 1)
				_ = v.WriteWindowUpdate(2*i+1, 0)
			}
			_ = v.WritePing(false, [8]byte{})
			if v.over() != cut {
				t.Errorf("%d streams: cut is %v, want %v", n, !cut, cut)
			}
		})
	}
}

// half is a connection that ends in halves.
type half struct {
	net.Conn
	ended, closed *atomic.Bool
}

func (h half) CloseWrite() error { h.ended.Store(true); return nil }

func (h half) Close() error { h.closed.Store(true); return h.Conn.Close() }

// What the last call of a connection said isn't destroyed by a close with unread bytes: the peer has a moment to end its side, and what it sends is read.
func TestAConnectionEndsWhenItsPeerDoes(t *testing.T) {
	for name, after := range map[string]time.Duration{"the peer ends": 0, "it doesn't": patience} {
		synctest.Test(t, func(t *testing.T) {
			s, begun := newServer(t), time.Now()
			h := half{ended: new(atomic.Bool), closed: new(atomic.Bool)}
			v := visitOver(t, s, func(c net.Conn) net.Conn { h.Conn = c; return h })
			v.of.drain()
			_ = v.WritePing(true, drainPing)
			_ = v.WritePing(false, [8]byte{})
			if v.over(); !h.ended.Load() || h.closed.Load() {
				t.Errorf("%s: when the peer had seen the drain the connection's half was ended: %v, and all of it: %v; want the half", name, h.ended.Load(), h.closed.Load())
			}
			if after == 0 {
				_ = v.conn.Close()
			}
			<-v.ended
			if synctest.Wait(); !h.closed.Load() || time.Since(begun) != after {
				t.Errorf("%s: closed is %v after %v, want true after %v", name, h.closed.Load(), time.Since(begun), after)
			}
		})
	}
}

// A peer that says its first word when the connection has ended its side gets no more time.
func TestALatePrefaceDoesntKeepAConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		here, there := net.Pipe()
		v := &visitor{t: t, conn: here, let: make(map[uint32]int), ended: make(chan struct{})}
		go s.shake(half{there, new(atomic.Bool), new(atomic.Bool)})
		go v.read()
		synctest.Wait()
		go s.GracefulStop()
		time.Sleep(s.options.DrainWait + patience/2)
		_, _ = here.Write([]byte(http2.ClientPreface))
		_ = http2.NewFramer(here, nil).WriteSettings()
		time.Sleep(patience)
		if !v.over() {
			t.Error("the connection goes on")
		}
		_ = here.Close()
	})
}

// A stream brings any number of messages: the window is given back as they are taken.
func TestAStreamsWindowIsGivenBack(t *testing.T) {
	const size, messages = 10_000, 100
	synctest.Test(t, func(t *testing.T) {
		taken := 0
		v := visit(t, newServer(t, answering(func(_ any, ss grpc.ServerStream) error {
			for ; ; taken++ {
				if err := ss.RecvMsg(new(raw)); err != nil {
					return nil
				}
			}
		})))
		v.call(1)
		text, sent := prefixed(size), 0
		for i := range messages {
			_ = v.WriteData(1, false, text)
			sent += len(text)
			synctest.Wait()
			v.mu.Lock()
			room := v.of.server.options.StreamWindow + v.let[1] - sent
			v.mu.Unlock()
			if room < len(text) {
				t.Fatalf("after %d messages, all of them taken, %d bytes may be sent", i+1, room)
			}
		}
		if taken != messages {
			t.Errorf("%d messages were taken, want %d", taken, messages)
		}
	})
}

// A peer goes by the window that it knows until it has acknowledged another.
func TestALittleWindowHoldsWhenItIsAcknowledged(t *testing.T) {
	for _, acknowledged := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			v := visit(t, newServer(t, answering(func(_ any, ss grpc.ServerStream) error {
				<-ss.Context().Done()
				return nil
			})))
			locked(v.of, func() any { v.of.tellInitial(littleWindow); return nil })
			if acknowledged {
				_ = v.WriteSettingsAck()
			}
			v.call(1)
			_ = v.WriteData(1, false, prefixed(50_000)[:maxFrame])
			_ = v.WriteData(1, false, make([]byte, 1000))
			if n := v.count(http2.FrameRSTStream, 1); n > 0 != acknowledged {
				t.Errorf("the little window was acknowledged: %v; a call that sends more is reset: %v", acknowledged, n > 0)
			}
		})
	}
}

// A handler may return while a sender that it left behind has written a message in part: no trailers can follow that, and the sender ends.
func TestAMessageInPartIsFollowedByAReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end, sent := make(chan struct{}), make(chan error, 1)
		v := visit(t, newServer(t, answering(func(_ any, ss grpc.ServerStream) error {
			go func() { sent <- ss.SendMsg(&raw{make([]byte, 2*defaultWindow)}) }()
			<-end
			return nil
		})))
		v.call(1)
		synctest.Wait()
		close(end)
		if err := <-sent; err == nil {
			t.Error("the message was sent, it is said")
		}
		if h, r := v.count(http2.FrameHeaders, 1), v.count(http2.FrameRSTStream, 1); h != 1 || r != 1 {
			t.Errorf("%d blocks of header fields and %d resets came, want one of each", h, r)
		}
	})
}
