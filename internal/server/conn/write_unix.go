//go:build unix

package conn

import (
	"errors"
	"syscall"
)

// socketWriter writes to a socket what it takes at the moment. Its state is kept in it, as a function made for each write would be on the heap.
type socketWriter struct {
	raw syscall.RawConn
	p   []byte
	n   int
	err error
	try func(fd uintptr) (done bool)
}

func newSocketWriter(c syscall.Conn) *socketWriter {
	raw := rawOf(c)
	if raw == nil {
		return nil
	}
	w := &socketWriter{raw: raw}
	w.try = w.once
	return w
}

// once writes as much as there is room for. It is always done: who wants to wait writes to the connection itself.
func (w *socketWriter) once(fd uintptr) (done bool) {
	w.n, w.err = 0, nil
	for len(w.p) > 0 {
		n, err := syscall.Write(int(fd), w.p)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case err != nil:
			if !errors.Is(err, syscall.EAGAIN) {
				w.err = err
			}
			return true
		}
		w.n += n
		w.p = w.p[n:]
	}
	return true
}

func (w *socketWriter) WriteNow(p []byte) (int, error) {
	w.p = p
	err := w.raw.Write(w.try)
	w.p = nil
	if err != nil {
		return 0, err
	}
	return w.n, w.err
}
