package remotemedia

import (
	"context"
	"time"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/fault"
)

// Stream is a pipeline that is being fed piece by piece; its nodes keep their state from one piece to the next. A stream
// belongs to one goroutine at a time.
type Stream struct {
	pipeline *Pipeline
	session  *engine.Session
	formats  map[string]audio.Format // of the audio that entered so far, by the key it came under
}

// Open starts a stream. The caller closes it.
func (p *Pipeline) Open() (*Stream, error) {
	session, err := p.engine.Open(p.plan, p.limits)
	if err != nil {
		return nil, err
	}
	return &Stream{pipeline: p, session: session, formats: make(map[string]audio.Format)}, nil
}

// Push runs one turn with the items that come in together, and returns what came out in it, which may be nothing. The
// reports of the nodes cover the stream so far. After an error of kind NodeExecution or Validation the stream may be used on;
// after any other it is to be closed.
func (s *Stream) Push(ctx context.Context, in Inputs) (*Result, error) {
	started := time.Now()
	if err := s.checkFormats(in); err != nil {
		return nil, err
	}
	inputs, err := bind(s.pipeline.plan, s.session.Account(), in, false)
	if err != nil {
		return nil, err
	}
	out, err := s.session.Turn(ctx, inputs)
	return s.result(out, err, started)
}

// Flush runs the last turn and returns what the nodes had held back. A second Flush returns nothing.
func (s *Stream) Flush(ctx context.Context) (*Result, error) {
	started := time.Now()
	out, err := s.session.Flush(ctx, nil)
	return s.result(out, err, started)
}

// Close ends the stream. It may be called more than once.
func (s *Stream) Close() { s.session.Close() }

func (s *Stream) result(out *engine.Output, err error, started time.Time) (*Result, error) {
	if err != nil {
		return nil, err
	}
	defer out.Release()
	return s.pipeline.result(s.session, out, started)
}

// checkFormats refuses audio whose format isn't that of the audio before it at the same node: filters can't go on.
func (s *Stream) checkFormats(in Inputs) error {
	for id, a := range in.Audio {
		before, seen := s.formats[id]
		if seen && before != a.Format {
			return fault.New(fault.CodeFormatChanged, "the stream's audio changed from %s to %s: open another stream for it", before, a.Format).WithNode(id)
		}
		if a.Format.Check() == nil {
			s.formats[id] = a.Format
		}
	}
	return nil
}
