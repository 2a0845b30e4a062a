package main

import (
	"google.golang.org/grpc"
	grpcmem "google.golang.org/grpc/mem"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/mem"
)

// onecopy decodes with the service's codec and answers, as that does, with a head and a payload that isn't copied: the service
// without its work.
type onecopy struct {
	answers
	codec oneCopyCodec
}

// oneCopyCodec is the service's, which sends what lies ready too.
type oneCopyCodec struct{ *wire.Codec }

// Marshal implements encoding.CodecV2.
func (c oneCopyCodec) Marshal(v any) (grpcmem.BufferSlice, error) {
	if p, ok := v.(prepared); ok {
		return grpcmem.BufferSlice(p), nil
	}
	return c.Codec.Marshal(v)
}

func newOneCopy(a answers) (onecopy, error) {
	return onecopy{answers: a, codec: oneCopyCodec{wire.NewCodec(mem.NewPool(mem.DefaultRetain))}}, nil
}

func (o onecopy) options() []grpc.ServerOption {
	return []grpc.ServerOption{grpc.ForceServerCodecV2(o.codec)}
}

func (o onecopy) execute(decode func(any) error) (any, error) {
	in := wire.Incoming{Message: new(pb.ExecuteRequest), KeepManifest: true}
	defer in.Release()
	if err := decode(&in); err != nil {
		return nil, err
	}
	if in.Err != nil {
		return nil, in.Err
	}
	return prepared{grpcmem.SliceBuffer(o.unary)}, nil
}

func (o onecopy) open() streamEchoer {
	return &oneCopyStream{noopStream: noopStream{answers: o.answers}}
}

type oneCopyStream struct {
	noopStream
	requests wire.Requests
}

func (s *oneCopyStream) receive(stream grpc.ServerStream) (int, error) {
	if err := stream.RecvMsg(&s.requests); err != nil {
		s.requests.Release()
		return 0, err
	}
	return field(s.requests.Message), s.requests.Err
}
