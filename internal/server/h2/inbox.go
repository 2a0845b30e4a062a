package h2

import (
	"encoding/binary"
	"io"
	"sync"

	"golang.org/x/net/http2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
)

// message is one that the client sends.
type message struct {
	prefix  [prefixLength]byte
	have    int // bytes, with the prefix
	length  int // without it
	flag    byte
	charged int // bytes, to the budget
	parts   mem.BufferSlice
}

func (m *message) known() bool { return m.have >= prefixLength }

// left is how many bytes of it are to come, when it is known.
func (m *message) left() int { return prefixLength + m.length - m.have }

// inbox puts the messages of a stream together. The reader of the connection adds to it, and one goroutine takes messages out.
type inbox struct {
	mu      sync.Mutex
	most    int       // the window that is kept up
	window  int       // bytes that the client may send
	ready   []message // whole ones that wait
	held    int       // bytes of those
	body    int64     // bytes that are to come, where the client told it; else below 0
	coming  message
	short   []byte  // of the message that is coming, behind its parts
	backlog backlog // what came while many messages waited
	tooLong int     // the length of a message that was longer than one may be
	refused bool    // there was no memory for a message
	end     bool    // the client has ended its side
	closed  bool
	waiting wait // for what is taken out next
	asked   bool // for a message
	taken   bool // a message was
}

func (b *inbox) init(most, window int, r *request) {
	b.most, b.window, b.end, b.body = most, window, r.end, r.body
}

// mostPlanned is for how many parts of a message room is made before they come.
const mostPlanned = 16

// state reports whether a message was asked for, and whether the client has ended its side.
func (b *inbox) state() (asked, complete bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.asked, b.end
}

// shift moves the window, as the one that all streams begin with was, and returns by how much more the client may be let send.
func (b *inbox) shift(s *stream, by int) (tell int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.window += by; !b.waiting.on {
		return 0
	}
	return b.more(s)
}

// add takes what has come. It returns by how much more the client may be let send, or the code to reset the stream with.
func (b *inbox) add(s *stream, content []byte, n int, end bool) (tell int, fault http2.ErrCode) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed:
		return 0, 0
	case b.end:
		return 0, http2.ErrCodeStreamClosed
	case n > b.window:
		return 0, http2.ErrCodeFlowControl
	case b.body >= 0 && (int64(len(content)) > b.body || end && int64(len(content)) < b.body):
		return 0, http2.ErrCodeProtocol
	}
	b.window -= n
	if b.body >= 0 {
		b.body -= int64(len(content))
	}
	if b.backlog.size() > 0 {
		b.backlog.add(content, s.conn.in.pool)
	} else {
		b.parts(s, content, func(p []byte) mem.Buffer { return s.conn.in.buffer(p, b.waiting.on) })
	}
	b.end = end
	if !b.waiting.on {
		return b.more(s), 0
	}
	if b.decided(s) {
		b.waiting.wake()
	}
	return b.more(s), 0
}

// mostReady is how many messages are put together before they are asked for. What comes then is kept as bytes: messages of a few bytes
// take many times that.
const mostReady = 16

// parts takes content apart into messages, of which keep makes the parts.
func (b *inbox) parts(s *stream, content []byte, keep func([]byte) mem.Buffer) {
	for len(content) > 0 && !b.broken() {
		if len(b.ready) >= mostReady && !b.waiting.on {
			b.backlog.add(content, s.conn.in.pool)
			return
		}
		content = b.part(s, content, keep)
	}
}

// unfold puts the next message together from what is kept as bytes.
func (b *inbox) unfold(s *stream) {
	pool := s.conn.in.pool
	for len(b.ready) < 2 && b.backlog.size() > 0 && !b.broken() {
		p := b.backlog.first()
		b.backlog.drop(len(p)-len(b.part(s, p, func(p []byte) mem.Buffer { return mem.Copy(p, pool) })), pool)
	}
}

// part takes what belongs to one message, and returns the rest.
func (b *inbox) part(s *stream, p []byte, keep func([]byte) mem.Buffer) []byte {
	m := &b.coming
	if !m.known() {
		n := copy(m.prefix[m.have:], p)
		if m.have += n; !m.known() {
			return nil
		}
		m.flag, m.length = m.prefix[0], int(binary.BigEndian.Uint32(m.prefix[1:]))
		if m.length > s.conn.server.options.MaxMessage() {
			b.tooLong = m.length
			return nil
		}
		p = p[n:]
		m.parts = make(mem.BufferSlice, 0, min(mostPlanned, 2+m.length/maxFrame))
	}
	n := min(m.left(), len(p))
	b.hold(p[:n], keep)
	if !b.charge(s) {
		b.refused, b.short = true, nil
		m.free(s.conn.server.options.Memory)
		return nil
	}
	if m.left() == 0 {
		b.held += m.have
		b.ready = append(b.ready, *m)
		b.coming = message{}
	}
	return p[n:]
}

