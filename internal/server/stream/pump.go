package stream

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/internal/metrics"
	"github.com/remotemedia/remotemedia-go/internal/stack"
	"github.com/remotemedia/remotemedia-go/internal/wire"
)

// pumped is what the pump counts. One pump runs at a time; the atomics are read by the handler at the end.
type pumped struct {
	chunks   atomic.Uint64 // answered, dropped ones included
	samples  atomic.Uint64 // of the input, over all channels
	last     uint64        // sequence of the last answer
	warned   int           // warnings told so far
	latency  *metrics.Histogram
	encoding time.Duration
	began    time.Time
	ended    bool

	message *pb.StreamResponse // of each result, used again
	frame   wire.Frame         // it, encoded
	inputs  []engine.Input     // of the turn
	turn    turn
}

// turn is what the session is at work for.
type turn struct {
	work     work
	sequence uint64
	slot     Slot // nil where the processors aren't shared out
}

var errCancelCommand = errors.New("the client sent COMMAND_CANCEL")

// pump does what waits, in order, and ends when nothing does, or when it was left behind in a node.
func (s *stream) pump() {
	stack.GrowHalf()
	s.quiet.rest()
	for {
		ended := s.pumped.ended // which is the next pump's as soon as the queue knows that this one ends
		e, ok, closed := s.queue.next()
		if !ok {
			if closed {
				s.dispose()
			} else if !ended {
				s.quiet.arm(s.opts.IdleTimeout, s.onIdle)
			}
			return
		}
		if err := s.perform(&e); err != nil {
			return // and leaves all that it worked with to the pump that goes on
		}
	}
}

// goOn is pump in the place of one that is stuck in a node, whose turn failed.
func (s *stream) goOn(err error) {
	if s.pumped.turn.slot != nil {
		s.pumped.turn.slot.Release()
	}
	s.turnFailed(err)
	s.pump()
}

// perform does one entry. The error is engine.ErrGivenUp or nil.
func (s *stream) perform(e *entry) error {
	if s.pumped.ended {
		release(e)
		return nil
	}
	switch e.work {
	case doReady:
		s.send(s.ready(e.sequence))
	case doChunk:
		return s.process(e)
	case doDrops:
		s.answerDrops(e)
	case doFail:
		s.endByFailure(e.err, e.sequence)
	case doClose:
		return s.flushAndClose(e)
	case doAbort:
		s.close(e.reason, e.code)
	}
	return nil
}

// process runs one chunk's turn and answers it.
func (s *stream) process(e *entry) error {
	out, err := s.turn(e, s.opened.Session.Turn)
	if err != nil {
		return s.turnFailed(err)
	}
	r := s.reply()
	r.Sequence = e.sequence
	s.answer(out, e, r)
	s.metricsDue()
	return nil
}

// turn runs the session for an entry, with its share of the processors where these are shared out.
func (s *stream) turn(e *entry, run func(context.Context, []engine.Input) (*engine.Output, error)) (*engine.Output, error) {
	s.pumped.turn = turn{work: e.work, sequence: e.sequence}
	if s.opts.Compute != nil {
		slot, err := s.opts.Compute(s.turns, e.received)
		if err != nil {
			release(e)
			return nil, notRun(err)
		}
		defer slot.Release()
		s.pumped.turn.slot = slot
		s.opened.Session.SetSlot(slot)
	}
	out, err := run(s.turns, s.join(e.input))
	if !errors.Is(err, engine.ErrGivenUp) {
		clear(s.pumped.inputs)
	}
	return out, err
}

// turnFailed answers the error of a turn, unless another pump does.
func (s *stream) turnFailed(err error) error {
	if errors.Is(err, engine.ErrGivenUp) {
		return err
	}
	if f := fault.From(err); s.pumped.turn.work == doChunk {
		s.answerFailure(f, s.pumped.turn.sequence)
	} else if !s.unheard(f) {
		s.endByFailure(f, s.pumped.last)
	}
	return nil
}

// notRun is the error of a turn whose stream ended before it got its share.
func notRun(err error) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return f
	}
	return fault.Wrap(fault.CodeCanceled, err, "the stream was given up")
}

// join adds the init's data to the first turn. An input without an item is none.
func (s *stream) join(first engine.Input) []engine.Input {
	inputs := s.pumped.inputs[:0]
	if first.Item.Kind != 0 {
		inputs = append(inputs, first)
	}
	s.pumped.inputs = append(inputs, s.receiver.joining...)
	s.receiver.joining = nil
	return s.pumped.inputs
}

