package load

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc"
)

// Answer says what a message of a server is in a stream.
type Answer uint8

// The answers. A chunk has exactly one of AnswerEmpty and AnswerOutput, in the order of the chunks.
const (
	AnswerOther  Answer = iota // something between
	AnswerReady                // to the init
	AnswerEmpty                // to a chunk, without output
	AnswerOutput               // to a chunk, with output
	AnswerFinal                // output after the close
	AnswerClosed               // the last
)

// StreamWorkload opens streams of gRPC and sends chunks.
type StreamWorkload struct {
	Method string // /package.Service/Method
	Init   []byte // the first message, which the server answers; nil: there is none
	Close  []byte // the last message, to which the server answers with AnswerClosed; nil: the sender's side is only closed
	Chunks uint64 // of a stream; at least 1
	// Chunk encodes a chunk, in three parts that follow each other, so that many chunks may share the body. It is called
	// concurrently; the parts aren't changed later.
	Chunk func(number uint64) (head, body, tail []byte)
	// Check says what a message is, which it must not keep; next is the number of the chunk that is to be answered next, and
	// whole says that all chunks were sent, so that what comes at the end is known. An error, best a [*Failure], ends the
	// stream unless it comes of the check, [FromCheck]: then it is counted, and the answer counts as given. It is called
	// concurrently. Nil takes every message for an output.
	Check func(message []byte, next uint64, whole bool) (Answer, error)

	// Interval is the time from one chunk to the next as they are due; 0: a chunk is due as soon as answers allow.
	Interval time.Duration
	// Window is how many chunks may be without their answer where there is no interval; 1.
	Window int
}

// Kind implements Workload.
func (*StreamWorkload) Kind() Kind { return Streams }

const maxWindow = 256

// Open implements Workload.
func (s *StreamWorkload) Open(ctx context.Context, o Setup) (Session, error) {
	switch {
	case s.Chunks < 1:
		return nil, errors.New("load: a stream has no chunks: expected at least 1")
	case s.Window < 0 || s.Window > maxWindow:
		return nil, fmt.Errorf("load: a window of %d chunks: expected at most %d", s.Window, maxWindow)
	case s.Interval >= o.Timeout:
		return nil, fmt.Errorf("load: chunks are %v apart: expected less than the timeout of %v", s.Interval, o.Timeout)
	}
	c, err := connect(ctx, o.Target, o.Connections, o.Timeout)
	if err != nil {
		return nil, err
	}
	return &streamSession{s, c, o.Timeout, newAlarms(o.PlainTimers)}, nil
}

type streamSession struct {
	spec        *StreamWorkload
	connections *connections
	timeout     time.Duration
	alarms      alarms
}

// Operator implements Session.
func (s *streamSession) Operator(worker int) (Operator, error) {
	return &streamer{session: s, conn: s.connections.of(worker), wait: s.alarms.waiter()}, nil
}

// Close implements Session.
func (s *streamSession) Close() error { return errors.Join(s.connections.close(), s.alarms.close()) }

// streamer is what one worker streams with.
type streamer struct {
	session *streamSession
	conn    *grpc.ClientConn
	wait    waiter
}

// Do implements Operator.
func (s *streamer) Do(ctx context.Context, op *Op) error {
	l, err := s.open(ctx, op)
	if err != nil {
		return err
	}
	defer l.end()
	if s.session.spec.Interval > 0 {
		err = l.realtime()
	} else {
		err = l.paced()
	}
	l.noteBeginning()
	if sent := l.sent.Load(); err != nil && sent > l.answered {
		op.Unanswered(sent - l.answered)
	}
	return err
}

var errSilence = errors.New("no answer within the timeout")

// open begins a stream and waits until the server is ready for chunks.
func (s *streamer) open(ctx context.Context, op *Op) (*live, error) {
	l := &live{streamer: s, op: op}
	ctx, l.cancel = context.WithCancelCause(s.session.connections.context(ctx))
	l.ctx, l.silence = ctx, time.AfterFunc(s.session.timeout, func() { l.cancel(errSilence) })
	l.in.check = l.look
	var err error
	if l.grpc, err = s.conn.NewStream(ctx, &streamShape, s.session.spec.Method); err == nil && s.session.spec.Init != nil {
		if err = l.send(outgoing{body: s.session.spec.Init}, op.Due); err == nil {
			err = l.ready()
		}
	}
	if err != nil {
		err = l.explain(err)
		l.end()
		return nil, err
	}
	l.opening = time.Since(op.Due)
	return l, nil
}

func (l *live) ready() error {
	for {
		if answer, err := l.receive(); err != nil || answer == AnswerReady {
			return err
		}
	}
}

var streamShape = grpc.StreamDesc{StreamName: "load", ClientStreams: true, ServerStreams: true}
