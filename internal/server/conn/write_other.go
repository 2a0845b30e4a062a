//go:build !unix

package conn

import "syscall"

// socketWriter is for systems on which the program can't write without waiting: there is none.
type socketWriter struct{}

func newSocketWriter(syscall.Conn) *socketWriter { return nil }

func (*socketWriter) WriteNow([]byte) (int, error) { return 0, nil }
