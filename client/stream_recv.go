package client

import (
	"errors"
	"io"
	"iter"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/internal/wire"
)

// Recv returns the next answer: one for each chunk, in their order, and perhaps a final one. It returns io.EOF when the
// stream has ended as it was asked to, and otherwise a *fault.Error that says why it ended: the error of a chunk, a service
// that shuts down, a broken connection. After an error every call returns it again.
func (s *Stream) Recv() (*Answer, error) {
	for s.ended == nil {
		in := new(pb.StreamResponse)
		if err := s.grpc.RecvMsg(in); err != nil {
			s.ended = s.ending(err)
			s.cancel()
			break
		}
		answer, err := s.take(in)
		if err != nil {
			s.ended = s.finish(err)
		} else if answer != nil {
			return answer, nil
		}
	}
	return nil, s.ended
}

// All gives the answers to the end of the stream, and at last the error, unless the end was good. Where the loop is left
// early, the stream is cancelled.
func (s *Stream) All() iter.Seq2[*Answer, error] {
	return func(yield func(*Answer, error) bool) {
		defer s.Cancel()
		for {
			answer, err := s.Recv()
			if errors.Is(err, io.EOF) {
				return
			}
			if !yield(answer, err) || err != nil {
				return
			}
		}
	}
}

// Pipe sends chunks and gives the answers at the same time, and closes the stream behind the last chunk. An error in place of
// a chunk ends the sending and is given when the answers to the chunks before it have come. The chunks are taken on a goroutine
// of their own, for which Pipe waits at its end: a source that can block must end with the stream's Context. Where the loop
// is left early, the stream is cancelled.
func (s *Stream) Pipe(chunks iter.Seq2[Chunk, error]) iter.Seq2[*Answer, error] {
	return func(yield func(*Answer, error) bool) {
		sent := make(chan error, 1)
		go func() { sent <- s.feed(chunks) }()
		for answer, err := range s.All() {
			if !yield(answer, err) || err != nil {
				s.Cancel()
				<-sent // whatever it was, the stream's end is known
				return
			}
		}
		s.Cancel()
		if err := <-sent; err != nil {
			yield(nil, err)
		}
	}
}

// feed sends all chunks and closes. A stream that ends meanwhile isn't an error here: Recv tells it.
func (s *Stream) feed(chunks iter.Seq2[Chunk, error]) (err error) {
	for chunk, source := range chunks {
		if err = source; err == nil {
			err = s.Send(chunk)
		}
		if err != nil {
			break
		}
	}
	if end := s.Close(); err == nil {
		err = end
	}
	if errors.Is(err, ErrEnded) {
		return nil
	}
	return err
}

// take handles one message; those that aren't answers are kept.
func (s *Stream) take(in *pb.StreamResponse) (answer *Answer, err error) {
	switch r := in.GetResponse().(type) {
	case *pb.StreamResponse_Result:
		if !r.Result.GetIsFinal() {
			s.note(func() { s.answered++ })
		}
		return answerFromProto(r.Result, s.manifest), nil
	case *pb.StreamResponse_Error:
		return s.failure(r.Error)
	case *pb.StreamResponse_Metrics:
		s.note(func() { s.stats = statsFromProto(r.Metrics) })
		return nil, nil
	case *pb.StreamResponse_Closed:
		s.note(func() { err = s.ends(r.Closed) })
		return nil, err
	}
	return nil, unexpected(in)
}

func unexpected(in *pb.StreamResponse) error {
	return fault.New(fault.CodeInternal, "the service sent a message of type %T where none belongs", in.GetResponse())
}

// failure is an answer where the stream goes on after the errors of nodes, and otherwise the end.
func (s *Stream) failure(e *pb.ErrorResponse) (*Answer, error) {
	f := wire.ErrorFromProto(e)
	if !s.goesOn || f.Kind != fault.NodeExecution {
		return nil, f
	}
	s.failed = f
	s.note(func() { s.answered++ })
	return &Answer{Sequence: e.GetFailingSequence(), Failure: f}, nil
}

// ends makes the stream's end of the service's last message.
func (s *Stream) ends(c *pb.StreamClosed) error {
	s.closed = closedFromProto(c, s.manifest)
	switch {
	case s.failed != nil && s.closed.Code == CloseFailed: // the nodes failed when they were flushed
		return s.failed
	case s.byUs && s.answered >= s.sent:
		return io.EOF
	}
	return fault.New(fault.CodeShuttingDown, "the service closed the stream (%s) after %d answers: open another one and go on with the chunk after them",
		c.GetReason(), s.answered)
}

// ending explains why nothing more comes, though the service hasn't said that it closed.
func (s *Stream) ending(err error) error {
	good := false
	s.note(func() { good = s.byUs && s.answered >= s.sent })
	if good && errors.Is(err, io.EOF) { // a service of the 0.2 line
		return io.EOF
	}
	return s.broken(err)
}

func (s *Stream) broken(err error) error {
	if errors.Is(err, io.EOF) {
		return fault.New(fault.CodeInternal, "the service ended the stream without a word")
	}
	return s.told(err)
}

// finish reads what follows the end, so that the stream's resources are freed and the service's last word is kept.
func (s *Stream) finish(err error) error {
	defer s.cancel()
	for {
		in := new(pb.StreamResponse)
		if s.grpc.RecvMsg(in) != nil {
			return err
		}
		if c := in.GetClosed(); c != nil {
			s.note(func() { s.closed = closedFromProto(c, s.manifest) })
		}
	}
}

// Stats returns the newest counters that the service sent, nothing but zeros before the first came.
func (s *Stream) Stats() (stats StreamStats) {
	s.note(func() { stats = s.stats })
	return stats
}

// Closed returns the service's last word, nil before it came, or where it never did.
func (s *Stream) Closed() (closed *Closed) {
	s.note(func() { closed = s.closed })
	return closed
}
