package load

import (
	"context"
	"crypto/tls"
	"net"
	"sync/atomic"
	"time"
)

// Target is the server under load.
type Target struct {
	Address string      // host:port
	TLS     *tls.Config // nil: not encrypted
	Token   string      // sent as a bearer token with each call; "" for none
	// Dial makes the connections in place of TCP; nil for TCP.
	Dial func(ctx context.Context, address string) (net.Conn, error)
}

// Kind says what an operation of a workload is.
type Kind uint8

// The kinds.
const (
	Calls   Kind = iota // an operation is one call with one answer, and the latencies are those of operations
	Streams             // an operation is a whole stream, and the latencies are those of its chunks
)

// String names what is counted.
func (k Kind) String() string {
	if k == Streams {
		return "chunks"
	}
	return "calls"
}

// Setup is what a workload is opened with.
type Setup struct {
	Target      Target
	Connections int           // at least 1
	Timeout     time.Duration // of a call, and of the silence of a stream
	Concurrency int           // operations at once, at most
	PlainTimers bool          // see Config
}

// Workload is what is done over and over. [UnaryWorkload] and [StreamWorkload] are those over gRPC; anything else can be loaded by the same
// generator.
type Workload interface {
	Kind() Kind
	// Open connects. The context bounds the opening alone.
	Open(ctx context.Context, s Setup) (Session, error)
}

// Session is a workload with its connections. It is closed when all its operators are done.
type Session interface {
	// Operator makes what one worker uses; they are numbered from 0. It may be called concurrently.
	Operator(worker int) (Operator, error)
	Close() error
}

// Operator does operations, one after another, for one worker.
type Operator interface {
	// Do does one operation and notes in op what it measured besides its time. An error is counted by its class: it should
	// be a [*Failure]. Do returns soon after ctx ends.
	Do(ctx context.Context, op *Op) error
}

// Op is one operation. Its methods are for one goroutine at a time.
type Op struct {
	Number uint64    // counted from 0 over the run; the same for each attempt
	Due    time.Time // when it was to begin
	Began  time.Time // when it did
	Until  time.Time // when a long operation ought to come to its end; zero for never

	// Done is when the answer was there. The operator may set it, where it knows better than when Do returned.
	Done time.Time

	notes          *notes
	sent, received atomic.Uint64
}

// Sent counts bytes of a message that was sent for what was due at a time. It may be called concurrently with everything else.
func (o *Op) Sent(bytes int, due time.Time) { o.add(&o.sent, bytes, due) }

// Received counts bytes of a message that came at a time. It may be called concurrently with everything else.
func (o *Op) Received(bytes int, at time.Time) { o.add(&o.received, bytes, at) }

func (o *Op) add(to *atomic.Uint64, bytes int, at time.Time) {
	if o.notes.measured(at) {
		to.Add(uint64(bytes))
	}
}

// Chunk notes a chunk of a stream that was answered right: when it was due, when it was really sent, and when the answer came.
func (o *Op) Chunk(due, sent, answered time.Time) { o.notes.unit(due, sent, answered) }

// Note notes another figure of the operation, as one of the time at.
func (o *Op) Note(m Measure, at time.Time, d time.Duration) {
	if o.notes.measured(at) {
		o.notes.sample(m, at, d)
	}
}

// Fail counts a failure that doesn't end the operation, of what was due at a time.
func (o *Op) Fail(f *Failure, due, at time.Time) { o.notes.fail(f, due, at) }

// Unanswered counts chunks that were sent in vain, because their stream ended before.
func (o *Op) Unanswered(n uint64) { o.notes.counts.Unanswered += n }
