//go:build !linux

package machine

import (
	"errors"
	"fmt"
)

var errNotLinux = fmt.Errorf("what a process uses is read on Linux only: %w", errors.ErrUnsupported)

// UsageOf reads what a process has used; 0 is this one.
func UsageOf(int) (Usage, error) { return Usage{}, errNotLinux }

// OpenFiles is the limit of this process, which its children inherit: it caps connections.
func OpenFiles() (uint64, error) { return 0, errNotLinux }
