package conn

import (
	"bytes"
	"net"
	"testing"

	"golang.org/x/net/http2"
)

// replay is a connection from which a client's bytes are read.
type replay struct {
	net.Conn
	from *bytes.Reader
}

func (r replay) Read(p []byte) (int, error) { return r.from.Read(p) }
func (replay) RemoteAddr() net.Addr         { return new(net.TCPAddr) }

// Whether calls are refused is asked once a call has begun, before more is read, and not for what belongs to calls that go on.
func TestNewCallsAreGivenTimeToBeRefused(t *testing.T) {
	text := script(func(w *http2.Framer) {
		for stream := uint32(1); stream <= 5; stream += 2 {
			_ = w.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: []byte("x"), EndHeaders: true})
			for range 10 {
				_ = w.WriteData(stream, false, make([]byte, 1000))
			}
		}
	})
	asked := 0
	b := small
	b.Refusing = func() bool { asked++; return true }
	c := watch(replay{from: bytes.NewReader(text)}, b)
	read := 0
	for buf := make([]byte, 500); ; {
		n, err := c.Read(buf)
		if err != nil {
			break
		}
		read += n
	}
	if read != len(text) || asked != 3 {
		t.Errorf("%d of %d bytes were read, and it was asked %d times whether calls are refused, want 3 for three calls", read, len(text), asked)
	}
}
