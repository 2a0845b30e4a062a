package h2

import (
	"context"

	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/remotemedia/remotemedia-go/internal/stack"
)

// stream is one call. It implements grpc.ServerStream: one goroutine may receive and another send.
type stream struct {
	conn     *connection
	id       uint32
	name     string // of the method
	method   *method
	ctx      context.Context
	cancel   context.CancelFunc
	encoding string // of messages, "" for none

	// Guarded by the connection's lock.
	allowed  int    // bytes that the peer lets us send
	gone     bool   // nothing more is written
	began    bool   // the headers of the answer are written
	partial  bool   // a message is written in part
	listed   bool   // among the connection's senders
	writable wait   // of a sender, for room or a window
	header   []byte // fields, encoded
	trailer  []byte // fields, encoded
	detailed bool   // the trailer has the details of the status

	inbox inbox
}

func newStream(c *connection, r *request) *stream {
	s := &stream{conn: c, id: r.stream, name: r.path, method: c.server.find(r.path), encoding: r.encoding, allowed: c.peer.initial}
	if s.encoding == encoding.Identity {
		s.encoding = ""
	}
	s.inbox.init(c.server.options.StreamWindow, c.initial.window, r)
	s.ctx, s.cancel = contextOf(c, r, transportStream{s})
	return s
}

// run calls the handler and tells what it returned.
func (s *stream) run() {
	if !s.method.lasting { // a stream's handler waits for most of its time
		stack.Grow()
	}
	defer s.conn.server.handled()
	err := s.method.serve(s.method.service, s)
	st, ok := status.FromError(err)
	if !ok {
		st = status.FromContextError(err)
	}
	if late := s.ctx.Err(); late == context.DeadlineExceeded && st.Code() == codes.Canceled {
		st = status.FromContextError(late)
	}
	s.finish(st)
	s.abort()
}

// Method implements grpc.ServerTransportStream.
func (s *stream) Method() string { return s.name }

// RecvCompress is the encoding of the messages that are received, "" for none.
func (s *stream) RecvCompress() string { return s.encoding }

// Context implements grpc.ServerStream.
func (s *stream) Context() context.Context { return s.ctx }

// SetHeader implements grpc.ServerStream.
func (s *stream) SetHeader(md metadata.MD) error {
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	if s.began {
		return status.Error(codes.Internal, "the headers were sent already")
	}
	s.header = appendMetadata(s.header, md)
	return nil
}

// SendHeader implements grpc.ServerStream. The headers are written with the first message, or the end.
func (s *stream) SendHeader(md metadata.MD) error {
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	if s.began {
		return status.Error(codes.Internal, "the headers were sent already")
	}
	if s.gone {
		return s.over()
	}
	s.header = appendMetadata(s.header, md)
	s.begin()
	return nil
}

// SetTrailer implements grpc.ServerStream.
func (s *stream) SetTrailer(md metadata.MD) {
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	s.trailer = appendMetadata(s.trailer, md)
	s.detailed = s.detailed || len(md[detailsField]) > 0
}

// AddTrailer adds one field to the trailers of a stream, as SetTrailer does. Of a stream of this package it takes no map.
func AddTrailer(ss grpc.ServerStream, name, value string) {
	if s, ok := ss.(interface{ AddTrailer(name, value string) }); ok {
		s.AddTrailer(name, value)
		return
	}
	ss.SetTrailer(metadata.MD{name: {value}})
}

// AddTrailer adds one field to the trailers.
func (s *stream) AddTrailer(name, value string) {
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	const usual = 1024 // bytes of a refusal's trailers
	if s.trailer == nil {
		s.trailer = make([]byte, 0, usual)
	}
	s.trailer = appendValue(s.trailer, name, value)
	s.detailed = s.detailed || name == detailsField
}

// begin writes the headers. It is called with the lock.
func (s *stream) begin() {
	s.began = true
	s.conn.putHeaders(s.id, 0, func(b []byte) []byte {
		b = append(b, answerFields...)
		if s.encoding != "" && encoding.GetCompressor(s.encoding) != nil {
			b = appendField(b, "grpc-encoding", s.encoding)
		}
		return append(b, s.header...)
	})
}

// over is why nothing can be sent or received any more.
func (s *stream) over() error {
	if err := s.ctx.Err(); err != nil {
		return status.FromContextError(err).Err()
	}
	return status.Error(codes.Canceled, "the call has ended")
}

// finish ends the call with a status. A message that wasn't written whole can't be followed by one: then the stream is reset.
func (s *stream) finish(st *status.Status) {
	c := s.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running--
	asked, complete := s.inbox.state()
	c.adapt(asked)
	if s.gone {
		c.flush() // what adapt put there
		return
	}
	switch {
	case s.partial:
		c.putReset(s.id, resetOf(st.Code()))
	default:
		c.putHeaders(s.id, flagEndStream, func(b []byte) []byte { return s.appendLast(b, st) })
		if !complete {
			c.putReset(s.id, http2.ErrCodeNo) // the client needn't send the rest
		}
	}
	c.spoken.Store(true)
	c.forget(s)
	c.flush()
}

func resetOf(c codes.Code) http2.ErrCode {
	switch c {
	case codes.Canceled, codes.DeadlineExceeded:
		return http2.ErrCodeCancel
	case codes.ResourceExhausted:
		return http2.ErrCodeEnhanceYourCalm
	}
	return http2.ErrCodeInternal
}

// appendLast appends the trailers, with the headers before them where there were none. What is longer than the peer takes is left out.
func (s *stream) appendLast(b []byte, st *status.Status) []byte {
	if !s.began {
		b = append(append(b, answerFields...), s.header...)
	}
	start := len(b)
	b = append(appendOutcome(b, st, s.detailed), s.trailer...)
	if len(b)-start > s.conn.peer.list {
		b = appendField(b[:start], "grpc-status", codeText(st.Code()))
	}
	return b
}

// abort ends the call's context, and whatever it waits for.
func (s *stream) abort() {
	s.inbox.close(s)
	s.cancel()
}

// take takes a part of what the client sends, which was n bytes with its padding. It is called by the connection's reader.
func (s *stream) take(content []byte, n int, end bool) {
	tell, fault := s.inbox.add(s, content, n, end)
	if fault != 0 {
		s.conn.kill(s, fault)
		return
	}
	s.tell(tell)
}

// tell lets the client send more. It is written before the reader waits.
func (s *stream) tell(n int) {
	if n == 0 {
		return
	}
	c := s.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if !s.gone {
		b := c.out.room()
		*b = appendWindow(*b, s.id, n)
	}
}

// tellNow is tell for others than the reader.
func (s *stream) tellNow(n int) {
	if n == 0 {
		return
	}
	s.tell(n)
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	s.conn.flush()
}

// RecvMsg implements grpc.ServerStream. Of a unary method it returns when the client has ended its side, too.
func (s *stream) RecvMsg(m any) error {
	got, err := s.inbox.next(s)
	if err != nil {
		return err
	}
	data := got.parts
	defer func() { data.Free() }()
	if data, err = s.unpack(got.flag, data); err != nil {
		return err
	}
	if err := s.conn.server.options.Codec.Unmarshal(data, m); err != nil {
		return status.Errorf(codes.Internal, "the message can't be decoded: %v", err)
	}
	return nil
}
