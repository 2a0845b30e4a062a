package load

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
)

// Idle are streams that are opened before the load and only held.
type Idle struct {
	Streams     int             // how many; 0: none
	Connections int             // that they are spread over; each has its own, unless it says otherwise
	Stream      *StreamWorkload // its Init opens them
}

// IdleResult is what became of idle streams.
type IdleResult struct {
	Streams, Connections int
	Opening              time.Duration // of all of them
	Lost                 int           // those that the server ended
	// Before and After are the resident memory of the server's process without and with them, 0 where it isn't known.
	Before, After uint64
}

func (i *Idle) complete() error {
	if i.Streams == 0 {
		return nil
	}
	if i.Connections == 0 {
		i.Connections = i.Streams
	}
	switch {
	case i.Streams < 0 || i.Streams > maxWorkers:
		return fmt.Errorf("load: %d idle streams: expected 0 to %d", i.Streams, maxWorkers)
	case i.Connections < 1 || i.Connections > i.Streams:
		return fmt.Errorf("load: %d connections for %d idle streams: expected 1 to %d", i.Connections, i.Streams, i.Streams)
	case i.Stream == nil || i.Stream.Init == nil:
		return errors.New("load: idle streams need a stream with an init")
	}
	return nil
}

// idlers hold streams.
type idlers struct {
	result      IdleResult
	connections *connections
	cancel      context.CancelFunc
	group       sync.WaitGroup
	lost        atomic.Int64
}

// holdIdle opens the idle streams; nil where there are none.
func holdIdle(ctx context.Context, c *Config, watch *processWatch) (*idlers, error) {
	if c.Idle.Streams == 0 {
		return nil, nil
	}
	h := &idlers{result: IdleResult{Streams: c.Idle.Streams, Connections: c.Idle.Connections, Before: watch.resident()}}
	began := time.Now()
	var err error
	if h.connections, err = connect(ctx, c.Target, c.Idle.Connections, c.Timeout); err != nil {
		return nil, err
	}
	live, cancel := context.WithCancel(h.connections.context(context.Background()))
	h.cancel = cancel
	if err := h.openAll(ctx, live, c); err != nil {
		return nil, errors.Join(err, h.close())
	}
	h.result.Opening, h.result.After = time.Since(began), watch.resident()
	return h, nil
}

// openAll opens the streams, a bounded number at a time. They live as long as the context live.
func (h *idlers) openAll(ctx, live context.Context, c *Config) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	defer context.AfterFunc(ctx, h.cancel)()
	var opening sync.WaitGroup
	places := make(chan struct{}, dialing)
	for i := range c.Idle.Streams {
		places <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		opening.Go(func() {
			defer func() { <-places }()
			silence := time.AfterFunc(c.Timeout, func() { fail(errSilence) })
			defer silence.Stop()
			if err := h.open(live, h.connections.of(i), c.Idle.Stream); err != nil {
				fail(fmt.Errorf("load: open idle stream %d of %d: %w", i+1, c.Idle.Streams, err))
			}
		})
	}
	opening.Wait()
	return context.Cause(ctx)
}

// open opens a stream and watches it.
func (h *idlers) open(ctx context.Context, conn *grpc.ClientConn, s *StreamWorkload) error {
	stream, err := conn.NewStream(ctx, &streamShape, s.Method)
	if err != nil {
		return StatusFailure(err, nil)
	}
	if err := stream.SendMsg(&outgoing{body: s.Init}); err != nil {
		return explainIdle(stream)
	}
	answer := AnswerOther
	in := &incoming{check: func(message []byte) (err error) {
		if s.Check == nil {
			answer = AnswerReady
			return nil
		}
		answer, err = s.Check(message, 0, false)
		return err
	}}
	for answer != AnswerReady {
		if err := stream.RecvMsg(in); err != nil {
			return StatusFailure(err, stream.Trailer())
		}
		if in.err != nil {
			return in.err
		}
	}
	h.group.Go(func() {
		if stream.RecvMsg(&incoming{}); ctx.Err() == nil {
			h.lost.Add(1)
		}
		for stream.RecvMsg(&incoming{}) == nil {
		}
	})
	return nil
}

func explainIdle(stream grpc.ClientStream) error {
	err := stream.RecvMsg(&incoming{})
	if err == nil {
		return errors.New("the server ended the stream")
	}
	return StatusFailure(err, stream.Trailer())
}

// end gives the result; the streams are still held.
func (h *idlers) end() *IdleResult {
	h.result.Lost = int(h.lost.Load())
	return &h.result
}

func (h *idlers) close() error {
	h.cancel()
	h.group.Wait()
	return h.connections.close()
}
