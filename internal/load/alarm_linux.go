package load

import (
	"container/heap"
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// kernelAlarms use one timer of the kernel, which the runtime's network poller waits on: its wakeups are precise to some
// microseconds, cost no thread, and no spinning.
type kernelAlarms struct {
	mu    sync.Mutex
	fd    int
	file  *os.File
	queue alarmQueue
	ended chan struct{}
}

// alarm is a waiter's turn.
type alarm struct {
	at   time.Time
	ring chan struct{}
}

type alarmQueue []alarm

func (q alarmQueue) Len() int           { return len(q) }
func (q alarmQueue) Less(i, j int) bool { return q[i].at.Before(q[j].at) }
func (q alarmQueue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }

// Push implements heap.Interface.
func (q *alarmQueue) Push(v any) { *q = append(*q, v.(alarm)) }

// Pop implements heap.Interface.
func (q *alarmQueue) Pop() any {
	last := len(*q) - 1
	v := (*q)[last]
	(*q)[last] = alarm{}
	*q = (*q)[:last]
	return v
}

// preciseAlarms gives nil where the kernel has no such timers.
func preciseAlarms() alarms {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil
	}
	a := &kernelAlarms{fd: fd, file: os.NewFile(uintptr(fd), "timer"), ended: make(chan struct{})}
	go a.run()
	return a
}

// run rings, until the timer is closed.
func (a *kernelAlarms) run() {
	defer close(a.ended)
	expirations := make([]byte, 8)
	for {
		if _, err := a.file.Read(expirations); err != nil {
			return
		}
		a.mu.Lock()
		for now := time.Now(); len(a.queue) > 0 && !a.queue[0].at.After(now); {
			heap.Pop(&a.queue).(alarm).ring <- struct{}{} // has room: each waiter waits for one alarm at a time
		}
		a.arm()
		a.mu.Unlock()
	}
}

// arm sets the timer to the first alarm. The caller holds the lock.
func (a *kernelAlarms) arm() {
	if len(a.queue) == 0 {
		return
	}
	in := max(time.Until(a.queue[0].at), time.Nanosecond) // 0 would disarm it
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(in))}
	if err := unix.TimerfdSettime(a.fd, 0, &spec, nil); err != nil {
		a.ringAll() // nobody is left waiting for ever
	}
}

func (a *kernelAlarms) ringAll() {
	for _, w := range a.queue {
		w.ring <- struct{}{}
	}
	a.queue = nil
}

func (a *kernelAlarms) add(w alarm) {
	a.mu.Lock()
	defer a.mu.Unlock()
	heap.Push(&a.queue, w)
	if a.queue[0].ring == w.ring {
		a.arm()
	}
}

func (a *kernelAlarms) waiter() waiter { return &kernelWaiter{alarms: a} }

func (a *kernelAlarms) close() error {
	err := a.file.Close()
	<-a.ended
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

type kernelWaiter struct {
	alarms *kernelAlarms
	ring   chan struct{} // nil: one is to be made
}

func (w *kernelWaiter) until(ctx context.Context, t time.Time) error {
	if !t.After(time.Now()) {
		return ctx.Err()
	}
	if w.ring == nil {
		w.ring = make(chan struct{}, 1)
	}
	w.alarms.add(alarm{t, w.ring})
	select {
	case <-w.ring:
		return nil
	case <-ctx.Done():
		w.ring = nil // it may still ring
		return ctx.Err()
	}
}
