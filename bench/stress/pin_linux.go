package stress

import (
	"fmt"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// Divide leaves the first processor to the service and keeps this program on the others. It gives the list for [Options.CPUs], "" where there
// is one processor only, which both share then.
func Divide() (service string, err error) {
	n := runtime.NumCPU()
	if n < 2 {
		return "", nil
	}
	var rest unix.CPUSet
	for i := 1; i < n; i++ {
		rest.Set(i)
	}
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return "", err
	}
	for _, thread := range threads { // those that come later inherit it
		id, err := strconv.Atoi(thread.Name())
		if err == nil {
			err = unix.SchedSetaffinity(id, &rest)
		}
		if err != nil {
			return "", fmt.Errorf("this program can't be kept off the first processor: %w", err)
		}
	}
	runtime.GOMAXPROCS(n - 1)
	return "0", nil
}
