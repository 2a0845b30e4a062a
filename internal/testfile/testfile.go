// Package testfile replaces files in tests, as editors and mounts do.
package testfile

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
	"testing"
	"time"
)

// patience is how long a file that somebody reads is tried to be replaced, on Windows.
const patience = 20 * time.Second

// Rename renames a file over another one. On Windows that is refused while somebody has the other one open, so that whoever replaces a
// file there tries again.
func Rename(t testing.TB, from, to string) {
	t.Helper()
	for end := time.Now().Add(patience); ; {
		err := os.Rename(from, to)
		if err == nil {
			return
		}
		if runtime.GOOS != "windows" || !errors.Is(err, fs.ErrPermission) || time.Now().After(end) {
			t.Fatal(err)
		}
	}
}
