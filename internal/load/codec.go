package load

import (
	"fmt"
	"slices"
	"time"

	grpcmem "google.golang.org/grpc/mem"
)

// codec passes bytes: what is sent is encoded already, and what comes is looked at where it lies.
type codec struct{}

// outgoing is an encoded message in three parts, of which the body may be shared by many messages. None is ever changed.
type outgoing struct{ head, body, tail []byte }

func (o *outgoing) size() int { return len(o.head) + len(o.body) + len(o.tail) }

// incoming takes a message.
type incoming struct {
	arrived time.Time
	size    int
	// check looks at the message, which it must not keep.
	check func(message []byte) error
	err   error // what check found

	joined []byte // for messages that came in pieces
}

// Name is the content-subtype that every server of protobuf serves.
func (codec) Name() string { return "proto" }

// Marshal implements encoding.CodecV2.
func (codec) Marshal(v any) (grpcmem.BufferSlice, error) {
	out, ok := v.(*outgoing)
	if !ok {
		return nil, fmt.Errorf("load: can't send a %T", v)
	}
	if len(out.head)+len(out.tail) == 0 {
		return grpcmem.BufferSlice{grpcmem.SliceBuffer(out.body)}, nil
	}
	return grpcmem.BufferSlice{grpcmem.SliceBuffer(out.head), grpcmem.SliceBuffer(out.body), grpcmem.SliceBuffer(out.tail)}, nil
}

// Unmarshal implements encoding.CodecV2.
func (codec) Unmarshal(data grpcmem.BufferSlice, v any) error {
	in, ok := v.(*incoming)
	if !ok {
		return fmt.Errorf("load: can't receive a %T", v)
	}
	in.arrived, in.size = time.Now(), data.Len()
	switch {
	case in.check == nil:
		in.err = nil
	case len(data) == 1:
		in.err = in.check(data[0].ReadOnlyData())
	default:
		in.joined = slices.Grow(in.joined[:0], in.size)[:in.size]
		data.CopyTo(in.joined)
		in.err = in.check(in.joined)
	}
	return nil
}
