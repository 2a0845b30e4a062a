package machine

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// UsageOf reads what a process has used; 0 is this one.
func UsageOf(pid int) (Usage, error) {
	if pid == 0 {
		pid = os.Getpid()
	}
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return Usage{}, err
	}
	defer f.Close()
	u, err := parseStatus(f)
	if err != nil {
		return Usage{}, err
	}
	u.CPU, err = cpuOf(pid)
	return u, err
}

// cpuOf reads the clock of a process's CPU time, which counts nanoseconds where /proc/PID/stat counts hundredths of a second. Its
// number is that of clock_getcpuclockid(3).
func cpuOf(pid int) (time.Duration, error) {
	const scheduler = 2
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|scheduler), &t); err != nil {
		return 0, fmt.Errorf("CPU time of process %d: %w", pid, err)
	}
	return time.Duration(t.Nano()), nil
}

// OpenFiles is the limit of this process, which its children inherit: it caps connections.
func OpenFiles() (uint64, error) {
	var limit unix.Rlimit
	err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit)
	return limit.Cur, err
}
