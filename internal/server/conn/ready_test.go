package conn

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"testing"

	"golang.org/x/net/http2"
	"google.golang.org/grpc/mem"
)

// counting is a pool that knows what is out, and tells of what comes back.
type counting struct {
	mu   sync.Mutex
	out  int
	got  int
	back chan struct{} // nil: not told
}

func (p *counting) Get(n int) *[]byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.out++
	p.got++
	b := make([]byte, n)
	return &b
}

func (p *counting) Put(*[]byte) {
	p.mu.Lock()
	p.out--
	p.mu.Unlock()
	if p.back != nil {
		p.back <- struct{}{}
	}
}

func (p *counting) figures() (out, got int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out, p.got
}

// pair is a connection as a server has it, with the client's end.
func pair(t *testing.T, secured bool) (server, client net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client = dial(t, l)
	inner, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { inner.Close() })
	server = &counted{Conn: inner, closed: func() {}}
	if !secured {
		return server, client
	}
	ours, theirs := selfSigned(t)
	s, c := tls.Server(server, ours), tls.Client(client, theirs)
	shaken := make(chan error, 1)
	go func() { shaken <- c.Handshake() }()
	if err := errors.Join(s.Handshake(), <-shaken); err != nil {
		t.Fatal(err)
	}
	return s, c
}

// Everything that was sent is read, in whatever pieces, up to the end, and every buffer goes back.
func TestWhatIsReadyIsReadWhole(t *testing.T) {
	text := script(func(w *http2.Framer) {
		for range 40 {
			_ = w.WriteData(1, false, make([]byte, rand.IntN(16<<10)+1))
		}
	})
	for name, secured := range map[string]bool{"plain": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			server, client := pair(t, secured)
			sent := make(chan error, 1)
			go func() {
				for rest := text; len(rest) > 0; {
					n := min(len(rest), 1+rand.IntN(20<<10))
					if _, err := client.Write(rest[:n]); err != nil {
						sent <- err
						return
					}
					rest = rest[n:]
				}
				sent <- client.Close()
			}()
			c, pool := watch(server, small), new(counting)
			var got bytes.Buffer
			for {
				buf, n, err := c.ReadOnReady(32<<10, pool)
				if buf != nil {
					got.Write((*buf)[:n])
					pool.Put(buf)
				}
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if err := <-sent; err != nil {
				t.Fatal(err)
			}
			if out, _ := pool.figures(); out != 0 || !bytes.Equal(got.Bytes(), text) {
				t.Errorf("%d of %d bytes came, the same: %v; %d buffers are out", got.Len(), len(text), bytes.Equal(got.Bytes(), text), out)
			}
		})
	}
}

// TestAWaitingSocketHoldsNoBuffer: who finds nothing to read gives its buffer back before it waits.
func TestAWaitingSocketHoldsNoBuffer(t *testing.T) {
	server, client := pair(t, false)
	if _, ok := readyReaderOf(server).(plainReader); ok {
		t.Skip("on this system there is no way to wait for a socket without a buffer")
	}
	c, pool := watch(server, small), &counting{back: make(chan struct{}, 2)}
	read := make(chan error, 1)
	go func() {
		buf, _, err := c.ReadOnReady(32<<10, pool)
		if buf != nil {
			pool.Put(buf)
		}
		read <- err
	}()
	<-pool.back // it has tried in vain
	if out, got := pool.figures(); out != 0 || got != 1 {
		t.Errorf("%d of %d buffers are out while nothing comes", out, got)
	}
	if _, err := client.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := <-read; err != nil {
		t.Fatal(err)
	}
}

// ordered is a connection that notes when it is read from, and a pool that notes when a buffer is taken.
type ordered struct {
	net.Conn
	mem.BufferPool
	from  io.Reader
	order []string
}

func (o *ordered) Read(p []byte) (int, error) {
	o.order = append(o.order, "read")
	return o.from.Read(p)
}

