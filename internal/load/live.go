package load

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
)

// live is one stream under way. One goroutine receives; in real time another one sends.
type live struct {
	*streamer
	op      *Op
	ctx     context.Context
	cancel  context.CancelCauseFunc
	silence *time.Timer // ends a stream whose server says nothing
	grpc    grpc.ClientStream
	in      incoming
	answer  Answer

	sent     atomic.Uint64
	whole    atomic.Bool // all chunks were sent
	began    [ring]atomic.Int64
	answered uint64
	opening  time.Duration // from when it was due until the server was ready
	output   bool          // has come
	first    time.Duration // from the first chunk until then
	closing  atomic.Int64  // when the close was sent, since op.Due
}

// ring is for how many chunks it is remembered when they were really sent.
const ring = 256

func (l *live) end() {
	l.silence.Stop()
	l.cancel(nil)
	if l.grpc == nil {
		return
	}
	for l.grpc.RecvMsg(&incoming{}) == nil { // grpc lets go of a stream when its end was received
	}
}

func (l *live) send(m outgoing, due time.Time) error {
	l.op.Sent(m.size(), due)
	return l.grpc.SendMsg(&m)
}

// put sends the next chunk, which was due at a time.
func (l *live) put(due time.Time) error {
	n := l.sent.Load()
	l.began[n%ring].Store(int64(time.Since(l.op.Due)))
	l.sent.Store(n + 1)
	if n+1 == l.session.spec.Chunks {
		l.whole.Store(true)
	}
	head, body, tail := l.session.spec.Chunk(n)
	return l.send(outgoing{head, body, tail}, due)
}

// finish says that no more chunks come.
func (l *live) finish() error {
	now := time.Now()
	l.closing.Store(int64(now.Sub(l.op.Due)))
	if l.session.spec.Close != nil {
		if err := l.send(outgoing{body: l.session.spec.Close}, now); err != nil {
			return err
		}
	}
	return l.grpc.CloseSend()
}

// look is the check of what is received.
func (l *live) look(message []byte) (err error) {
	if l.session.spec.Check == nil {
		l.answer = AnswerOutput
		return nil
	}
	l.answer, err = l.session.spec.Check(message, l.answered, l.whole.Load())
	return err
}

// receive takes one message. An error of the check alone isn't given, but counted; the caller counts good answers.
func (l *live) receive() (Answer, error) {
	if err := l.grpc.RecvMsg(&l.in); err != nil {
		return 0, err
	}
	l.silence.Reset(l.session.timeout)
	l.op.Received(l.in.size, l.in.arrived)
	return l.answer, l.in.err
}

// take receives the next message and counts what it means. Due gives when a chunk was due.
func (l *live) take(due func(n uint64) time.Time) (Answer, error) {
	answer, err := l.receive()
	var wrong *Failure
	if err != nil && (!errors.As(err, &wrong) || wrong.Origin != FromCheck) {
		return answer, err
	}
	if answer != AnswerEmpty && answer != AnswerOutput {
		if wrong != nil {
			l.op.Fail(wrong, l.in.arrived, l.in.arrived)
		}
		return answer, nil
	}
	n := l.answered
	if n >= l.sent.Load() {
		return answer, Wrong("unasked answer", "an answer came for a chunk that was never sent")
	}
	l.answered++
	if wrong != nil {
		l.op.Fail(wrong, due(n), l.in.arrived)
		return answer, nil
	}
	if answer == AnswerOutput && !l.output {
		l.output, l.first = true, l.in.arrived.Sub(due(0))
	}
	l.op.Chunk(due(n), l.beganAt(n, due(n)), l.in.arrived)
	return answer, nil
}

// beganAt is when a chunk was really sent; when it is long ago, that is forgotten.
func (l *live) beganAt(n uint64, due time.Time) time.Time {
	if l.sent.Load() > n+ring {
		return due
	}
	return l.op.Due.Add(time.Duration(l.began[n%ring].Load()))
}

