//go:build unix

package conn

import (
	"errors"
	"io"
	"syscall"

	"google.golang.org/grpc/mem"
)

// socketReader has the system wait until the socket can be read. Its state is kept in it, as a function made for each read would be on the heap.
type socketReader struct {
	raw  syscall.RawConn
	size int
	pool mem.BufferPool
	buf  *[]byte
	n    int
	err  error
	try  func(fd uintptr) (done bool)
}

// rawOf returns what the system knows a socket by, nil where there is none.
func rawOf(c syscall.Conn) syscall.RawConn {
	if c == nil {
		return nil
	}
	raw, err := c.SyscallConn()
	if err != nil { // it is closed, which the next use will tell
		return nil
	}
	return raw
}

func newSocketReader(c syscall.Conn) readyReader {
	raw := rawOf(c)
	if raw == nil {
		return nil
	}
	r := &socketReader{raw: raw}
	r.try = r.once
	return r
}

// once reads if there is something to read, and reports whether there was, or was an error.
func (r *socketReader) once(fd uintptr) (done bool) {
	r.buf = r.pool.Get(r.size)
	for {
		r.n, r.err = syscall.Read(int(fd), *r.buf)
		if r.err != syscall.EINTR {
			break
		}
	}
	if r.err != nil || r.n <= 0 {
		r.pool.Put(r.buf)
		r.buf = nil
	}
	return !errors.Is(r.err, syscall.EAGAIN)
}

func (r *socketReader) ReadOnReady(size int, pool mem.BufferPool) (*[]byte, int, error) {
	r.size, r.pool = size, pool
	err := r.raw.Read(r.try)
	buf, n, failed := r.buf, r.n, r.err
	r.pool, r.buf, r.n, r.err = nil, nil, 0, nil
	switch {
	case err != nil:
		if buf != nil {
			pool.Put(buf)
		}
		return nil, 0, err
	case failed != nil:
		return nil, 0, failed
	case buf == nil:
		return nil, 0, io.EOF
	}
	return buf, n, nil
}
