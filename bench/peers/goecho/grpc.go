package main

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/experimental"
	"google.golang.org/grpc/status"

	"github.com/remotemedia/remotemedia-go/mem"
)

// echoer is what differs between the echoes over gRPC: how a message is read and made.
type echoer interface {
	options() []grpc.ServerOption
	// execute reads a request and returns the answer.
	execute(decode func(any) error) (any, error)
	// open begins a stream.
	open() streamEchoer
}

// streamEchoer is one stream.
type streamEchoer interface {
	// receive reads a request and returns the number of the field that it has.
	receive(s grpc.ServerStream) (field int, err error)
	ready() any
	result(sequence uint64) any
	closed() any
}

// Numbers of the fields of StreamRequest.
const (
	fieldInit    = 1
	fieldChunk   = 2
	fieldControl = 3
)

// tuned are the settings of grpc-go's server that are as good as the service's own: see internal/server/transport.go.
func tuned() []grpc.ServerOption {
	return []grpc.ServerOption{
		experimental.BufferPool(mem.NewPool(mem.DefaultRetain).Uncounted()),
		grpc.StaticStreamWindowSize(256 << 10),
		grpc.StaticConnWindowSize(4 << 20),
		grpc.WriteBufferSize(64 << 10),
	}
}

func newGRPC(e echoer, options ...grpc.ServerOption) *grpc.Server {
	s := grpc.NewServer(append(append(options, e.options()...), grpc.MaxRecvMsgSize(rawMost))...)
	s.RegisterService(&grpc.ServiceDesc{
		ServiceName: "remotemedia.v1.PipelineExecutionService",
		HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{
			MethodName: "ExecutePipeline",
			Handler: func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
				return e.execute(decode)
			},
		}},
	}, nil)
	s.RegisterService(&grpc.ServiceDesc{
		ServiceName: "remotemedia.v1.StreamingPipelineService",
		HandlerType: (*any)(nil),
		Streams: []grpc.StreamDesc{{
			StreamName: "StreamPipeline", ClientStreams: true, ServerStreams: true,
			Handler: func(_ any, s grpc.ServerStream) error { return serveStream(e.open(), s) },
		}},
	}, nil)
	return s
}

func serveStream(e streamEchoer, s grpc.ServerStream) error {
	for sequence := uint64(0); ; {
		var out any
		switch field, err := e.receive(s); {
		case errors.Is(err, io.EOF):
			return s.SendMsg(e.closed())
		case err != nil:
			return err
		case field == fieldInit:
			out = e.ready()
		case field == fieldChunk:
			out = e.result(sequence)
			sequence++
		case field == fieldControl:
			return s.SendMsg(e.closed())
		default:
			return status.Errorf(codes.InvalidArgument, "field %d in a request of a stream: only init, audio_chunk and control are echoed", field)
		}
		if err := s.SendMsg(out); err != nil {
			return err
		}
	}
}
