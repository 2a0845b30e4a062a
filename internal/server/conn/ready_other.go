//go:build !unix

package conn

import "syscall"

// newSocketReader knows no way: on this system a wait for what comes is a read with its buffer.
func newSocketReader(syscall.Conn) readyReader { return nil }
