// Package stream is one StreamPipeline call: the state machine of contract section 7 between a connection and an engine
// session. A receiver reads requests, checks them and queues chunks; a pump, which lives only while there is work, processes
// them and sends the answers; the handler waits for the end. Nothing here knows gRPC.
package stream

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/google/uuid"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/mem"
)

// Conn is the client's side of a stream. The methods that receive and those that send may be called at the same time, each by one
// goroutine, and all return soon after the handler did.
type Conn interface {
	Context() context.Context
	// Recv returns the next request, which holds until the one after is asked for, or Done called.
	Recv() (*pb.StreamRequest, error)
	// Audio takes the samples of the last request over into an account; see wire.Payloads.
	Audio(in *pb.AudioBuffer, account *mem.Account) (b *audio.Buffer, hasTime bool, err error)
	// Done is called when no more requests are asked for.
	Done()

	Send(*pb.StreamResponse) error
	// SendResult sends an answer of the host's.
	SendResult(*wire.Frame) error
}

// Opened is a stream's pipeline, ready to run.
type Opened struct {
	Session  *engine.Session
	Data     []engine.Input // the init's data inputs, in manifest order; they join the first chunk's turn
	Warnings []string       // of the manifest and the limits, told with the first result
}

// Host is what the service gives to a stream.
type Host interface {
	// Open negotiates the version, compiles the manifest and opens a session.
	Open(ctx context.Context, init *pb.StreamInit) (*Opened, *fault.Error)
	// Failure renders an error for the wire.
	Failure(err *fault.Error) *pb.ErrorResponse
	// Result encodes an answer with a result and what the sinks gave, whose audio it holds on to until it was sent.
	Result(r *pb.ChunkResult, s *engine.Session, out *engine.Output) (wire.Frame, error)
	// Metrics renders the figures of a session since it began: the stream's wall time and the time spent on messages.
	Metrics(s *engine.Session, wall, serialization time.Duration) *pb.ExecutionMetrics
}

// Options are the times and bounds of a stream. The zero value of each field means its default.
type Options struct {
	InitTimeout time.Duration // for the first request; default 30 s
	IdleTimeout time.Duration // without any request; default 300 s
	SendTimeout time.Duration // for one answer to be taken by the peer; default 30 s
	QueueChunks int           // default 10
	QueueBytes  int           // default 256 KiB
	// Drain is closed when the service shuts down: what waits is still processed, then the stream is closed.
	Drain <-chan struct{}
	// Ended, if set, is told why the stream ended. For the log.
	Ended func(Summary)
	// Compute, if set, gives a turn its share of the processors. Came is when the chunk did. It may wait until the context ends.
	Compute func(ctx context.Context, came time.Time) (Slot, error)
	// Observer, if set, is told what happens. For metrics.
	Observer Observer
}

// Slot is a turn's share of the processors.
type Slot interface {
	engine.Slot
	// Release gives it back.
	Release()
}

// Observer is told what happens in a stream. Opened is called before everything else, and not after Ended; the other methods by
// one goroutine at a time, between turns, perhaps also after Ended.
type Observer interface {
	// Opened tells the session, before the first chunk.
	Opened(sessionID string, session *engine.Session)
	// Answered tells how long a chunk took from receipt to answer, and how long its audio lasts, 0 for none.
	Answered(took, lasts time.Duration)
	// Failed tells of a chunk that failed, and whether the stream goes on.
	Failed(err *fault.Error, goesOn bool)
	// Dropped tells how many chunks a policy dropped.
	Dropped(policy Policy, n uint64)
}

type unobserved struct{}

func (unobserved) Opened(string, *engine.Session)        {}
func (unobserved) Answered(time.Duration, time.Duration) {}
func (unobserved) Failed(*fault.Error, bool)             {}
func (unobserved) Dropped(Policy, uint64)                {}

// Summary says what a stream did.
type Summary struct {
	SessionID string
	Pipeline  string
	Reason    string
	Chunks    uint64
	Dropped   uint64
	Samples   uint64
	Err       error // why it was cut, nil for a stream that was closed in band
}

func (o Options) withDefaults() Options {
	set := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	set(&o.InitTimeout, 30*time.Second)
	set(&o.IdleTimeout, 300*time.Second)
	set(&o.SendTimeout, 30*time.Second)
	if o.QueueChunks == 0 {
		o.QueueChunks = DefaultQueueChunks
	}
	if o.QueueBytes == 0 {
		o.QueueBytes = DefaultQueueBytes
	}
	if o.Observer == nil {
		o.Observer = unobserved{}
	}
	return o
}