func (o *ordered) Get(n int) *[]byte {
	o.order = append(o.order, "get")
	b := make([]byte, n)
	return &b
}

func (o *ordered) Put(*[]byte) { o.order = append(o.order, "put") }

// TestTLSWaitsWithoutABuffer: the first bytes come before the buffer is taken; the rest of a record, which is there, after it.
func TestTLSWaitsWithoutABuffer(t *testing.T) {
	record := bytes.Repeat([]byte("abc"), 1000)
	o := &ordered{from: bytes.NewReader(record)}
	r := &tlsReader{conn: o}
	var got []byte
	for len(got) < len(record) {
		buf, n, err := r.ReadOnReady(32<<10, o)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, (*buf)[:n]...)
	}
	if want := []string{"read", "get", "get", "read"}; !slices.Equal(o.order, want) || !bytes.Equal(got, record) {
		t.Errorf("it went %v, want %v; the bytes are the same: %v", o.order, want, bytes.Equal(got, record))
	}
	o.order = nil
	if buf, _, err := r.ReadOnReady(32<<10, o); buf != nil || err != io.EOF || !slices.Equal(o.order, []string{"read"}) {
		t.Errorf("at the end: %v, by %v", err, o.order)
	}
}

// TestAClosedConnectionEndsTheWait, and one whose budget is spent is closed, with no buffer out.
func TestAClosedConnectionEndsTheWait(t *testing.T) {
	for name, secured := range map[string]bool{"plain": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			server, _ := pair(t, secured)
			c, pool := watch(server, small), new(counting)
			ended := make(chan error, 1)
			go func() {
				_, _, err := c.ReadOnReady(32<<10, pool)
				ended <- err
			}()
			c.Close()
			if err := <-ended; !errors.Is(err, net.ErrClosed) {
				t.Errorf("closed: %v", err)
			}
			server, client := pair(t, secured)
			c = watch(server, small)
			if _, err := client.Write(script(func(w *http2.Framer) {
				for range 20 {
					_ = w.WriteSettings()
				}
			})); err != nil {
				t.Fatal(err)
			}
			var err error
			for err == nil {
				var buf *[]byte
				if buf, _, err = c.ReadOnReady(32<<10, pool); buf != nil {
					pool.Put(buf)
				}
			}
			if out, _ := pool.figures(); out != 0 || errors.Is(err, io.EOF) {
				t.Errorf("a spent budget: %v, %d buffers are out", err, out)
			}
		})
	}
}

// TestRel10_OpeningsAreRememberedAsLongAsTheyMatter: many calls at once make room for themselves, up to a bound, and one after the other they don't.
func TestRel10_OpeningsAreRememberedAsLongAsTheyMatter(t *testing.T) {
	f := newFrames(Budget{Resets: 1e9, Control: 1})
	for i := range uint32(10 * recentAtMost) {
		f.open(opening{2*i + 1, f.now()})
		if o := f.slot(2*i + 1); o.stream != 2*i+1 {
			t.Fatalf("stream %d isn't remembered", 2*i+1)
		}
	}
	if len(f.opened) != recentAtMost {
		t.Errorf("%d places, want %d", len(f.opened), recentAtMost)
	}
	for i := range uint32(recentAtMost) {
		if id := 2*(9*recentAtMost+i) + 1; f.slot(id).stream != id {
			t.Errorf("stream %d of the newest isn't remembered", id)
		}
	}
	f = newFrames(Budget{Resets: 1e9, Control: 1})
	f.open(opening{1, 0})
	f.opened[0].at -= uint32(shortLived.Milliseconds())
	f.open(opening{2*recentAtFirst + 1, f.now()})
	if len(f.opened) != recentAtFirst || f.opened[0].stream != 2*recentAtFirst+1 {
		t.Errorf("%d places, and the first is %d's, for calls one after the other", len(f.opened), f.opened[0].stream)
	}
}
