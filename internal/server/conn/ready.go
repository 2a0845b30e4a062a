package conn

import (
	"crypto/tls"
	"io"
	"net"
	"syscall"

	"google.golang.org/grpc/mem"
)

// readyReader waits for something to read before it takes a buffer, so that a connection on which nothing comes holds none: those that are read into are of 32 KiB.
// The bytes are buf[:n]; buf is nil where there are none. It belongs to the goroutine that reads.
type readyReader interface {
	ReadOnReady(size int, pool mem.BufferPool) (buf *[]byte, n int, err error)
}

// readyReaderOf finds the way to wait on a connection: the system tells when a socket has something, of TLS that isn't known, and everything
// else is waited for with the buffer in hand.
func readyReaderOf(c net.Conn) readyReader {
	if t, ok := c.(*tls.Conn); ok {
		return &tlsReader{conn: t}
	}
	if r := newSocketReader(socketOf(c)); r != nil {
		return r
	}
	return plainReader{c}
}

// Socket is a connection that can be waited for without a buffer, and written to without waiting, where the system knows how. One goroutine
// may read and another write.
type Socket struct {
	net.Conn
	ready  readyReader
	writer *socketWriter // nil: only by waiting
}

// NewSocket makes one of a connection behind its handshake.
func NewSocket(c net.Conn) *Socket { return &Socket{c, readyReaderOf(c), writerOf(c)} }

// ReadOnReady is Read with a buffer of the pool that is taken when there is something to read: buf[:n], which the caller puts back. buf is
// nil where there is nothing, and err says why.
func (s *Socket) ReadOnReady(size int, pool mem.BufferPool) (buf *[]byte, n int, err error) {
	return s.ready.ReadOnReady(size, pool)
}

// WriteNow writes what the peer takes at the moment, which may be nothing, and doesn't wait.
func (s *Socket) WriteNow(p []byte) (int, error) {
	if s.writer == nil {
		return 0, nil
	}
	return s.writer.WriteNow(p)
}

// CloseWrite ends what is written and reports whether the connection goes on without it: one that can't be ended in halves stays as it is.
func (s *Socket) CloseWrite() bool {
	for c := s.Conn; ; {
		switch inner := c.(type) {
		case interface{ CloseWrite() error }:
			return inner.CloseWrite() == nil
		case wrapper:
			c = inner.Wrapped()
		default:
			return false
		}
	}
}

// writerOf finds the way to write without waiting, which there is for the socket alone: TLS must have written its record whole.
func writerOf(c net.Conn) *socketWriter {
	if _, ok := c.(*tls.Conn); ok {
		return nil
	}
	return newSocketWriter(socketOf(c))
}

// wrapper is a connection that only adds to another, whose bytes it neither changes nor holds.
type wrapper interface{ Wrapped() net.Conn }

// socketOf returns the socket under a connection, nil where the bytes aren't those of a socket.
func socketOf(c net.Conn) syscall.Conn {
	for {
		switch inner := c.(type) {
		case wrapper:
			c = inner.Wrapped()
		case *net.TCPConn:
			return inner
		case *net.UnixConn:
			return inner
		default:
			return nil
		}
	}
}

// plainReader takes its buffer first.
type plainReader struct{ conn net.Conn }

func (r plainReader) ReadOnReady(size int, pool mem.BufferPool) (*[]byte, int, error) {
	return readInto(r.conn, size, pool)
}

// readInto reads once into a buffer of the pool.
func readInto(from io.Reader, size int, pool mem.BufferPool) (*[]byte, int, error) {
	buf := pool.Get(size)
	n, err := from.Read(*buf)
	if n <= 0 {
		pool.Put(buf)
		return nil, 0, err
	}
	return buf, n, err
}

// tlsReader waits with a few bytes of its own for the beginning of a record, the rest of which then needs no waiting.
type tlsReader struct {
	conn  net.Conn
	first [512]byte
	more  bool // the last read was as long as it could be: there is a rest
}

func (r *tlsReader) ReadOnReady(size int, pool mem.BufferPool) (*[]byte, int, error) {
	if r.more {
		buf, n, err := readInto(r.conn, size, pool)
		r.more = buf != nil && n == len(*buf)
		return buf, n, err
	}
	n, err := r.conn.Read(r.first[:])
	if n <= 0 {
		return nil, 0, err
	}
	buf := pool.Get(size)
	taken := copy(*buf, r.first[:n]) // size is far above that of first
	r.more = n == len(r.first)
	return buf, taken, err
}
