package wire

import (
	"testing"

	grpcmem "google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/mem"
)

// TestRequestsReadWhatTheStandardCodecReads reads a mixed sequence into one message and compares each with a fresh one; nothing of
// an earlier request may show.
func TestRequestsReadWhatTheStandardCodecReads(t *testing.T) {
	codec := NewCodec(mem.NewPool(0))
	chunk := func(c *pb.AudioChunk) *pb.StreamRequest {
		return &pb.StreamRequest{Request: &pb.StreamRequest_AudioChunk{AudioChunk: c}}
	}
	rich := chunk(&pb.AudioChunk{NodeId: "a", Sequence: 7, TimestampMs: 9, Buffer: &pb.AudioBuffer{
		Samples: []byte{1, 2, 3, 4}, SampleRate: 8000, Channels: 2, Format: pb.AudioFormat_AUDIO_FORMAT_I16, NumSamples: 2,
		MetadataJson: []byte("{}"), StreamId: "s", TimestampUs: 5, PositionFrames: 6,
	}})
	poor := chunk(&pb.AudioChunk{Buffer: &pb.AudioBuffer{Samples: []byte{9}}})
	control := &pb.StreamRequest{Request: &pb.StreamRequest_Control{Control: &pb.StreamControl{Command: 1}}}
	var r Requests
	for i, want := range []*pb.StreamRequest{rich, poor, rich, control, {}, rich, {}, poor, chunk(&pb.AudioChunk{Sequence: 1, Buffer: &pb.AudioBuffer{}}), control} {
		raw, err := proto.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		if err := codec.Unmarshal(grpcmem.BufferSlice{grpcmem.SliceBuffer(raw)}, &r); err != nil || r.Err != nil {
			t.Fatal(err, r.Err)
		}
		if !proto.Equal(r.Message, want) {
			t.Errorf("request %d is read as %v, want %v", i, r.Message, want)
		}
	}
	if codec.readRequest(grpcmem.BufferSlice{grpcmem.SliceBuffer([]byte{0x12, 0x7F})}, &r); r.Err == nil {
		t.Error("a length that lies was believed")
	}
}
