// Package wire is the border between the messages of remotemedia.v1 and the runtime's own types: the gRPC codec, manifests,
// audio and data items, and the one table by which errors travel. Nothing behind it knows protobuf, and nothing before it
// knows nodes.
//
// The codec copies samples once on the way in and never on the way out:
//
//   - [Incoming] and [Requests] receive a request. Its samples are gathered out of the transport's buffers into an aligned one of the
//     pool; [Payloads.Audio] hands that over to an account as an audio.Buffer, without a copy. What nobody took goes back with Release,
//     which the receiver must call.
//   - [Codec.EncodeExecution] and [Codec.EncodeChunk] make an answer as a [Frame]: a head of encoded fields, and references to the
//     samples of audio.Buffers. They are released, and leave their account, when the transport has written them.
//
// The plain form, which every encoder writes, is read by hand. All others (a field that isn't known, sub-messages in parts,
// numbers longer than they need to be, and whatever is broken) go to the standard codec as a whole, so that messages and errors
// are always the standard codec's. Every other message is the standard codec's anyway. A server that uses the codec alone is the
// example of [Codec].
package wire

import (
	"fmt"
	"time"

	grpcmem "google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/mem"
)

// Codec is the gRPC codec (encoding.CodecV2) of servers and clients. Its buffers come from one pool. Beside messages it
// reads into an [Incoming] and sends a [Frame]. It is safe for concurrent use.
type Codec struct{ pool *mem.Pool }

// NewCodec makes a codec over a pool.
func NewCodec(pool *mem.Pool) *Codec { return &Codec{pool} }

// Name is the content-subtype that the codec answers for.
func (*Codec) Name() string { return "proto" }

// Incoming is a message to be read together with what reading it took. Of an ExecuteRequest the samples lie in buffers of the codec's
// pool, gathered straight from the transport's; whoever reads one calls Release when it has what it needs.
type Incoming struct {
	Message proto.Message
	// KeepManifest asks for the manifest of an ExecuteRequest as the bytes that it is; see Manifest.
	KeepManifest bool

	Payloads
	// Manifest is the encoded manifest, valid until Release. It is nil where the message has none, or has it decoded because it
	// came in an unusual form.
	Manifest []byte

	Arrived time.Time     // when the message was complete
	Decode  time.Duration // time that decoding took
	Bytes   int           // size of the message, inflated
	// Err says that the bytes aren't such a message. It is told here rather than by RecvMsg, whose error is then always the transport's or the
	// call's end; and a server of grpc-go, which serves the codec as well, would end the call by itself, without the handler's trailers.
	Err error

	scratch *scratch
	inputs  map[string]*pb.AudioBuffer // of the message, used again
}

// Release gives back the buffers that nobody took. The message's audio inputs are gone with them.
func (in *Incoming) Release() {
	in.Payloads.Release()
	in.Manifest = nil
	clear(in.inputs)
	if in.scratch != nil {
		in.scratch.put()
		in.scratch = nil
	}
}

// DecodeManifest decodes a manifest that was kept into the message.
func (in *Incoming) DecodeManifest() error {
	m, ok := in.Message.(*pb.ExecuteRequest)
	if !ok || in.Manifest == nil || m.Manifest != nil {
		return nil
	}
	decoded := new(pb.PipelineManifest)
	if err := proto.Unmarshal(in.Manifest, decoded); err != nil {
		return err
	}
	m.Manifest = decoded
	return nil
}

func (c *Codec) readMessage(data grpcmem.BufferSlice, in *Incoming) {
	in.Release()
	in.Arrived, in.Bytes = time.Now(), data.Len()
	defer func() { in.Decode = max(time.Since(in.Arrived), 1) }() // a clock may be too coarse for it
	if m, ok := in.Message.(*pb.ExecuteRequest); ok {
		if c.readExecution(newCursor(data), m, in) {
			in.Err = nil
			return
		}
		in.Release()
	}
	in.Err = c.decode(data, in.Message)
}

// Frame is an encoded message. The codec takes its buffers over when it is sent; otherwise Free lets them go.
type Frame struct{ data grpcmem.BufferSlice }

// Free lets go of a frame that wasn't sent; for one that was it does nothing.
func (f *Frame) Free() {
	f.data.Free()
	f.data = nil
}

// Len is the size of the encoded message in bytes.
func (f *Frame) Len() int { return f.data.Len() }

// Marshal implements encoding.CodecV2 for messages and frames.
func (c *Codec) Marshal(v any) (grpcmem.BufferSlice, error) {
	switch v := v.(type) {
	case *Frame:
		data := v.data
		v.data = nil
		return data, nil
	case proto.Message:
		return c.encode(v)
	}
	return nil, fmt.Errorf("wire: can't encode a %T", v)
}

// Unmarshal implements encoding.CodecV2 for messages and [Incoming].
func (c *Codec) Unmarshal(data grpcmem.BufferSlice, v any) error {
	switch v := v.(type) {
	case *Incoming:
		c.readMessage(data, v)
		return nil
	case *Requests:
		c.readRequest(data, v)
		return nil
	case proto.Message:
		return c.decode(data, v)
	}
	return fmt.Errorf("wire: can't decode a %T", v)
}

func (c *Codec) decode(data grpcmem.BufferSlice, m proto.Message) error {
	buffer := c.gather(data)
	defer buffer.Free()
	return proto.Unmarshal(buffer.ReadOnlyData(), m)
}

// gather joins the pieces of a message. Small ones don't go through the pool, as grpc wouldn't give their buffers back.
func (c *Codec) gather(data grpcmem.BufferSlice) grpcmem.Buffer {
	if len(data) > 1 && grpcmem.IsBelowBufferPoolingThreshold(data.Len()) {
		return grpcmem.SliceBuffer(data.Materialize())
	}
	return data.MaterializeToBuffer(c.pool)
}

// encode renders a message into one buffer.
func (c *Codec) encode(m proto.Message) (grpcmem.BufferSlice, error) {
	a := newAnswer(c.pool, 0)
	if err := a.message(m); err != nil {
		a.drop()
		return nil, err
	}
	return a.finish(), nil
}
