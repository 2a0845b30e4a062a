package server

import (
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"

	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/internal/stack"
	"github.com/remotemedia/remotemedia-go/internal/wire"
)

// defaultBodyTimeout is the contract's time for a request to arrive.
const defaultBodyTimeout = 30 * time.Second

// receiveBody reads the request of an execution, which has to arrive in time. A receive has no timeout but the end of the
// handler, so that another goroutine is in it: it comes back soon after the handler returned.
func (s *Server) receiveBody(c *call, stream grpc.ServerStream, in *wire.Incoming) error {
	release, err := s.reserveBody(c, stream)
	if err != nil {
		return err
	}
	limit := s.settings.Load().BodyTimeout
	r, ok := s.bodies.Get().(*body)
	if !ok {
		r = newBody()
	}
	r.stream, r.in, r.release = stream, in, release
	go r.receive()
	r.timer.Reset(limit)
	select {
	case err := <-r.received:
		r.timer.Stop()
		s.recycle(r)
		return err
	case <-r.timer.C:
		if !r.settled.CompareAndSwap(false, true) {
			return <-r.received // it came at the very moment
		}
		took := limit.Milliseconds()
		return fault.Limit(fault.CodeTimeLimit, "body_timeout_ms", took, took, took, "send the whole request without delay").WithOp("server.receive")
	}
}

// body is a request being received. One is used again where both sides have done with it: after a request that came in time.
type body struct {
	stream   grpc.ServerStream
	in       *wire.Incoming
	release  func()
	received chan error
	timer    *time.Timer
	settled  atomic.Bool // by the first of the two, who has the say
}

func newBody() *body {
	r := &body{received: make(chan error, 1), timer: time.NewTimer(time.Hour)}
	r.timer.Stop()
	return r
}

func (r *body) receive() {
	stack.Grow()
	release := r.release
	defer release()
	err := contained(func() error { return receive(r.stream, r.in) })
	if r.settled.CompareAndSwap(false, true) {
		r.received <- err // from here on r is the handler's
		return
	}
	r.in.Release() // nobody waits for it any more
}

func (s *Server) recycle(r *body) {
	r.stream, r.in, r.release = nil, nil, nil
	r.settled.Store(false)
	s.bodies.Put(r)
}

// contained runs f and turns a panic into a fault.
func contained(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = engine.Recovered(p)
		}
	}()
	return f()
}

// reserveBody takes from the tenant's memory what a compressed body may become: nothing can be charged while it is inflated.
// What has come is charged to the execution, and the rest given back, when the body is there.
func (s *Server) reserveBody(c *call, stream grpc.ServerStream) (release func(), err error) {
	if !compressed(stream) {
		return nothing, nil
	}
	return s.options.Admission.Reserve(c.tenant, int64(s.maxMessage()))
}

func nothing() {}

// compressed reports whether the messages of a call come compressed, which grpc tells nobody but its own stream.
func compressed(stream grpc.ServerStream) bool {
	transport, ok := grpc.ServerTransportStreamFromContext(stream.Context()).(interface{ RecvCompress() string })
	if !ok {
		return false
	}
	name := transport.RecvCompress()
	return name != "" && name != encoding.Identity
}
