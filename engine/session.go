package engine

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/graph"
	"github.com/remotemedia/remotemedia-go/mem"
	"github.com/remotemedia/remotemedia-go/node"
)

// Input is an external item for one node. The session takes over the reference to its audio.
type Input struct {
	Node int // index into Plan.Nodes
	Item node.Item
	// HasTime says that the item's media time (Stamp.Micros) was given by the client; otherwise it goes on from the
	// item before.
	HasTime bool
}

// Session is one execution or stream. Its methods are called by one goroutine, and one at a time; Account, Stats and
// Warnings may be read between them.
type Session struct {
	engine  *Engine
	plan    *graph.Plan
	limits  Limits
	account *mem.Account
	nodes   []instance
	warned  warnings
	slot    Slot
	stats   []NodeStats            // when they were last asked for
	dirty   bool                   // a job was run since
	givenUp func(error)            // of a session that works inline
	spare   atomic.Pointer[Output] // an output that was let go, for the next job

	mu      sync.Mutex // guards state and limiter
	state   state
	limiter timeLimiter

	ctx     context.Context // of the job being run
	started time.Time       // of the job being run
	tell    func(error)     // that the job is given up
	output  *Output         // being collected
	current atomic.Int32    // position in plan.Order of the node at work
	flushed bool
}

type state uint8

const (
	idle state = iota
	running
	abandoned
	closed
)

// build makes the instances.
func (s *Session) build() error {
	s.nodes = make([]instance, len(s.plan.Nodes))
	for i := range s.plan.Nodes {
		if err := s.nodes[i].init(s, i); err != nil {
			return err
		}
	}
	return nil
}

// SetSlot names the place on the processors that the session holds, which is given back while a node waits.
func (s *Session) SetSlot(slot Slot) { s.slot = slot }

// Plan returns what the session runs.
func (s *Session) Plan() *graph.Plan { return s.plan }

// Account is charged for everything the session holds; inputs are adopted into it.
func (s *Session) Account() *mem.Account { return s.account }

// Limits returns the limits in force.
func (s *Session) Limits() Limits { return s.limits }

// Warned reports whether there are warnings.
func (s *Session) Warned() bool { return len(s.warned.texts) > 0 }

// Warnings returns what the nodes warned of so far, each text once.
func (s *Session) Warnings() []string { return s.warned.list() }

// Stats returns the figures of each of Plan.Nodes since the session began; of a job that was given up they aren't known. The
// slice is read-only.
func (s *Session) Stats() []NodeStats {
	if s.is(idle) && s.dirty || s.stats == nil {
		s.collect()
	}
	return s.stats
}

// Figures is Stats without the nodes' own figures, into memory of the caller's: the cheap way for every turn. After a job that was
// given up it tells what was known before.
func (s *Session) Figures(into []NodeStats) []NodeStats {
	if !s.is(idle) {
		return append(into[:0], s.Stats()...)
	}
	into = into[:0]
	for i := range s.nodes {
		into = append(into, s.nodes[i].stats)
	}
	return into
}

// collect takes the figures, when no job is running.
func (s *Session) collect() {
	s.stats, s.dirty = make([]NodeStats, len(s.nodes)), false
	if !s.is(idle) {
		return
	}
	for i := range s.nodes {
		s.nodes[i].report()
		s.stats[i] = s.nodes[i].stats
	}
}

// Execute runs a whole execution: one turn with all inputs and the flush turn. The output is the caller's to release.
// The error is a *fault.Error.
func (s *Session) Execute(ctx context.Context, inputs []Input) (*Output, error) {
	out, err := s.do(ctx, job{inputs, true, true})
	if err == nil {
		out.Stats = s.Stats()
	}
	return out, err
}

// Turn runs one turn of a stream with the inputs that entered together. After an error of kind NodeExecution the session may
// be used on; after any other it is to be closed.
func (s *Session) Turn(ctx context.Context, inputs []Input) (*Output, error) {
	return s.do(ctx, job{inputs, true, false})
}

// Flush runs the last turn: inputs that joined no other, then what the nodes hold back.
func (s *Session) Flush(ctx context.Context, inputs []Input) (*Output, error) {
	return s.do(ctx, job{inputs, len(inputs) > 0, true})
}

// Skip tells the nodes that a chunk for node i with the given number of frames at the given rate was dropped: the sample clock
// goes on and their state starts anew. The error is a *fault.Error, of a node that panicked; the session is to be closed then.
func (s *Session) Skip(i int, frames int64, rate int) error {
	if rate > 0 {
		s.nodes[i].clock.advance(frames, rate)
	}
	for n := range s.nodes {
		if err := s.nodes[n].reset(); err != nil {
			return err
		}
	}
	return nil
}

// reset has the node forget what it has heard, if it remembers.
func (n *instance) reset() error {
	r, ok := n.proc.(node.Resetter)
	if !ok {
		return nil
	}
	if err := Guard(func() error { r.Reset(); return nil }); err != nil {
		return fault.From(err).WithNode(n.node.ID).WithOp("node.reset")
	}
	return nil
}

// Close ends the session and lets go of all it holds. A worker that is still stuck in a node goes on alone, with what it
// holds still charged, and closes the session when it ends.
func (s *Session) Close() {
	if s.is(idle) {
		s.Stats()
	}
	s.mu.Lock()
	s.limiter.end()
	last := s.state == idle
	if last {
		s.state = closed
	}
	s.mu.Unlock()
	if last {
		s.dispose()
	}
}

func (s *Session) dispose() {
	for i := range s.nodes {
		s.nodes[i].close()
	}
	s.engine.open.Add(-1)
}

// stamp places an external item on the clock of the node it enters.
func (n *instance) stamp(in *Input) {
	b := in.Item.Audio
	if b == nil {
		if !in.HasTime {
			in.Item.Stamp = n.clock.now()
		}
		return
	}
	if in.HasTime {
		n.clock.set(b.Stamp.Micros)
	}
	id := b.Stamp.StreamID
	n.clock.advance(0, b.Format.Rate)
	b.Stamp = n.clock.now()
	b.Stamp.StreamID = id
	n.clock.advance(int64(b.Frames()), b.Format.Rate)
}

func releaseInputs(inputs []Input) {
	for i := range inputs {
		releaseAudio(&inputs[i].Item)
	}
}
