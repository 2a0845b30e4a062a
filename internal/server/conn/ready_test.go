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
	random := rand.New(rand.NewPCG(1, 2))
	text := make([]byte, 300<<10)
	for i := range text {
		text[i] = byte(random.Uint32())
	}
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
			c, pool := NewSocket(server), new(counting)
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
	c, pool := NewSocket(server), &counting{back: make(chan struct{}, 2)}
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

// TestAClosedConnectionEndsTheWait, with no buffer out.
func TestAClosedConnectionEndsTheWait(t *testing.T) {
	for name, secured := range map[string]bool{"plain": false, "TLS": true} {
		t.Run(name, func(t *testing.T) {
			server, _ := pair(t, secured)
			c, pool := NewSocket(server), new(counting)
			ended := make(chan error, 1)
			go func() {
				_, _, err := c.ReadOnReady(32<<10, pool)
				ended <- err
			}()
			c.Close()
			if err := <-ended; !errors.Is(err, net.ErrClosed) {
				t.Errorf("closed: %v", err)
			}
			if out, _ := pool.figures(); out != 0 {
				t.Errorf("%d buffers are out", out)
			}
		})
	}
}
