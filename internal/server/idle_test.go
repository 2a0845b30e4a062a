package server_test

import (
	"context"
	"io"
	"net"
	"runtime"
	"runtime/metrics"
	"testing"

	"golang.org/x/net/http2"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/internal/server"
)

// TestIdleConnectionsHoldNoReadBuffer: the transport takes a buffer of 32 KiB to read from a connection, where the system tells when there is
// something to read only then. The bytes of many connections on which nothing comes tell whether it does.
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

// TestOpenStreamsHaveSmallStacks: what an open stream that waits takes of the stacks is what waiting takes, not what opening it did. The
// client's goroutines are in the figure.
func TestOpenStreamsHaveSmallStacks(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes frames larger")
	}
	const streams, most = 200, 17 << 10
	r := newRig(t, func(o *server.Options) { o.Transport.MaxCalls = streams })
	before := stackBytes()
	for range streams {
		r.live(t.Context(), &pb.StreamInit{Manifest: pipeline("a:Pass")})
	}
	if each := (stackBytes() - before) / streams; each > most {
		t.Errorf("an open stream takes %d bytes of stacks, want %d at most", each, most)
	}
}

func stackBytes() int64 {
	runtime.GC() // gives stacks of goroutines that have ended back
	sample := []metrics.Sample{{Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64())
}
