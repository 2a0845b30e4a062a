package main

import (
	"fmt"

	"google.golang.org/grpc"
	grpcmem "google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
)

// noop looks at the first byte of a message and no further, and answers with bytes that lie ready: the floor of the stack.
type noop struct{ answers }

// received is a message that isn't decoded.
type received struct{ first byte }

// prepared is an encoded message.
type prepared grpcmem.BufferSlice

type noopCodec struct{}

// Name implements encoding.CodecV2.
func (noopCodec) Name() string { return "proto" }

// Marshal implements encoding.CodecV2.
func (noopCodec) Marshal(v any) (grpcmem.BufferSlice, error) {
	if p, ok := v.(prepared); ok {
		return grpcmem.BufferSlice(p), nil
	}
	return nil, fmt.Errorf("goecho: can't encode a %T", v)
}

// Unmarshal implements encoding.CodecV2.
func (noopCodec) Unmarshal(data grpcmem.BufferSlice, v any) error {
	r := v.(*received)
	r.first = 0
	for _, b := range data {
		if b.Len() > 0 {
			r.first = b.ReadOnlyData()[0]
			break
		}
	}
	return nil
}

func (noop) options() []grpc.ServerOption {
	return []grpc.ServerOption{grpc.ForceServerCodecV2(noopCodec{})}
}

func (n noop) execute(decode func(any) error) (any, error) {
	if err := decode(new(received)); err != nil {
		return nil, err
	}
	return prepared{grpcmem.SliceBuffer(n.unary)}, nil
}

func (n noop) open() streamEchoer { return &noopStream{answers: n.answers} }

type noopStream struct {
	answers
	in received
}

func (s *noopStream) receive(stream grpc.ServerStream) (int, error) {
	err := stream.RecvMsg(&s.in)
	return int(s.in.first >> 3), err
}

// Numbers of the fields of StreamResponse.
const (
	fieldReady  = 1
	fieldResult = 2
	fieldClosed = 5
)

func (s *noopStream) ready() any  { return empty(fieldReady) }
func (s *noopStream) closed() any { return empty(fieldClosed) }

func empty(field protowire.Number) prepared {
	return prepared{grpcmem.SliceBuffer(append(protowire.AppendTag(nil, field, protowire.BytesType), 0))}
}

func (s *noopStream) result(sequence uint64) any {
	return prepared{grpcmem.SliceBuffer(resultHead(sequence, len(s.chunk))), grpcmem.SliceBuffer(s.chunk)}
}

// resultHead is a StreamResponse with a ChunkResult up to its sequence, which so many bytes follow.
func resultHead(sequence uint64, follow int) []byte {
	head := make([]byte, 0, 24)
	head = protowire.AppendTag(head, fieldResult, protowire.BytesType)
	number := 1 + protowire.SizeVarint(sequence)
	head = protowire.AppendVarint(head, uint64(number+follow))
	head = protowire.AppendTag(head, 1, protowire.VarintType)
	return protowire.AppendVarint(head, sequence)
}
