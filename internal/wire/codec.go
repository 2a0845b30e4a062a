// Package wire is the border between the messages of remotemedia.v1 and the runtime's own types: the gRPC codec, manifests,
// audio and data items, and the one table by which errors travel. Nothing behind it knows protobuf, and nothing before it
// knows nodes.
package wire

import (
	"fmt"
	"time"

	grpcmem "google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/remotemedia/remotemedia-go/mem"
)

// Codec is the gRPC codec (encoding.CodecV2) of servers and clients. Its buffers come from one pool. Beside messages it
// reads into an [Incoming] and sends a [Frame]. It is safe for concurrent use.
type Codec struct{ pool *mem.Pool }

// NewCodec makes a codec over a pool.
func NewCodec(pool *mem.Pool) *Codec { return &Codec{pool} }

// Name is the content-subtype that the codec answers for.
func (*Codec) Name() string { return "proto" }

// Incoming is a message to be read together with what reading it took.
type Incoming struct {
	Message proto.Message

	Arrived time.Time     // when the message was complete
	Decode  time.Duration // time that decoding took
	Bytes   int           // size of the message, inflated
	// Err says that the bytes aren't such a message. It is told here rather than by RecvMsg, because grpc ends the call
	// by itself when that fails, and the trailers would be lost.
	Err error
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
		buffer, err := c.encode(v)
		if err != nil {
			return nil, err
		}
		return grpcmem.BufferSlice{buffer}, nil
	}
	return nil, fmt.Errorf("wire: can't encode a %T", v)
}

// Unmarshal implements encoding.CodecV2 for messages and [Incoming].
func (c *Codec) Unmarshal(data grpcmem.BufferSlice, v any) error {
	switch v := v.(type) {
	case *Incoming:
		v.Arrived, v.Bytes = time.Now(), data.Len()
		v.Err = c.decode(data, v.Message)
		v.Decode = time.Since(v.Arrived)
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

// encode renders a message into one buffer, from the pool unless it is small.
func (c *Codec) encode(m proto.Message) (grpcmem.Buffer, error) {
	options := proto.MarshalOptions{UseCachedSize: true}
	size := proto.Size(m)
	if grpcmem.IsBelowBufferPoolingThreshold(size) {
		b, err := options.MarshalAppend(make([]byte, 0, size), m)
		return grpcmem.SliceBuffer(b), err
	}
	buffer := c.pool.Get(size)
	b, err := options.MarshalAppend((*buffer)[:0], m)
	if err != nil {
		c.pool.Put(buffer)
		return nil, err
	}
	*buffer = b
	return grpcmem.NewBuffer(buffer, c.pool), nil
}

// EncodeField renders a message that has one sub-message field, given in two parts whose fields don't overlap. The second
// part is asked for when the first is encoded, and told how long that took: a result and its own metrics.
func (c *Codec) EncodeField(field protowire.Number, first proto.Message, second func(encode time.Duration) proto.Message) (*Frame, error) {
	start := time.Now()
	body, err := c.encode(first)
	if err != nil {
		return nil, err
	}
	rest, err := c.encode(second(time.Since(start)))
	if err != nil {
		body.Free()
		return nil, err
	}
	head := protowire.AppendTag(nil, field, protowire.BytesType)
	head = protowire.AppendVarint(head, uint64(body.Len()+rest.Len()))
	return &Frame{grpcmem.BufferSlice{grpcmem.SliceBuffer(head), body, rest}}, nil
}
