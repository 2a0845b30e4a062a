package server_test

import (
	"context"
	"io"
	"net"
	"runtime"
	"testing"

	"golang.org/x/net/http2"
)

// TestIdleConnectionsHoldNoReadBuffer: grpc takes a buffer of 32 KiB to read from a connection, and where it finds out when there is
// something to read it does so only then. The bytes of many connections on which nothing comes tell whether it does.
func TestIdleConnectionsHoldNoReadBuffer(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("on Windows there is no way to wait for a socket without a buffer")
	}
	const connections, most = 200, 24 << 10 // bytes each, of everything on the heap
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dial := func(ctx context.Context, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", l.Addr().String())
	}
	serveRig(t, l, dial)
	before := liveBytes()
	for range connections {
		c, err := dial(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		greet(t, c)
	}
	if each := (liveBytes() - before) / connections; each > most {
		t.Errorf("an idle connection takes %d bytes of the heap, want %d at most", each, most)
	}
}

// greet does what begins a connection of HTTP/2, to the end: the server has answered to what came then.
func greet(t *testing.T, c net.Conn) {
	t.Helper()
	if _, err := io.WriteString(c, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	framer := http2.NewFramer(c, c)
	if err := framer.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	for {
		f, err := framer.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := f.(*http2.SettingsFrame); ok && s.IsAck() {
			return
		}
	}
}

// liveBytes is what is on the heap once it was collected, caches that are dropped at the second collection left out.
func liveBytes() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
