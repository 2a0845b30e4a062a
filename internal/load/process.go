package load

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/remotemedia/remotemedia-go/internal/machine"
)

// Use is what a process used during the measurement.
type Use struct {
	CPU      time.Duration // user and system
	RSSFirst uint64        // resident bytes at its beginning
	RSSLast  uint64
	RSSPeak  uint64 // of samples, one each 100 ms
}

// sampling is how often the memory is looked at.
const sampling = 100 * time.Millisecond

// processWatch knows the server's process; nil where none was told.
type processWatch struct{ pid int }

func watchProcess(pid int) (*processWatch, error) {
	switch {
	case pid == 0:
		return nil, nil
	case pid < 0:
		return nil, fmt.Errorf("load: %d is no process", pid)
	}
	w := &processWatch{pid}
	if _, err := readProcess(pid); errors.Is(err, errors.ErrUnsupported) {
		return nil, errors.New("load: the use of a process can be measured on Linux only: leave the process away")
	} else if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("load: there is no process %d on this machine", pid)
	} else if err != nil {
		return nil, fmt.Errorf("load: process %d: %w", pid, err)
	}
	return w, nil
}

// resident is the memory now, 0 where it isn't known.
func (w *processWatch) resident() uint64 {
	if w == nil {
		return 0
	}
	s, err := readProcess(w.pid)
	if err != nil {
		return 0 // the process has ended, which the load shows
	}
	return s.rss
}

// processState is a process at one moment.
type processState struct {
	cpu time.Duration
	rss uint64
}

func readProcess(pid int) (processState, error) {
	u, err := machine.UsageOf(pid)
	return processState{u.CPU, uint64(u.RSS)}, err
}

// ownProcess is this one, all 0 where that can't be told.
func ownProcess() processState {
	s, err := readProcess(0)
	if err != nil {
		return processState{}
	}
	return s
}

// meter samples the server's process and this one.
type meter struct {
	watch  *processWatch
	end    chan struct{}
	ended  chan struct{}
	server *Use
	own    Use
	ownAt  processState // when the measurement began
	first  processState
}

// start measures from a time on.
func (w *processWatch) start(zero time.Time) *meter {
	m := &meter{watch: w, end: make(chan struct{}), ended: make(chan struct{})}
	go m.run(zero)
	return m
}

func (m *meter) run(zero time.Time) {
	defer close(m.ended)
	timer := time.NewTimer(time.Until(zero))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-m.end:
	}
	m.ownAt = ownProcess()
	m.begin()
	ticker := time.NewTicker(sampling)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			m.sample()
		case <-m.end:
			m.sample()
			own := ownProcess()
			m.own = Use{CPU: own.cpu - m.ownAt.cpu, RSSFirst: m.ownAt.rss, RSSLast: own.rss, RSSPeak: max(m.ownAt.rss, own.rss)}
			return
		}
	}
}

func (m *meter) begin() {
	if m.watch == nil {
		return
	}
	s, err := readProcess(m.watch.pid)
	if err != nil {
		return // the process has ended, which the load shows
	}
	m.first = s
	m.server = &Use{RSSFirst: s.rss, RSSLast: s.rss, RSSPeak: s.rss}
}

func (m *meter) sample() {
	if m.server == nil {
		return
	}
	s, err := readProcess(m.watch.pid)
	if err != nil {
		return // as in begin: what was measured before stands
	}
	m.server.CPU = s.cpu - m.first.cpu
	m.server.RSSLast, m.server.RSSPeak = s.rss, max(m.server.RSSPeak, s.rss)
}

// stop ends the measurement.
func (m *meter) stop() *meter {
	close(m.end)
	<-m.ended
	return m
}