// ErrStalled is why a stream was cut whose peer didn't take an answer in time.
var ErrStalled = errors.New("the peer doesn't read its answers")

// Run serves one stream and returns when it has ended: nil after an end that the client was told in band, otherwise why it
// was cut.
func Run(conn Conn, host Host, opts Options) error {
	s := &stream{conn: conn, host: host, opts: opts.withDefaults(), id: uuid.NewString(), done: make(chan struct{})}
	pump := s.pump // once for all pumps
	s.queue = newQueue(s.opts.QueueChunks, s.opts.QueueBytes, func() { go pump() })
	s.turns, s.stopTurns = context.WithCancelCause(conn.Context())
	s.onIdle, s.onStall = s.idledOut, func() { s.cut("Client doesn't read", ErrStalled) }
	s.quiet.arm(s.opts.InitTimeout, s.initTimedOut)
	go s.receive(true)
	s.wait()
	return s.end()
}

type stream struct {
	conn  Conn
	host  Host
	opts  Options
	id    string
	queue *queue
	quiet watch // for a request
	stall watch // for an answer to be taken

	onIdle, onStall func() // what they call

	turns     context.Context // of every turn; stopped by CANCEL and by the end
	stopTurns context.CancelCauseFunc

	finish sync.Once
	done   chan struct{}
	err    error  // why the stream was cut; set before done is closed
	reason string // how it ended; set before done is closed

	continues bool    // errors of nodes don't end the stream
	every     uint64  // chunks between two metrics messages
	opened    *Opened // these three are set by the receiver before anything that needs them is queued

	receiver receiver
	pumped   pumped
}

// wait returns when the stream is to end; a drain is handed on to the pump once.
func (s *stream) wait() {
	drain := s.opts.Drain
	for {
		select {
		case <-s.done:
			return
		case <-s.conn.Context().Done():
			s.cut(s.goneBecause())
		case <-drain:
			drain = nil
			s.queue.do(entry{work: doClose, reason: "Server shutting down", code: closeDraining})
		}
	}
}

// goneBecause tells apart a client that went away and a service that no longer serves it.
func (s *stream) goneBecause() (reason string, err error) {
	err = context.Cause(s.conn.Context())
	var f *fault.Error
	if errors.As(err, &f) {
		return string(f.Code), err
	}
	return "Client disconnected", err
}

// cut ends the stream; the first reason stands. A nil err is an end that the client was told.
func (s *stream) cut(reason string, err error) {
	s.finish.Do(func() {
		s.reason, s.err = reason, err
		s.stopTurns(err)
		close(s.done)
	})
}

// end lets go of what waits. A pump that is still at work, perhaps in a node that doesn't stop or in a send that the peer
// doesn't take, closes the session when it comes back.
func (s *stream) end() error {
	s.quiet.stop()
	s.stall.stop()
	if !s.queue.close() {
		s.dispose()
	}
	if s.opts.Ended != nil {
		s.opts.Ended(s.summary())
	}
	return s.err
}

// isOpen reports to the pump whether there is a session; a drain may come while the receiver is opening one.
func (s *stream) isOpen() (open bool) {
	s.queue.unlessClosed(func() { open = s.opened != nil })
	return open
}

func (s *stream) dispose() {
	if s.opened != nil {
		s.opened.Session.Close()
	}
}

func (s *stream) summary() Summary {
	_, dropped := s.queue.figures()
	sum := Summary{SessionID: s.id, Reason: s.reason, Dropped: dropped, Err: s.err,
		Chunks: s.pumped.chunks.Load(), Samples: s.pumped.samples.Load()}
	if s.opened != nil {
		sum.Pipeline = s.opened.Session.Plan().Name
	}
	return sum
}

func (s *stream) initTimedOut() {
	s.queue.do(entry{work: doFail, err: fault.New(fault.CodeStreamInit, "no init came within %s: send init first", s.opts.InitTimeout)})
}

func (s *stream) idledOut() {
	if !s.queue.idle() {
		return // the pump arms the watch again when it has nothing to do
	}
	s.queue.do(entry{work: doFail, err: fault.New(fault.CodeStreamIdle, "no request came for %s: send chunks or close the stream", s.opts.IdleTimeout)})
}
