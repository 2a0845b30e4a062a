package metrics

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Reasons for which chunks are dropped.
const (
	DropOldest = "drop_oldest"
	DropNewest = "drop_newest"
)

// streams are those that are open.
type streams struct {
	mu   sync.Mutex
	open map[*Stream]struct{}
}

// Stream counts what one live stream does. Its methods may be called concurrently.
type Stream struct {
	recorder  *Recorder
	requestID string
	info      StreamInfo // what doesn't change
	opened    time.Time
	chunks    atomic.Uint64
	active    atomic.Int64 // nanoseconds between opened and what came last
}

// StreamInfo describes an open stream.
type StreamInfo struct {
	SessionID string
	Pipeline  string
	Chunks    uint64 // answered
	Age, Idle time.Duration
}

// OpenStream counts a stream until it is closed.
func (r *Recorder) OpenStream(sessionID, pipeline, requestID string) *Stream {
	s := &Stream{recorder: r, requestID: requestID, opened: time.Now(), info: StreamInfo{SessionID: sessionID, Pipeline: pipeline}}
	r.streams.mu.Lock()
	defer r.streams.mu.Unlock()
	if r.streams.open == nil {
		r.streams.open = make(map[*Stream]struct{})
	}
	r.streams.open[s] = struct{}{}
	return s
}

// Close ends the counting; nothing happens the second time.
func (s *Stream) Close() {
	s.recorder.streams.mu.Lock()
	defer s.recorder.streams.mu.Unlock()
	delete(s.recorder.streams.open, s)
}

// Answered counts a chunk that was processed in the time that it took from receipt to answer. Lasts is how long the chunk's audio
// plays, 0 for none: an answer that took longer is a missed deadline.
func (s *Stream) Answered(took, lasts time.Duration) {
	s.count(statusSuccess, 1)
	s.recorder.chunkLatency.of("").record(took, s.requestID)
	if lasts > 0 && took > lasts {
		s.recorder.missed.of(missedChunk).Add(1)
	}
}

// Failed counts a chunk that a node failed on.
func (s *Stream) Failed() { s.count(statusError, 1) }

// Dropped counts chunks that the stream's policy dropped.
func (s *Stream) Dropped(reason string, n uint64) {
	s.count(statusDropped, n)
	s.recorder.dropped.of(reason).Add(n)
}

func (s *Stream) count(status string, n uint64) {
	s.recorder.chunks.of(status).Add(n)
	s.chunks.Add(n)
	s.active.Store(int64(time.Since(s.opened)))
}

func (s *Stream) describe(now time.Time) StreamInfo {
	info := s.info
	info.Chunks, info.Age = s.chunks.Load(), now.Sub(s.opened)
	info.Idle = max(info.Age-time.Duration(s.active.Load()), 0)
	return info
}

func (s *streams) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

// Streams describes the open streams, oldest first.
func (r *Recorder) Streams() []StreamInfo {
	r.streams.mu.Lock()
	defer r.streams.mu.Unlock()
	now := time.Now()
	out := make([]StreamInfo, 0, len(r.streams.open))
	for s := range r.streams.open {
		out = append(out, s.describe(now))
	}
	slices.SortFunc(out, func(a, b StreamInfo) int {
		return cmp.Or(cmp.Compare(b.Age, a.Age), cmp.Compare(a.SessionID, b.SessionID))
	})
	return out
}
