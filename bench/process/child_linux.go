package process

import (
	"os/exec"
	"runtime"
	"sync"
	"syscall"
)

// parent is the thread that starts all children. The kernel ends a child when the thread that started it does, so that this one
// stays for as long as the program: a child is ended even if the program is killed.
var parent = sync.OnceValue(func() chan<- func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		for f := range work {
			f()
		}
	}()
	return work
})

func startChild(c *exec.Cmd) error {
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	parent() <- func() { started <- c.Start() }
	return <-started
}
