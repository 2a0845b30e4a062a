package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

// sink takes log lines without ever making the one who logs wait: they go through a bounded buffer to one goroutine that writes
// them. Lines that find the buffer full are lost and counted, and their number is told in a line of its own when the writer takes
// lines again. A line that comes alone is written at once; those that come within gatherTime of it are written together, since a
// goroutine to wake and a system call for each would be a good part of what a small call costs. Its methods are safe for concurrent use.
type sink struct {
	w      io.Writer
	most   int                      // bytes that wait
	report func(lost uint64) []byte // the line about lost lines

	mu       sync.Mutex
	lines    []byte // those that wait, each with a line feed at its end
	spare    []byte // memory for the next lines
	lost     uint64 // all of them
	untold   uint64 // those that no line told of
	writing  bool   // a goroutine is at work
	flushing int    // how many wait for it to end
	hurry    chan struct{}
	idle     sync.Cond
}

// gatherTime is how long lines wait for others to be written with, after a line was written.
const gatherTime = 5 * time.Millisecond

// keptSinkBytes bounds the memory that is kept for the next lines.
const keptSinkBytes = 64 << 10

const defaultSinkBytes = 4 << 20

func newSink(w io.Writer, most int, report func(lost uint64) []byte) *sink {
	s := &sink{w: w, most: most, report: report, hurry: make(chan struct{}, 1)}
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
	if len(s.lines)+len(line) > s.most {
		s.lose(1)
		return len(line), nil
	}
	s.lines = append(s.lines, line...)
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
		if n, err := s.w.Write(batch); err != nil {
			failed = bytes.Count(batch[n:], []byte{'\n'})
		}
		if untold > 0 && failed == 0 {
			if _, err := s.w.Write(s.report(untold)); err == nil {
				untold = 0
			}
		}
		if s.wrote(batch, failed, untold) {
			s.gather()
		}
	}
}

// take returns the lines that wait, and how many lost ones are to be told; nil when there are none.
func (s *sink) take() (batch []byte, untold uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.lines) == 0 {
		s.writing = false
		s.idle.Broadcast()
		return nil, 0
	}
	batch, untold = s.lines, s.untold
	s.lines, s.spare, s.untold = s.spare, nil, 0
	return batch, untold
}

// wrote accounts for a batch, whose memory is used again, and reports whether there is time to gather lines for the next.
func (s *sink) wrote(batch []byte, failed int, untold uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cap(batch) <= keptSinkBytes {
		s.spare = batch[:0]
	}
	s.untold += untold
	s.lose(failed)
	return s.flushing == 0
}

// gather waits for lines to come, unless somebody waits for them to be written.
func (s *sink) gather() {
	timer := time.NewTimer(gatherTime)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.hurry:
	}
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
	s.flushing++
	defer func() { s.flushing-- }()
	select {
	case s.hurry <- struct{}{}:
	default: // it was told already
	}
	for s.writing {
		if ctx.Err() != nil {
			return fmt.Errorf("%d bytes of the log couldn't be written in time: %w", len(s.lines), context.Cause(ctx))
		}
		s.idle.Wait()
	}
	return nil
}
