package load

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// UnaryWorkload calls a method of gRPC with one request over and over.
type UnaryWorkload struct {
	Method  string // /package.Service/Method
	Request []byte // encoded; never changed
	// Check looks at an encoded answer, which it must not keep. An error, best a [*Failure], says what is wrong. It is called
	// concurrently; nil takes every answer. The number is that of the operation.
	Check func(answer []byte, number uint64) error
	// Ended is told how each call ended that had no answer, with its trailers, and how long it took from when it was really sent.
	// It is called concurrently; nil: nobody is told.
	Ended func(err error, trailer metadata.MD, took time.Duration)
}

// Kind implements Workload.
func (*UnaryWorkload) Kind() Kind { return Calls }

// Open implements Workload.
func (u *UnaryWorkload) Open(ctx context.Context, s Setup) (Session, error) {
	c, err := connect(ctx, s.Target, s.Connections, s.Timeout)
	if err != nil {
		return nil, err
	}
	return &unarySession{u, c, s.Timeout}, nil
}

type unarySession struct {
	spec        *UnaryWorkload
	connections *connections
	timeout     time.Duration
}

// Operator implements Session.
func (s *unarySession) Operator(worker int) (Operator, error) {
	c := &caller{session: s, conn: s.connections.of(worker), out: outgoing{body: s.spec.Request}}
	c.options = []grpc.CallOption{grpc.Trailer(&c.trailer)}
	if s.spec.Check != nil {
		c.in.check = func(answer []byte) error { return s.spec.Check(answer, c.number) }
	}
	return c, nil
}

// Close implements Session.
func (s *unarySession) Close() error { return s.connections.close() }

// caller is what one worker calls with.
type caller struct {
	session *unarySession
	conn    *grpc.ClientConn
	out     outgoing
	in      incoming
	trailer metadata.MD
	options []grpc.CallOption
	number  uint64
}

// Do implements Operator.
func (c *caller) Do(ctx context.Context, op *Op) error {
	ctx, cancel := context.WithTimeout(c.session.connections.context(ctx), c.session.timeout)
	defer cancel()
	c.number, c.trailer = op.Number, nil
	began := time.Now()
	if err := c.conn.Invoke(ctx, c.session.spec.Method, &c.out, &c.in, c.options...); err != nil {
		if c.session.spec.Ended != nil {
			c.session.spec.Ended(err, c.trailer, time.Since(began))
		}
		return StatusFailure(err, c.trailer)
	}
	op.Done = c.in.arrived
	op.Sent(len(c.out.body), op.Due)
	op.Received(c.in.size, op.Due)
	return c.in.err
}
