package h2

import (
	"encoding/binary"

	"golang.org/x/net/http2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
)

// SendMsg implements grpc.ServerStream. The message may be used again when it returns. What a unary method answers is written with its status.
func (s *stream) SendMsg(m any) error {
	data, err := s.conn.server.options.Codec.Marshal(m)
	if err != nil {
		return status.Errorf(codes.Internal, "the answer can't be encoded: %v", err)
	}
	defer data.Free()
	flag := byte(0)
	if by := encoding.GetCompressor(s.encoding); s.encoding != "" && by != nil && data.Len() > 0 {
		packed, err := compress(by, data, s.conn.server.options.Pool)
		if err != nil {
			return status.Errorf(codes.Internal, "the answer can't be compressed: %v", err)
		}
		defer packed.Free()
		data, flag = packed, 1
	}
	return s.write(newCursor(flag, data))
}

const prefixLength = 5

// cursor goes through a message with its prefix.
type cursor struct {
	prefix [prefixLength]byte
	at     int // of the prefix
	parts  mem.BufferSlice
	first  int // of the first part, what was taken
	left   int
}

func newCursor(flag byte, data mem.BufferSlice) *cursor {
	c := &cursor{parts: data, left: prefixLength + data.Len()}
	c.prefix[0] = flag
	binary.BigEndian.PutUint32(c.prefix[1:], uint32(data.Len()))
	return c
}

// appendNext appends the next n bytes.
func (c *cursor) appendNext(b []byte, n int) []byte {
	c.left -= n
	if c.at < prefixLength {
		p := c.prefix[c.at:min(prefixLength, c.at+n)]
		c.at += len(p)
		n -= len(p)
		b = append(b, p...)
	}
	for n > 0 {
		p := c.parts[0].ReadOnlyData()[c.first:]
		if len(p) <= n {
			c.parts, c.first = c.parts[1:], 0
		} else {
			p = p[:n]
			c.first += n
		}
		n -= len(p)
		b = append(b, p...)
	}
	return b
}

// write puts a message into the connection's buffer, as far as the windows and the room allow, and waits for them where it must.
func (s *stream) write(m *cursor) error {
	c := s.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if !s.began && !s.gone {
		s.begin()
	}
	for m.left > 0 {
		if s.gone || c.out.failed {
			return s.over()
		}
		n := min(m.left, s.allowed, c.peer.window, outputRoom-c.out.waits(), c.peer.frame)
		if n <= 0 {
			if err := s.waitToWrite(); err != nil {
				return err
			}
			continue
		}
		b := c.out.room()
		*b = m.appendNext(appendHeader(*b, n, http2.FrameData, 0, s.id), n)
		s.allowed -= n
		c.peer.window -= n
		c.spoken.Store(true)
		s.partial = m.left > 0
	}
	if s.method.lasting {
		c.flush()
	}
	return nil
}

// waitToWrite writes what there is, and waits until there may be room for more, or a window for it. It is called with the lock.
func (s *stream) waitToWrite() error {
	c := s.conn
	if c.out.pending != nil && !c.out.writing {
		c.flush()
		return nil
	}
	told := s.writable.begin()
	if !s.listed { // it may have been woken by its own window, again and again
		s.listed = true
		c.out.senders = append(c.out.senders, s)
	}
	c.mu.Unlock()
	defer c.mu.Lock()
	select {
	case <-told:
		return nil
	case <-s.ctx.Done():
		return s.over()
	}
}