// hold holds bytes of the message that is coming. Where they are few they are put together with those before them: a part takes many times the
// memory of a byte.
func (b *inbox) hold(p []byte, keep func([]byte) mem.Buffer) {
	m := &b.coming
	if len(p) >= shortPart || b.short == nil && len(p) == m.left() {
		b.settle()
		if m.have += len(p); len(p) > 0 {
			m.parts = append(m.parts, keep(p))
		}
		return
	}
	for len(p) > 0 {
		if b.short == nil {
			b.short = make([]byte, 0, min(shortPart, m.left()))
		}
		n := min(len(p), cap(b.short)-len(b.short))
		b.short = append(b.short, p[:n]...)
		m.have += n
		if p = p[n:]; len(b.short) == cap(b.short) || m.left() == 0 {
			b.settle()
		}
	}
}

// settle makes a part of what was put together.
func (b *inbox) settle() {
	if b.short != nil {
		b.coming.parts = append(b.coming.parts, mem.SliceBuffer(b.short))
		b.short = nil
	}
}

// more is by how much the client may be let send more, when that is a good part of the window: as much as the inbox doesn't hold, and a
// message that is waited for as a whole. Before the first message is asked for it is nothing: see initial. Of a unary method's message it is told only when the client would have to stop.
func (b *inbox) more(s *stream) int {
	const part = 4
	if !b.asked || b.end || b.closed || b.broken() {
		return 0
	}
	goal, held := b.most, b.held+b.backlog.size()
	if m := &b.coming; b.waiting.on && m.known() {
		if !s.method.streams && m.left() <= b.window {
			return 0
		}
		goal = min(max(goal, m.left()), maxWindow)
	} else {
		held += m.have
	}
	n := goal - b.window - held
	if n < b.most/part {
		return 0
	}
	b.window += n
	return n
}

// broken reports whether a message came that can't be taken: nothing after it is.
func (b *inbox) broken() bool { return b.tooLong > 0 || b.refused }

// decided reports whether there is something to return.
func (b *inbox) decided(s *stream) bool {
	if b.end || b.closed || b.broken() {
		return true
	}
	if s.method.streams {
		return len(b.ready) > 0
	}
	return len(b.ready) > 1 || len(b.ready) == 1 && b.coming.have > 0
}

// next waits for the next message.
func (b *inbox) next(s *stream) (message, error) {
	if err := s.understood(); err != nil {
		return message{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked = true
	for b.unfold(s); !b.decided(s); b.unfold(s) {
		told := b.waiting.begin()
		tell := b.more(s)
		b.mu.Unlock()
		s.tellNow(tell)
		select {
		case <-told:
		case <-s.ctx.Done():
		}
		b.mu.Lock()
		b.waiting.on = false
		if s.ctx.Err() != nil {
			return message{}, s.over()
		}
	}
	m, err := b.take(s)
	if tell := b.more(s); tell > 0 {
		b.mu.Unlock()
		s.tellNow(tell)
		b.mu.Lock()
	}
	return m, err
}

// take returns the next message, or why there is none.
func (b *inbox) take(s *stream) (message, error) {
	switch most := s.conn.server.options.MaxMessage(); {
	case b.closed:
		return message{}, s.over()
	case len(b.ready) == 0 && b.tooLong > 0:
		return message{}, status.Errorf(codes.ResourceExhausted, "received message larger than max (%d vs. %d)", b.tooLong, most)
	case len(b.ready) == 0 && b.refused:
		return message{}, ErrNoMemory
	case len(b.ready) == 0 && b.coming.have > 0:
		return message{}, status.Error(codes.Internal, io.ErrUnexpectedEOF.Error())
	case len(b.ready) == 0 && !s.method.streams && !b.taken:
		return message{}, status.Error(codes.Internal, "the call has no request: a unary call sends exactly one message")
	case len(b.ready) == 0:
		return message{}, io.EOF
	case !s.method.streams && (len(b.ready) > 1 || b.coming.have > 0):
		return message{}, status.Error(codes.Internal, "the call has more than one request: a unary call sends exactly one message")
	}
	m := b.ready[0]
	n := copy(b.ready, b.ready[1:])
	b.ready[n] = message{}
	b.ready = b.ready[:n]
	b.held -= m.have
	m.uncharge(s.conn.server.options.Memory)
	b.taken = true
	return m, nil
}

// close frees what nobody took.
func (b *inbox) close(s *stream) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return
	}
	b.closed = true
	for i := range b.ready {
		b.ready[i].free(s.conn.server.options.Memory)
	}
	b.coming.free(s.conn.server.options.Memory)
	b.backlog.drop(b.backlog.size(), s.conn.in.pool)
	b.ready, b.short, b.held = nil, nil, 0
	b.waiting.wake()
}
