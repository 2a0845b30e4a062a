package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
)

// raw answers frames on plain TCP. A frame begins with the length of its bytes and the length of the answer that is wanted, 32
// bits each, little-endian; the answer has its length before it. The bytes are read into one buffer and stay there; those of the
// answer are nobody's.
type raw struct {
	mu          sync.Mutex
	connections map[net.Conn]struct{}
	stopped     atomic.Bool
	listener    net.Listener
	group       sync.WaitGroup
}

const (
	rawHead = 8
	rawMost = 64 << 20 // bytes of a frame
)

func newRaw() *raw { return &raw{connections: make(map[net.Conn]struct{})} }

// Serve implements server.
func (r *raw) Serve(l net.Listener) error {
	r.mu.Lock()
	r.listener = l
	r.mu.Unlock()
	for {
		c, err := l.Accept()
		if err != nil {
			r.group.Wait()
			if r.stopped.Load() {
				return nil
			}
			return err
		}
		r.hold(c, true)
		r.group.Go(func() {
			defer r.hold(c, false)
			defer c.Close()
			// Its end, orderly or not, is the client's business.
			_ = echo(c)
		})
	}
}

func (r *raw) hold(c net.Conn, is bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if is {
		r.connections[c] = struct{}{}
		return
	}
	delete(r.connections, c)
}

// Stop implements server.
func (r *raw) Stop() {
	r.stopped.Store(true)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.listener != nil {
		r.listener.Close()
	}
	for c := range r.connections {
		c.Close()
	}
}

func echo(c net.Conn) error {
	in := bufio.NewReaderSize(c, 64<<10)
	var head [rawHead]byte
	var body, out []byte
	for {
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return err
		}
		got, wanted := binary.LittleEndian.Uint32(head[:]), binary.LittleEndian.Uint32(head[4:])
		if got > rawMost || wanted > rawMost {
			return fmt.Errorf("a frame of %d bytes that wants %d: the most is %d", got, wanted, rawMost)
		}
		body = grown(body, int(got))
		if _, err := io.ReadFull(in, body); err != nil {
			return err
		}
		out = grown(out, 4+int(wanted))
		binary.LittleEndian.PutUint32(out, wanted)
		if _, err := c.Write(out); err != nil {
			return err
		}
	}
}

func grown(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}
