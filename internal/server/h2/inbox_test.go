package h2

import (
	"bytes"
	"io"
	"math/rand/v2"
	"runtime"
	"testing"

	"golang.org/x/net/http2"
	"google.golang.org/grpc"

	"github.com/remotemedia/remotemedia-go/mem"
)

// reading is a server whose handler takes messages when it is told to, and hands on what it took.
func reading(t *testing.T) (s *Server, start chan struct{}, got chan [][]byte) {
	start, got = make(chan struct{}), make(chan [][]byte, 1)
	s = newServer(t, func(o *Options) {
		o.StreamWindow, o.Pool = 256<<10, mem.NewPool(0) // grpc's pool has 1 MiB for what is above 32 KiB
		o.Unknown = func(_ any, ss grpc.ServerStream) error {
			<-start
			var all [][]byte
			for {
				m := new(raw)
				if err := ss.RecvMsg(m); err != nil {
					got <- all
					if err == io.EOF {
						return nil
					}
					return err
				}
				all = append(all, m.data)
			}
		}
	})
	return s, start, got
}

// held is a connection that goes on, once its script is read, until the handler has been let go.
type held struct {
	script io.Reader
	read   chan struct{} // closed when the script was
	end    chan struct{}
}

func (h *held) Read(p []byte) (int, error) {
	if n, err := h.script.Read(p); err != io.EOF {
		return n, err
	}
	if h.read != nil {
		close(h.read)
		h.read = nil
	}
	<-h.end
	return 0, io.EOF
}

// TestRel9_TinyMessagesTakeLittleMemory: what a client may send unread is a number of bytes, however many messages those are, and comes out as it went in.
func TestRel9_TinyMessagesTakeLittleMemory(t *testing.T) {
	const most = 640 << 10
	random := rand.New(rand.NewPCG(1, 2))
	for name, size := range map[string]func() int{
		"empty": func() int { return 0 }, "a few bytes": func() int { return random.IntN(9) }, "mixed": func() int { return random.IntN(40) * random.IntN(400) },
	} {
		var want [][]byte
		var body []byte
		for {
			m := make([]byte, size())
			for i := range m {
				m[i] = byte(random.Uint32())
			}
			if len(body)+prefixLength+len(m) > 250<<10 {
				break
			}
			want = append(want, m)
			body = append(append(body, 0, 0, 0, byte(len(m)>>8), byte(len(m))), m...)
		}
		text := script(func(w *http2.Framer) {
			_ = w.WriteSettings()
			_ = w.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: call("/a/b"), EndHeaders: true})
			for rest := body; len(rest) > 0; {
				n := min(len(rest), 1+random.IntN(maxFrame))
				_ = w.WriteData(1, n == len(rest), rest[:n])
				rest = rest[n:]
			}
		})
		s, start, got := reading(t)
		h := &held{bytes.NewReader(text), make(chan struct{}), make(chan struct{})}
		read := h.read
		c := newReplay(nil)
		c.from = h
		before := liveBytes()
		served := make(chan struct{})
		go func() { s.shake(c); close(served) }()
		<-read
		if after := liveBytes(); after-before > most {
			t.Errorf("%s: %d messages that nobody reads take %d bytes, want at most %d", name, len(want), after-before, most)
		}
		close(start)
		all := <-got
		close(h.end)
		<-served
		if len(all) != len(want) {
			t.Fatalf("%s: %d of %d messages came", name, len(all), len(want))
		}
		for i := range all {
			if !bytes.Equal(all[i], want[i]) {
				t.Fatalf("%s: message %d is another", name, i)
			}
		}
	}
}

func liveBytes() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
