package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
)

// rawStep is a call without the client's help.
type rawStep struct {
	Method   string            `json:"method"`
	Headers  map[string]string `json:"headers"`
	Messages []json.RawMessage `json:"messages"`
}

// shapes give the messages of each method.
var shapes = map[string]func() (request, answer proto.Message){
	"ExecutePipeline": func() (proto.Message, proto.Message) { return new(pb.ExecuteRequest), new(pb.ExecuteResponse) },
	"GetVersion":      func() (proto.Message, proto.Message) { return new(pb.VersionRequest), new(pb.VersionResponse) },
	"GetMetrics":      func() (proto.Message, proto.Message) { return new(pb.MetricsRequest), new(pb.MetricsResponse) },
	"StreamPipeline":  func() (proto.Message, proto.Message) { return new(pb.StreamRequest), new(pb.StreamResponse) },
}

func (s *rawStep) call(ctx context.Context, address string) (object, error) {
	name := s.Method[strings.LastIndex(s.Method, "/")+1:]
	shape, ok := shapes[name]
	if !ok {
		return nil, fmt.Errorf("unknown method %q", s.Method)
	}
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(math.MaxInt32)))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	ctx, cancel := context.WithCancel(metadata.NewOutgoingContext(ctx, metadata.New(s.Headers)))
	defer cancel()
	streams := name == "StreamPipeline"
	stream, err := conn.NewStream(ctx, &grpc.StreamDesc{StreamName: name, ClientStreams: true, ServerStreams: streams}, s.Method)
	if err != nil {
		return told(nil, err, nil), nil
	}
	for _, text := range s.Messages {
		request, _ := shape()
		if err := protojson.Unmarshal(text, request); err != nil {
			return nil, err
		}
		if err := stream.SendMsg(request); err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
	}
	if err := stream.CloseSend(); err != nil {
		return nil, err
	}
	return receive(stream, shape, streams)
}

func receive(stream grpc.ClientStream, shape func() (proto.Message, proto.Message), streams bool) (object, error) {
	messages := []json.RawMessage{}
	for {
		_, answer := shape()
		err := stream.RecvMsg(answer)
		if err != nil {
			return told(messages, err, stream.Trailer()), nil
		}
		text, err := protojson.Marshal(answer)
		if err != nil {
			return nil, err
		}
		messages = append(messages, text)
		if !streams {
			return told(messages, io.EOF, stream.Trailer()), nil
		}
	}
}

// statusNames are those of the gRPC specification, where Go spells them otherwise.
var statusNames = map[codes.Code]string{
	codes.OK: "OK", codes.Canceled: "CANCELLED", codes.Unknown: "UNKNOWN", codes.InvalidArgument: "INVALID_ARGUMENT",
	codes.DeadlineExceeded: "DEADLINE_EXCEEDED", codes.NotFound: "NOT_FOUND", codes.PermissionDenied: "PERMISSION_DENIED",
	codes.ResourceExhausted: "RESOURCE_EXHAUSTED", codes.FailedPrecondition: "FAILED_PRECONDITION", codes.Unimplemented: "UNIMPLEMENTED",
	codes.Internal: "INTERNAL", codes.Unavailable: "UNAVAILABLE", codes.Unauthenticated: "UNAUTHENTICATED",
}

func told(messages []json.RawMessage, err error, trailer metadata.MD) object {
	if errors.Is(err, io.EOF) {
		err = nil
	}
	s := status.Convert(err)
	name, ok := statusNames[s.Code()]
	if !ok {
		name = s.Code().String()
	}
	trailers := object{}
	for key, values := range trailer {
		if !strings.HasSuffix(key, "-bin") {
			trailers[key] = strings.Join(values, ", ")
		}
	}
	return object{"raw": object{"status": name, "message": s.Message(), "messages": messages, "trailers": trailers}}
}
