package server_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/remotemedia/remotemedia-go/internal/server"
)

// tcpRig is a rig over real sockets; address is where it listens.
func tcpRig(t testing.TB, change ...func(*server.Options)) (r *rig, address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = l.Addr().String()
	return serveRig(t, l, func(ctx context.Context, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", address)
	}, change...), address
}

// rawClient speaks HTTP/2 frame by frame, for what no gRPC client does.
type rawClient struct {
	*http2.Framer
	net.Conn
	t    testing.TB
	next uint32 // stream
}

func dialFrames(t testing.TB, address string) *rawClient {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	c := &rawClient{Framer: http2.NewFramer(conn, conn), Conn: conn, t: t, next: 1}
	c.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	c.must(conn.SetDeadline(time.Now().Add(10 * time.Second)))
	_, err = io.WriteString(conn, http2.ClientPreface)
	c.must(err)
	c.must(c.WriteSettings())
	return c
}

func (c *rawClient) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// begin opens a call with headers, pairs of names and values, and sends nothing of a body.
func (c *rawClient) begin(method string, headers ...string) (stream uint32) {
	c.t.Helper()
	stream = c.next
	c.next += 2
	c.must(c.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: c.block(method, headers...), EndHeaders: true}))
	return stream
}

// block encodes the headers of a call.
func (c *rawClient) block(method string, headers ...string) []byte {
	c.t.Helper()
	var block bytes.Buffer
	e := hpack.NewEncoder(&block)
	pairs := append([]string{
		":method", "POST", ":scheme", "http", ":path", method, ":authority", "test", "content-type", "application/grpc", "te", "trailers",
	}, headers...)
	for i := 0; i < len(pairs); i += 2 {
		c.must(e.WriteField(hpack.HeaderField{Name: pairs[i], Value: pairs[i+1]}))
	}
	return block.Bytes()
}

// headers returns the first headers that answer a stream, and whether they are all of the answer.
func (c *rawClient) headers(stream uint32) (fields map[string]string, only bool) {
	c.t.Helper()
	for {
		frame, err := c.ReadFrame()
		c.must(err)
		if reset, ok := frame.(*http2.RSTStreamFrame); ok && reset.StreamID == stream {
			c.t.Fatalf("the stream was reset: %v", reset.ErrCode)
		}
		if h, ok := frame.(*http2.MetaHeadersFrame); ok && h.StreamID == stream {
			fields = make(map[string]string)
			for _, f := range h.Fields {
				fields[f.Name] = f.Value
			}
			return fields, h.StreamEnded()
		}
	}
}
