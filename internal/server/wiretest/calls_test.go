package wiretest

import (
	"encoding/binary"
	"slices"
	"strings"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/protobuf/proto"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
)

// fields are header fields from pairs of names and values.
func fields(pairs ...string) []hpack.HeaderField {
	var out []hpack.HeaderField
	for pair := range slices.Chunk(pairs, 2) {
		out = append(out, hpack.HeaderField{Name: pair[0], Value: pair[1]})
	}
	return out
}

// request are the headers of a call. Each further pair takes the place of a header of that name, or is added; one without value takes it away.
func request(path string, pairs ...string) []hpack.HeaderField {
	out := fields(":method", "POST", ":scheme", "http", ":path", path, ":authority", "test", "content-type", "application/grpc", "te", "trailers")
	for pair := range slices.Chunk(pairs, 2) {
		name, value := pair[0], pair[1]
		i := slices.IndexFunc(out, func(f hpack.HeaderField) bool { return f.Name == name })
		switch {
		case i >= 0 && value == "":
			out = slices.Delete(out, i, i+1)
		case i >= 0:
			out[i].Value = value
		default:
			out = append(out, hpack.HeaderField{Name: name, Value: value})
		}
	}
	return out
}

// encode makes a header block with the encoder of the connection.
func (c *client) encode(fields []hpack.HeaderField) []byte {
	c.block.Reset()
	for _, f := range fields {
		if err := c.encoder.WriteField(f); err != nil {
			c.t.Fatal(err)
		}
	}
	return slices.Clone(c.block.Bytes())
}

// newStream is the next stream's number.
func (c *client) newStream() uint32 {
	c.next += 2
	return c.next - 2
}

// begin sends headers in one frame; the call's body may follow unless it ends.
func (c *client) begin(fields []hpack.HeaderField, ends bool) (stream uint32) {
	stream = c.newStream()
	block := c.encode(fields)
	c.frames(func(w *http2.Framer) {
		_ = w.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block, EndHeaders: true, EndStream: ends})
	})
	return stream
}

// open begins a call whose body may follow.
func (c *client) open(path string, pairs ...string) (stream uint32) {
	return c.begin(request(path, pairs...), false)
}

// data sends DATA in frames of at most the size that is always allowed, without a look at the windows.
func (c *client) data(stream uint32, body []byte, ends bool) {
	for first := true; first || len(body) > 0; first = false {
		n := min(len(body), maxFrameLength)
		c.frames(func(w *http2.Framer) { _ = w.WriteData(stream, ends && n == len(body), body[:n]) })
		c.spent(stream, n)
		body = body[n:]
	}
}

// spent notes that of the windows n bytes were used.
func (c *client) spent(stream uint32, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen.sent += n
	c.seen.stream(stream).sent += n
}

// call does all that a client does for a unary call.
func (c *client) call(path string, body []byte, pairs ...string) (stream uint32) {
	stream = c.open(path, pairs...)
	c.send(stream, message(body), true)
	return stream
}

// send sends DATA as the windows allow, and gives up when the stream is over.
func (c *client) send(stream uint32, body []byte, ends bool) {
	c.t.Helper()
	for first := true; first || len(body) > 0; first = false {
		room, over := 0, false
		c.await("room for DATA", func(b *inbox) bool {
			room, over = min(b.room(stream), maxFrameLength), b.stream(stream).over()
			return over || room > 0 || len(body) == 0
		})
		if over {
			return
		}
		n := min(len(body), room)
		c.data(stream, body[:n], ends && n == len(body))
		body = body[n:]
	}
}

// reset gives a stream up.
func (c *client) reset(stream uint32, code http2.ErrCode) {
	c.frames(func(w *http2.Framer) { _ = w.WriteRSTStream(stream, code) })
}

// ping asks for an answer and awaits it: all that was sent before was taken by then.
func (c *client) ping(data string) {
	c.t.Helper()
	var d [8]byte
	copy(d[:], data)
	before := ask(c, func(b *inbox) int { return len(b.pongs) })
	c.frames(func(w *http2.Framer) { _ = w.WritePing(false, d) })
	c.await("answer to a ping", func(b *inbox) bool { return slices.Contains(b.pongs[min(before, len(b.pongs)):], d) })
}

// answered awaits the end of a stream.
func (c *client) answered(stream uint32) *answer {
	c.t.Helper()
	c.await("end of a stream", func(b *inbox) bool { return b.stream(stream).over() })
	return ask(c, func(b *inbox) *answer { a := *b.stream(stream); return &a })
}

// statusOf awaits the end of a stream and returns its grpc-status, or what else ended it.
func (c *client) statusOf(stream uint32) string {
	c.t.Helper()
	a := c.answered(stream)
	if len(a.blocks) == 0 {
		return "reset " + a.reset.String()
	}
	return a.field("grpc-status")
}

// works calls the service once and fails unless it answers.
func (c *client) works() {
	c.t.Helper()
	if got := c.answered(c.call(versionPath, nil)); got.field("grpc-status") != "0" || len(got.data) < 5 {
		c.t.Errorf("a call afterwards: %v", got)
	}
}

// message frames a message of gRPC.
func message(body []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(body))), body...)
}

// messages takes messages, none of them compressed, out of what came.
func (c *client) messages(data []byte) (out [][]byte) {
	c.t.Helper()
	for len(data) > 0 {
		if len(data) < 5 || data[0] != 0 || int(binary.BigEndian.Uint32(data[1:])) > len(data)-5 {
			c.t.Fatalf("no whole message: %x", data[:min(len(data), 16)])
		}
		n := 5 + int(binary.BigEndian.Uint32(data[1:]))
		out, data = append(out, data[5:n]), data[n:]
	}
	return out
}

// encoded is a message of the service as bytes.
func (c *client) encoded(m proto.Message) []byte {
	c.t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		c.t.Fatal(err)
	}
	return b
}

// decoded reads the only message of an answer.
func decoded[M proto.Message](c *client, a *answer, into M) M {
	c.t.Helper()
	all := c.messages(a.data)
	if len(all) != 1 {
		c.t.Fatalf("%d messages instead of one: %v", len(all), a)
	}
	if err := proto.Unmarshal(all[0], into); err != nil {
		c.t.Fatal(err)
	}
	return into
}

// manifest is a pipeline of one node of a type, with the id a.
func manifest(nodeType string) *pb.PipelineManifest {
	return &pb.PipelineManifest{
		Version: "v1", Metadata: &pb.ManifestMetadata{Name: "test"}, Nodes: []*pb.NodeManifest{{Id: "a", NodeType: nodeType}},
	}
}

// echo asks for a text of n bytes to be given back: the answer has it twice, alone and in a list.
func (c *client) echo(n int) []byte {
	return c.encoded(&pb.ExecuteRequest{Manifest: manifest("Pass"), DataInputs: map[string]string{"a": `"` + strings.Repeat("x", n-2) + `"`}})
}

// hold asks for a node that waits until it is given up.
func (c *client) hold() []byte {
	return c.encoded(&pb.ExecuteRequest{Manifest: manifest("Hold"), DataInputs: map[string]string{"a": "1"}})
}

// echoed checks that a text of n bytes came back.
func (c *client) echoed(a *answer, n int) {
	c.t.Helper()
	got := decoded(c, a, new(pb.ExecuteResponse))
	if text := got.GetResult().GetDataOutputs()["a"]; len(text) != n {
		c.t.Errorf("%d bytes came back instead of %d: %v, %v", len(text), n, a, got.GetError())
	}
}
