package work

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/remotemedia/remotemedia-go/internal/load"
)

// Raw is the load of frames on plain TCP, as bench/peers/goecho answers them: the same bytes as over gRPC, and nothing besides. Each
// worker has a connection of its own.
type Raw struct {
	Request int // bytes of a frame
	Answer  int // bytes of its answer
	Window  int // frames without their answer, of a stream; 0: calls
	Chunks  int // of a stream at most; 0: as many as there is time for
}

const (
	rawHead   = 8
	rawBuffer = 64 << 10
)

// Kind implements load.Workload.
func (r *Raw) Kind() load.Kind {
	if r.Window > 0 {
		return load.Streams
	}
	return load.Calls
}

// Open implements load.Workload.
func (r *Raw) Open(_ context.Context, s load.Setup) (load.Session, error) {
	frame := make([]byte, rawHead+r.Request)
	binary.LittleEndian.PutUint32(frame, uint32(r.Request))
	binary.LittleEndian.PutUint32(frame[4:], uint32(r.Answer))
	return &rawSession{Raw: r, setup: s, frame: frame}, nil
}

type rawSession struct {
	*Raw
	setup load.Setup
	frame []byte

	mu    sync.Mutex
	conns []net.Conn
}

// Operator implements load.Session.
func (s *rawSession) Operator(int) (load.Operator, error) {
	conn, err := net.DialTimeout("tcp", s.setup.Target.Address, s.setup.Timeout)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns = append(s.conns, conn)
	return &rawOperator{session: s, conn: conn, in: bufio.NewReaderSize(conn, rawBuffer), body: make([]byte, s.Answer)}, nil
}

// Close implements load.Session.
func (s *rawSession) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, c := range s.conns {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

type rawOperator struct {
	session *rawSession
	conn    net.Conn
	in      *bufio.Reader
	body    []byte
}

// Do implements load.Operator.
func (o *rawOperator) Do(ctx context.Context, op *load.Op) error {
	defer context.AfterFunc(ctx, func() { _ = o.conn.SetDeadline(time.Now()) })()
	if o.session.Window > 0 {
		return o.stream(op)
	}
	if err := o.conn.SetDeadline(time.Now().Add(o.session.setup.Timeout)); err != nil {
		return err
	}
	if err := o.send(op); err != nil {
		return err
	}
	err := o.receive(op)
	op.Done = time.Now()
	return err
}

func (o *rawOperator) send(op *load.Op) error {
	op.Sent(len(o.session.frame), op.Due)
	_, err := o.conn.Write(o.session.frame)
	return err
}

// receive reads an answer and checks its length.
func (o *rawOperator) receive(op *load.Op) error {
	var head [4]byte
	if _, err := io.ReadFull(o.in, head[:]); err != nil {
		return err
	}
	if n := int(binary.LittleEndian.Uint32(head[:])); n != len(o.body) {
		return load.Wrong("length", fmt.Sprintf("an answer of %d bytes came, not of %d", n, len(o.body)))
	}
	if _, err := io.ReadFull(o.in, o.body); err != nil {
		return err
	}
	op.Received(len(head)+len(o.body), time.Now())
	return nil
}

// stream keeps so many frames without their answer until the operation is to end.
func (o *rawOperator) stream(op *load.Op) error {
	window := o.session.Window
	due := make([]time.Time, window)
	for sent, answered := 0, 0; ; answered++ {
		for now := time.Now(); sent < answered+window && o.session.more(sent, now, op); sent++ {
			due[sent%window] = time.Now()
			if err := o.conn.SetDeadline(due[sent%window].Add(o.session.setup.Timeout)); err != nil {
				return err
			}
			if err := o.send(op); err != nil {
				return err
			}
		}
		if answered == sent {
			return nil
		}
		if err := o.receive(op); err != nil {
			return err
		}
		op.Chunk(due[answered%window], due[answered%window], time.Now())
	}
}

// more reports whether another frame of a stream is to be sent.
func (r *Raw) more(sent int, now time.Time, op *load.Op) bool {
	if r.Chunks > 0 && sent >= r.Chunks {
		return false
	}
	return op.Until.IsZero() || now.Before(op.Until)
}
