package h2

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// headers begins a header block: of a new call, or the end of one that is open.
func (c *connection) headers(h header, p []byte) error {
	p, err := h.unpad(p)
	if err != nil {
		return err
	}
	if h.has(flagPriority) {
		const fields = 5
		if len(p) < fields {
			return http2.ConnectionError(http2.ErrCodeProtocol)
		}
		p = p[fields:]
	}
	if h.stream%2 == 0 {
		return http2.ConnectionError(http2.ErrCodeProtocol)
	}
	c.request.begin(h.stream, h.has(flagEndStream), c.server.options.MaxHeaderBytes)
	return c.headerBlock(p, h.has(flagEndHeaders))
}

// headerBlock decodes a part of a block. Every block must be decoded, also one that nobody wants: it changes the decoder's table.
func (c *connection) headerBlock(p []byte, last bool) error {
	r := &c.request
	r.more = !last
	if r.wire += len(p) + frameHeader; r.wire > 2*r.limit+frameHeader {
		return http2.ConnectionError(http2.ErrCodeEnhanceYourCalm)
	}
	if _, err := c.decoder.Write(p); err != nil {
		if !errors.Is(err, hpack.ErrStringLength) {
			return http2.ConnectionError(http2.ErrCodeCompression)
		}
		r.size = r.limit + 1
		return http2.ConnectionError(http2.ErrCodeEnhanceYourCalm)
	}
	if !last {
		return nil
	}
	if err := c.decoder.Close(); err != nil {
		return http2.ConnectionError(http2.ErrCodeCompression)
	}
	return c.call(r)
}

// call begins a call, or refuses it.
func (c *connection) call(r *request) error {
	c.mu.Lock()
	c.makeRoom()
	if st, ok := c.streams[r.stream]; ok {
		c.mu.Unlock()
		c.trailers(st, r)
		return nil
	}
	if r.stream <= c.last {
		c.mu.Unlock()
		return http2.ConnectionError(http2.ErrCodeStreamClosed)
	}
	c.last = r.stream
	if c.state >= left {
		c.mu.Unlock()
		return nil // the peer was told that no more are taken
	}
	c.served = r.stream
	reset, refused := r.check()
	most := c.server.options.MaxCalls
	if len(c.streams) >= most || c.running >= 2*most {
		reset, refused = http2.ErrCodeRefusedStream, nil
	}
	if reset != 0 || refused != nil {
		defer c.mu.Unlock()
		c.refuse(r, reset, refused)
		return nil
	}
	st := newStream(c, r)
	c.streams[r.stream] = st
	c.running++
	c.began = true
	c.mu.Unlock()
	c.server.handlers.Add(1)
	go st.run()
	return nil
}

// trailers are the end of what a client sends.
func (c *connection) trailers(st *stream, r *request) {
	switch _, complete := st.inbox.state(); {
	case complete:
		c.kill(st, http2.ErrCodeStreamClosed)
	case !r.end || r.malformed:
		c.kill(st, http2.ErrCodeProtocol)
	default:
		st.take(nil, 0, true)
	}
}

// refuse answers a request that isn't one of a call. It is called with the lock.
func (c *connection) refuse(r *request, reset http2.ErrCode, why *refusal) {
	if why == nil {
		c.putReset(r.stream, reset)
		return
	}
	c.putHeaders(r.stream, flagEndStream, func(b []byte) []byte {
		if why.http == http.StatusOK {
			b = append(b, answerFields...)
		} else {
			b = appendStatus(b, why.http)
		}
		return appendOutcome(b, why.status, false)
	})
	if !r.end {
		c.putReset(r.stream, http2.ErrCodeNo)
	}
}

// putHeaders puts a header block into the buffer. It is called with the lock.
func (c *connection) putHeaders(stream uint32, flags http2.Flags, fields func(b []byte) []byte) {
	const tableIsEmpty = 0x20 // RFC 7541, section 6.3
	out := c.out.room()
	start := len(*out)
	b := appendHeader(*out, 0, http2.FrameHeaders, flags|flagEndHeaders, stream)
	if c.resized {
		c.resized = false
		b = append(b, tableIsEmpty)
	}
	b = fields(b)
	block := b[start+frameHeader:]
	if len(block) <= c.peer.frame {
		appendHeader(b[:start], len(block), http2.FrameHeaders, flags|flagEndHeaders, stream) // in place
	} else {
		b = appendHeaders(b[:start], slices.Clone(block), stream, flags, c.peer.frame)
	}
	*out = b
}

func (c *connection) putReset(stream uint32, code http2.ErrCode) {
	b := c.out.room()
	*b = appendReset(*b, stream, code)
}

// contextOf makes the context of a call.
func contextOf(c *connection, r *request, t grpc.ServerTransportStream) (context.Context, context.CancelFunc) {
	ctx, cancel := c.base, context.CancelFunc(nil)
	if r.timed {
		ctx, cancel = context.WithTimeout(ctx, r.timeout)
	} else {
		ctx, cancel = context.WithCancel(ctx)
	}
	ctx = metadata.NewIncomingContext(ctx, r.md)
	return grpc.NewContextWithServerTransportStream(ctx, t), cancel
}
