// Package benchtest helps the tests of the benchmarks.
package benchtest

import (
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// Programs builds the service and the echo into a folder of the test, and skips the test where they can't be measured.
func Programs(t testing.TB) (folder string) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("what a process uses is read on Linux only")
	}
	folder = t.TempDir()
	cmd := exec.Command("go", "build", "-o", folder, "./cmd/remotemedia", "./bench/peers/goecho")
	cmd.Dir = filepath.Join("..", "..")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return folder
}
