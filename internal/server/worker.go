package server

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/internal/stack"
	"github.com/remotemedia/remotemedia-go/internal/wire"
)

// defaultBodyTimeout is the contract's time for a request to arrive.
const defaultBodyTimeout = 30 * time.Second

// work is what a call does with its request.
type work interface {
	// do makes the answer. It may be left behind: by a call of left, with the call's error, when it returns engine.ErrGivenUp.
	do(left func(error)) (answer any, err error)
	// end lets go of what it holds. The last who is at work with it calls it.
	end()
}

// doing is work that holds nothing and isn't left behind.
type doing func() (answer any, err error)

func (f doing) do(func(error)) (any, error) { return f() }
func (doing) end()                          {}

// serve receives the request of a call, has the work done, and sends the answer. A receive has no timeout but that of the call,
// and a node may ignore cancel, so that another goroutine is in both: the worker. The handler, for whose status the caller waits,
// leaves it behind when the request is late or the work is given up.
func (s *Server) serve(ctx context.Context, stream grpc.ServerStream, in *wire.Incoming, do work) error {
	release, err := s.reserveBody(callOf(ctx), stream)
	if err != nil {
		return err
	}
	w, ok := s.workers.Get().(*worker)
	if !ok {
		w = newWorker()
	}
	w.server, w.stream, w.in, w.release, w.work = s, stream, in, release, do
	go w.start()
	o := w.wait(s.settings.Load().BodyTimeout)
	if o.left {
		return o.err
	}
	s.recycle(w)
	defer do.end()
	if o.err != nil {
		return o.err
	}
	return stream.SendMsg(o.answer)
}

// worker serves a call beside its handler. One is used again unless it was left behind.
type worker struct {
	server  *Server
	stream  grpc.ServerStream
	in      *wire.Incoming
	release func()
	work    work

	done    chan outcome
	leave   func(error)
	start   func()
	timer   *time.Timer // for the request to arrive
	settled atomic.Bool // whether it did in time: by the first of the two
}

// outcome is what a worker tells its handler.
type outcome struct {
	answer any
	err    error
	left   bool // the worker is still at work, or will be, with all that it was given
}

func newWorker() *worker {
	w := &worker{done: make(chan outcome, 1), timer: time.NewTimer(time.Hour)}
	w.timer.Stop()
	w.start = w.run
	w.leave = func(err error) { w.done <- outcome{err: err, left: true} }
	return w
}

func (s *Server) recycle(w *worker) {
	w.stream, w.in, w.release, w.work = nil, nil, nil, nil
	w.settled.Store(false)
	s.workers.Put(w)
}

// wait is the handler's part.
func (w *worker) wait(limit time.Duration) outcome {
	w.timer.Reset(limit)
	defer w.timer.Stop()
	select {
	case o := <-w.done:
		return o
	case <-w.timer.C:
		if !w.settled.CompareAndSwap(false, true) {
			return <-w.done
		}
		took := limit.Milliseconds()
		late := fault.Limit(fault.CodeTimeLimit, "body_timeout_ms", took, took, took, "send the whole request without delay")
		return outcome{err: late.WithOp("server.receive"), left: true}
	}
}

// run is the worker's part.
func (w *worker) run() {
	stack.Grow()
	var o outcome
	o.err = engine.Guard(func() (err error) {
		o.answer, err = w.serve()
		return err
	})
	if errors.Is(o.err, engine.ErrGivenUp) {
		w.in.Release()
		w.work.end()
		return
	}
	w.done <- o // from here on w is the handler's
}

func (w *worker) serve() (answer any, err error) {
	err = w.receive()
	if !w.settled.CompareAndSwap(false, true) {
		return nil, engine.ErrGivenUp // nobody waits for it any more
	}
	if err != nil {
		return nil, err
	}
	return w.work.do(w.leave)
}

func (w *worker) receive() error {
	defer w.release()
	return w.server.receive(w.stream, w.in)
}