// explain makes a failure of what ended the stream.
func (l *live) explain(err error) error {
	var f *Failure
	switch {
	case errors.As(err, &f):
		return f
	case errors.Is(context.Cause(l.ctx), errSilence):
		return &Failure{Class: Class{Origin: FromDeadline, Code: "silence"}, Message: errSilence.Error()}
	case l.grpc == nil:
		return StatusFailure(err, nil)
	case errors.Is(err, io.EOF): // of SendMsg, or of a server that ends before its time
		return l.lastWords()
	}
	return StatusFailure(err, l.grpc.Trailer())
}

// lastWords finds why a stream ended on which nothing can be sent any more.
func (l *live) lastWords() error {
	for {
		_, err := l.receive()
		var told *Failure
		switch {
		case errors.As(err, &told) && told.Origin != FromCheck:
			return told
		case errors.Is(err, io.EOF):
			return Wrong("ended early", "the server ended the stream before it was closed")
		case err != nil && told == nil:
			return StatusFailure(err, l.grpc.Trailer())
		}
	}
}

// paced sends as answers allow.
func (l *live) paced() error {
	window := uint64(max(l.session.spec.Window, 1))
	var due [maxWindow]time.Time
	dueOf := func(n uint64) time.Time { return due[n%window] }
	for l.answered < l.session.spec.Chunks && !l.over(time.Now()) {
		for sent := l.sent.Load(); sent < l.session.spec.Chunks && sent < l.answered+window; sent++ {
			due[sent%window] = time.Now()
			if err := l.put(due[sent%window]); err != nil {
				return l.explain(err)
			}
		}
		if _, err := l.take(dueOf); err != nil {
			return l.explain(err)
		}
	}
	if err := l.finish(); err != nil {
		return l.explain(err)
	}
	return l.drain(dueOf)
}

// over reports whether the run wants the stream to end.
func (l *live) over(now time.Time) bool { return !l.op.Until.IsZero() && !now.Before(l.op.Until) }

// drain receives what comes after the close, to the end.
func (l *live) drain(due func(uint64) time.Time) error {
	closed := l.session.spec.Close == nil
	for {
		answer, err := l.take(due)
		switch {
		case err == nil && answer == AnswerClosed:
			closed = true
			l.noteFinal()
		case errors.Is(err, io.EOF) && closed && l.answered == l.sent.Load():
			if l.session.spec.Close == nil {
				l.noteFinal()
			}
			return nil
		case err != nil:
			return l.explain(err)
		}
	}
}

// noteBeginning notes how it began, at the end: streams that last as long as the run begin in the warm-up, and count.
func (l *live) noteBeginning() {
	now := time.Now()
	l.op.Note(Open, now, l.opening)
	if l.output {
		l.op.Note(First, now, l.first)
	}
}

func (l *live) noteFinal() {
	now := time.Now()
	l.op.Note(Final, now, now.Sub(l.op.Due.Add(time.Duration(l.closing.Load()))))
}

// realtime sends each chunk when it is due, whatever became of those before.
func (l *live) realtime() error {
	interval := l.session.spec.Interval
	// The phase is that of the operation, so that streams that begin spread over an interval stay so.
	behind := time.Since(l.op.Due)
	start := l.op.Due.Add((behind + interval - 1).Truncate(interval))
	due := func(n uint64) time.Time { return start.Add(time.Duration(n) * interval) }
	fed := make(chan struct{})
	go func() {
		defer close(fed)
		l.feed(due)
	}()
	err := l.drain(due)
	if err != nil {
		l.cancel(nil)
	}
	<-fed
	return err
}

// feed sends the chunks and closes. When sending fails the stream has ended, and its receiver learns why.
func (l *live) feed(due func(uint64) time.Time) {
	for n := range l.session.spec.Chunks {
		if l.wait.until(l.ctx, due(n)) != nil {
			return
		}
		if l.over(due(n)) {
			break
		}
		if l.put(due(n)) != nil {
			return
		}
	}
	if err := l.finish(); err != nil && !errors.Is(err, io.EOF) {
		l.cancel(err)
	}
}
