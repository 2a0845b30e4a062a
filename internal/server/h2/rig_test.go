package h2

import (
	"bytes"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// replay is a connection from which a client's bytes are read, and which takes what is written.
type replay struct {
	from   io.Reader
	closed *atomic.Bool
}

func newReplay(text []byte) replay { return replay{bytes.NewReader(text), new(atomic.Bool)} }

func (r replay) Read(p []byte) (int, error) { return r.from.Read(p) }

func (r replay) Write(p []byte) (int, error) {
	if r.closed.Load() {
		return 0, net.ErrClosed
	}
	return len(p), nil
}

func (r replay) Close() error {
	r.closed.Store(true)
	return nil
}

func (replay) LocalAddr() net.Addr              { return new(net.TCPAddr) }
func (replay) RemoteAddr() net.Addr             { return new(net.TCPAddr) }
func (replay) SetDeadline(time.Time) error      { return nil }
func (replay) SetReadDeadline(time.Time) error  { return nil }
func (replay) SetWriteDeadline(time.Time) error { return nil }

// echo answers each message with itself, until the client ends its side.
func echo(_ any, ss grpc.ServerStream) error {
	for {
		m := new(raw)
		switch err := ss.RecvMsg(m); err {
		case nil:
		case io.EOF:
			return nil
		default:
			return err
		}
		if err := ss.SendMsg(m); err != nil {
			return err
		}
	}
}

// raw is a message as its bytes.
type raw struct{ data []byte }

type rawCodec struct{ encoding.CodecV2 }

func (rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(v.(*raw).data)}, nil
}

func (rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	v.(*raw).data = data.Materialize()
	return nil
}

func (rawCodec) Name() string { return proto.Name }

// newServer makes one whose every method is the echo.
func newServer(t testing.TB, change ...func(*Options)) *Server {
	t.Helper()
	o := Options{Codec: rawCodec{}, Pool: mem.DefaultBufferPool(), Credentials: insecure.NewCredentials(), Unknown: echo}
	for _, f := range change {
		f(&o)
	}
	s := New(o)
	t.Cleanup(s.Stop)
	return s
}

// call is the header block of a call, which uses no table.
func call(path string) []byte {
	var b bytes.Buffer
	e := hpack.NewEncoder(&b)
	for _, f := range []hpack.HeaderField{
		{Name: ":method", Value: "POST"}, {Name: ":scheme", Value: "http"}, {Name: ":path", Value: path}, {Name: ":authority", Value: "test"},
		{Name: "content-type", Value: "application/grpc"}, {Name: "te", Value: "trailers"},
	} {
		f.Sensitive = true
		if err := e.WriteField(f); err != nil {
			panic(err)
		}
	}
	return b.Bytes()
}

// served reads a script to its end.
func served(s *Server, text []byte) {
	s.shake(newReplay(text))
	s.GracefulStop() // waits for the handlers
}

// Whether calls are refused is asked once a call has begun, before more is read, and not for what belongs to calls that go on.
func TestNewCallsAreGivenTimeToBeRefused(t *testing.T) {
	text := script(func(w *http2.Framer) {
		_ = w.WriteSettings()
		for stream := uint32(1); stream <= 5; stream += 2 {
			_ = w.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: call("/a/b"), EndHeaders: true})
			for range 10 {
				_ = w.WriteData(stream, false, make([]byte, 1000))
			}
		}
	})
	asked := 0
	s := newServer(t, func(o *Options) { o.Refusing = func() bool { asked++; return true } })
	c := newReplay(text)
	c.from = inPieces{bytes.NewReader(text)}
	s.shake(c)
	if asked != 3 {
		t.Errorf("it was asked %d times whether calls are refused, want 3 for three calls", asked)
	}
}

// inPieces reads little at a time.
type inPieces struct{ io.Reader }

func (r inPieces) Read(p []byte) (int, error) { return r.Reader.Read(p[:min(len(p), 500)]) }

// FuzzConnection: whatever comes, in whatever pieces, it is read without a panic, and the connection and its calls end.
func FuzzConnection(f *testing.F) {
	f.Add(script(func(w *http2.Framer) { _ = w.WriteSettings(); _ = w.WritePing(false, [8]byte{}) }))
	f.Add(script(func(w *http2.Framer) {
		_ = w.WriteSettings()
		_ = w.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: call("/a/b"), EndHeaders: true})
		_ = w.WriteData(1, false, []byte{0, 0, 0, 0, 3, 1})
		_ = w.WriteWindowUpdate(1, 1)
		_ = w.WriteData(1, true, []byte{2, 3})
		_ = w.WriteHeaders(http2.HeadersFrameParam{StreamID: 3, BlockFragment: call("/a/b"), EndHeaders: true, EndStream: true, PadLength: 3})
		_ = w.WriteRSTStream(3, http2.ErrCodeCancel)
		_ = w.WriteGoAway(0, http2.ErrCodeNo, nil)
	}))
	f.Add(append([]byte(http2.ClientPreface), 0xff, 0xff, 0xff, 3, 0, 0xff, 0xff, 0xff, 0xff))
	f.Fuzz(func(t *testing.T, text []byte) {
		s := newServer(t)
		served(s, text)
		if n := len(s.conns); n > 0 {
			t.Errorf("%d connections are left", n)
		}
	})
}
