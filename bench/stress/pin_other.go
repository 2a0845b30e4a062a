//go:build !linux

package stress

import "errors"

// Divide needs Linux.
func Divide() (service string, err error) {
	return "", errors.New("service and load can be kept apart on Linux only")
}
