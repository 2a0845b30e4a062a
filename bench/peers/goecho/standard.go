package main

import (
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
)

// standard is what everybody gets who writes a server with grpc-go and changes nothing: its own codec, and its own settings.
type standard struct{ made }

// made are the answers as messages.
type made struct {
	unary *pb.ExecuteResponse
	chunk *pb.ChunkResult
}

func decodeAnswers(a answers) (m made, err error) {
	m = made{new(pb.ExecuteResponse), new(pb.ChunkResult)}
	if err := proto.Unmarshal(a.unary, m.unary); err != nil {
		return m, err
	}
	return m, proto.Unmarshal(a.chunk, m.chunk)
}

func newStandard(a answers) (standard, error) {
	m, err := decodeAnswers(a)
	return standard{m}, err
}

func (standard) options() []grpc.ServerOption { return nil }

func (s standard) execute(decode func(any) error) (any, error) {
	if err := decode(new(pb.ExecuteRequest)); err != nil {
		return nil, err
	}
	return s.unary, nil
}

func (s standard) open() streamEchoer { return &standardStream{made: s.made} }

type standardStream struct{ made }

func (s *standardStream) receive(stream grpc.ServerStream) (int, error) {
	in := new(pb.StreamRequest)
	err := stream.RecvMsg(in)
	return field(in), err
}

func field(in *pb.StreamRequest) int {
	switch in.GetRequest().(type) {
	case *pb.StreamRequest_Init:
		return fieldInit
	case *pb.StreamRequest_AudioChunk:
		return fieldChunk
	case *pb.StreamRequest_Control:
		return fieldControl
	}
	return 0
}

func readyMessage() *pb.StreamResponse {
	return &pb.StreamResponse{Response: &pb.StreamResponse_Ready{Ready: new(pb.StreamReady)}}
}

func closedMessage() *pb.StreamResponse {
	return &pb.StreamResponse{Response: &pb.StreamResponse_Closed{Closed: new(pb.StreamClosed)}}
}

func (s *standardStream) ready() any  { return readyMessage() }
func (s *standardStream) closed() any { return closedMessage() }

// result shares the audio with all others: messages are only read once they are made.
func (s *standardStream) result(sequence uint64) any {
	return &pb.StreamResponse{Response: &pb.StreamResponse_Result{Result: &pb.ChunkResult{
		Sequence: sequence, AudioOutputs: s.chunk.GetAudioOutputs(), DataOutputs: s.chunk.GetDataOutputs(),
	}}}
}
