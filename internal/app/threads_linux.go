package app

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// letThreadsRun is what lets another thread have the processor, where there is one only. Threads that read and write wait there for the one that
// computes, up to a tick of the system's clock, which is 4 ms with many kernels.
func letThreadsRun() func() {
	if runtime.NumCPU() > 1 {
		return nil
	}
	return func() { unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) } // it can't fail
}
