package conn

import (
	"crypto/tls"
	"io"
	"net"
	"syscall"

	"google.golang.org/grpc/mem"
)

// readyReader waits for something to read before it takes a buffer, so that a connection on which nothing comes holds none: grpc's are of 32 KiB.
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