// answerFailure tells an error of a chunk. It ends the stream, except for an error of a node where the stream asked to go on.
func (s *stream) answerFailure(err *fault.Error, sequence uint64) {
	if s.unheard(err) {
		return
	}
	goesOn := s.continues && err.Kind == fault.NodeExecution
	s.opts.Observer.Failed(err, goesOn)
	if !goesOn {
		s.endByFailure(err, sequence)
		return
	}
	s.sendError(err, sequence)
	s.counted(1, sequence)
	s.metricsDue()
}

// answerDrops gives each dropped chunk its answer and takes the nodes over the gap.
func (s *stream) answerDrops(e *entry) {
	for n, g := range e.drops.frames {
		if err := s.opened.Session.Skip(n, g.frames, g.rate); err != nil {
			s.answerFailure(fault.From(err), e.drops.runs[0].first)
			return
		}
	}
	s.opts.Observer.Dropped(s.queue.policy, e.drops.count())
	for _, run := range e.drops.runs {
		for i := range run.count {
			s.answerDrop(e, run.first+i)
		}
	}
}

func (s *stream) answerDrop(e *entry, sequence uint64) {
	if s.pumped.ended {
		return
	}
	s.counted(1, sequence)
	r := s.reply()
	r.Sequence, r.Dropped, r.ProcessingTimeMs = sequence, true, ms(time.Since(e.received))
	r.TotalSamplesProcessed = s.pumped.samples.Load()
	s.send(s.pumped.message)
	s.metricsDue()
}

// flushAndClose runs the last turn, sends what it gives, if anything, and ends the stream.
func (s *stream) flushAndClose(e *entry) error {
	if s.isOpen() {
		e.received = time.Now()
		out, err := s.turn(e, s.opened.Session.Flush)
		if err != nil {
			return s.turnFailed(err)
		}
		if empty(out) {
			out.Release()
		} else {
			r := s.reply()
			r.Sequence, r.IsFinal = s.pumped.last, true
			s.answer(out, &entry{received: time.Now()}, r)
		}
	}
	s.close(e.reason, e.code)
	return nil
}

// unheard reports whether an error needs no telling: the client sent CANCEL, whose answer is next in the queue, or is gone.
func (s *stream) unheard(err *fault.Error) bool {
	if errors.Is(err, errCancelCommand) {
		return true
	}
	gone := s.conn.Context().Err() != nil
	if gone {
		s.pumped.ended = true
		s.cut(s.goneBecause())
	}
	return gone
}

// endByFailure tells an error and ends the stream.
func (s *stream) endByFailure(err *fault.Error, sequence uint64) {
	s.sendError(err, sequence)
	s.close("error", closeCodeOf(err))
}

// close sends the last message and ends the stream.
func (s *stream) close(reason string, code int32) {
	if s.pumped.ended {
		return
	}
	s.pumped.ended = true
	s.send(s.closed(reason, code))
	s.cut(reason, nil)
}

// send gives the peer one message, and cuts the stream if it isn't taken in time or can't be sent.
func (s *stream) send(m *pb.StreamResponse) {
	s.stall.arm(s.opts.SendTimeout, s.onStall)
	s.sent(s.conn.Send(m))
}

// sendResult is send for the answer in pumped.
func (s *stream) sendResult() {
	s.stall.arm(s.opts.SendTimeout, s.onStall)
	s.sent(s.conn.SendResult(&s.pumped.frame))
}

func (s *stream) sent(err error) {
	s.stall.rest()
	if err != nil {
		s.pumped.ended = true
		s.cut("Client disconnected", err)
	}
}

// counted notes that a chunk was answered.
func (s *stream) counted(n, sequence uint64) {
	s.pumped.chunks.Add(n)
	s.pumped.last = sequence
}

func (s *stream) metricsDue() {
	every := s.every
	if every == 0 {
		every = 10
	}
	if n := s.pumped.chunks.Load(); n%every == 0 && !s.pumped.ended {
		s.send(s.metrics())
	}
}

func empty(out *engine.Output) bool {
	for _, n := range out.Nodes {
		if len(n.Items) > 0 {
			return false
		}
	}
	return true
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
