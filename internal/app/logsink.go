package app

import (
	"context"
	"fmt"
	"io"
	"sync"
)

// sink takes log lines without ever making the one who logs wait: they go through a bounded buffer to one goroutine that writes
// them. Lines that find the buffer full are lost and counted, and their number is told in a line of its own when the writer takes
// lines again. Its methods are safe for concurrent use.
type sink struct {
	w      io.Writer
	most   int                      // bytes that wait
	report func(lost uint64) []byte // the line about lost lines

	mu      sync.Mutex
	lines   [][]byte
	bytes   int
	lost    uint64 // all of them
	untold  uint64 // those that no line told of
	writing bool   // a goroutine is at work
	idle    sync.Cond
}

const defaultSinkBytes = 4 << 20

func newSink(w io.Writer, most int, report func(lost uint64) []byte) *sink {
	s := &sink{w: w, most: most, report: report}
	if s.most <= 0 {
		s.most = defaultSinkBytes
	}
	s.idle.L = &s.mu
	return s
}

// Write takes one line, which the caller may use again. It always reports success: nobody could do anything about a lost line.
func (s *sink) Write(line []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bytes+len(line) > s.most {
		s.lose(1)
		return len(line), nil
	}
	s.lines = append(s.lines, append([]byte(nil), line...))
	s.bytes += len(line)
	if !s.writing {
		s.writing = true
		go s.drain()
	}
	return len(line), nil
}

func (s *sink) lose(n int) {
	s.lost += uint64(n)
	s.untold += uint64(n)
}

// drain writes what waits, and ends when nothing does.
func (s *sink) drain() {
	for {
		batch, untold := s.take()
		if batch == nil {
			return
		}
		failed := 0
		for _, line := range batch {
			if _, err := s.w.Write(line); err != nil {
				failed++
			}
		}
		if untold > 0 && failed == 0 {
			if _, err := s.w.Write(s.report(untold)); err == nil {
				untold = 0
			}
		}
		s.mu.Lock()
		s.untold += untold
		s.lose(failed)
		s.mu.Unlock()
	}
}

// take returns the lines that wait, and how many lost ones are to be told; nil when there are none.
func (s *sink) take() (batch [][]byte, untold uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.lines) == 0 {
		s.writing = false
		s.idle.Broadcast()
		return nil, 0
	}
	batch, untold = s.lines, s.untold
	s.lines, s.bytes, s.untold = nil, 0, 0
	return batch, untold
}

// dropped returns how many lines were lost.
func (s *sink) dropped() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost
}

// flush waits until all that was logged before has been written, at most until ctx is done.
func (s *sink) flush(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.idle.Broadcast()
	})
	defer stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.writing {
		if ctx.Err() != nil {
			return fmt.Errorf("%d bytes of the log couldn't be written in time: %w", s.bytes, context.Cause(ctx))
		}
		s.idle.Wait()
	}
	return nil
}
