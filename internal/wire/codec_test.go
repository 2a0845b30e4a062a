package wire_test

import (
	"bytes"
	"testing"
	"time"

	grpcmem "google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/mem"
)

func request(samples int) *pb.ExecuteRequest {
	return &pb.ExecuteRequest{
		Manifest:    &pb.PipelineManifest{Version: "v1", Nodes: []*pb.NodeManifest{{Id: "a", NodeType: "PassThrough"}}},
		AudioInputs: map[string]*pb.AudioBuffer{"a": {Samples: bytes.Repeat([]byte{1, 2}, samples), SampleRate: 8000, Channels: 1, Format: 2}},
	}
}

// pieces cuts bytes as frames of the network would.
func pieces(raw []byte, size int) grpcmem.BufferSlice {
	var out grpcmem.BufferSlice
	for len(raw) > 0 {
		n := min(size, len(raw))
		out = append(out, grpcmem.SliceBuffer(raw[:n]))
		raw = raw[n:]
	}
	return out
}

func TestCodecCarriesMessagesOfAnySize(t *testing.T) {
	pool := mem.NewPoisonedPool()
	codec := wire.NewCodec(pool)
	for _, samples := range []int{0, 1, 500, 511, 512, 5000, 1 << 20} {
		want := request(samples)
		data, err := codec.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		raw := data.Materialize()
		data.Free()
		standard, got := new(pb.ExecuteRequest), new(pb.ExecuteRequest)
		if err := proto.Unmarshal(raw, standard); err != nil || !proto.Equal(standard, want) {
			t.Errorf("%d samples: the standard codec reads something else: %v", samples, err)
		}
		in := &wire.Incoming{Message: got}
		if err := codec.Unmarshal(pieces(raw, 1000), in); err != nil || in.Err != nil || !proto.Equal(got, want) {
			t.Errorf("%d samples: it doesn't read what it wrote: %v, %v", samples, err, in.Err)
		}
		if in.Bytes != len(raw) || in.Arrived.IsZero() || in.Decode <= 0 {
			t.Errorf("%d samples: %d bytes at %v in %v", samples, in.Bytes, in.Arrived, in.Decode)
		}
	}
	if pool.Out() != 0 {
		t.Errorf("%d buffers are out", pool.Out())
	}
}

func TestCodecReportsWhatIsNoMessage(t *testing.T) {
	codec := wire.NewCodec(mem.NewPoisonedPool())
	in := &wire.Incoming{Message: new(pb.ExecuteRequest)}
	if err := codec.Unmarshal(pieces([]byte{0xff}, 1), in); err != nil || in.Err == nil {
		t.Errorf("errors %v and %v, want the second", err, in.Err)
	}
	if err := codec.Unmarshal(pieces([]byte{0xff}, 1), new(pb.ExecuteRequest)); err == nil {
		t.Error("garbage was read")
	}
	if _, err := codec.Marshal(7); err == nil {
		t.Error("7 was written")
	}
	if err := codec.Unmarshal(nil, 7); err == nil {
		t.Error("7 was read")
	}
	if _, err := codec.Marshal(&pb.ExecuteRequest{ClientVersion: "\xff"}); err == nil {
		t.Error("a string that isn't UTF-8 was written")
	}
}

// A response in two parts reads like one that was written at once.
func TestFrameIsTheWholeMessage(t *testing.T) {
	pool := mem.NewPoisonedPool()
	codec := wire.NewCodec(pool)
	result := &pb.ExecutionResult{AudioOutputs: request(3000).GetAudioInputs(), RequestId: "r", Status: 1}
	var took time.Duration
	frame, err := codec.EncodeField(1, result, func(encode time.Duration) proto.Message {
		took = encode
		return &pb.ExecutionResult{Metrics: &pb.ExecutionMetrics{WallTimeMs: 5}}
	})
	if err != nil || took <= 0 {
		t.Fatalf("error %v, took %v", err, took)
	}
	size := frame.Len()
	data, err := codec.Marshal(frame)
	if err != nil || data.Len() != size {
		t.Fatalf("error %v, %d bytes, want %d", err, data.Len(), size)
	}
	frame.Free() // does nothing: the codec has taken it over
	got := new(pb.ExecuteResponse)
	if err := proto.Unmarshal(data.Materialize(), got); err != nil {
		t.Fatal(err)
	}
	data.Free()
	result.Metrics = &pb.ExecutionMetrics{WallTimeMs: 5}
	if !proto.Equal(got.GetResult(), result) {
		t.Errorf("got %v", got)
	}
	unsent, err := codec.EncodeField(1, result, func(time.Duration) proto.Message { return &pb.ExecutionResult{} })
	if err != nil {
		t.Fatal(err)
	}
	unsent.Free()
	if _, err := codec.EncodeField(1, result, func(time.Duration) proto.Message { return &pb.ExecutionResult{RequestId: "\xff"} }); err == nil {
		t.Error("a part that can't be encoded was")
	}
	if pool.Out() != 0 {
		t.Errorf("%d buffers are out", pool.Out())
	}
}

// Bytes of any kind are read as the standard codec reads them, in pieces of any size.
func FuzzCodec(f *testing.F) {
	seed, _ := proto.Marshal(request(4))
	f.Add(seed, uint8(3))
	f.Add([]byte{0xff}, uint8(1))
	f.Add([]byte{}, uint8(0))
	f.Fuzz(func(t *testing.T, raw []byte, size uint8) {
		pool := mem.NewPoisonedPool()
		want, got := new(pb.ExecuteRequest), new(pb.ExecuteRequest)
		wantErr := proto.Unmarshal(raw, want)
		gotErr := wire.NewCodec(pool).Unmarshal(pieces(raw, int(size)+1), got)
		if (wantErr == nil) != (gotErr == nil) || wantErr == nil && !proto.Equal(want, got) {
			t.Errorf("got %v (%v), want %v (%v)", got, gotErr, want, wantErr)
		}
		if pool.Out() != 0 {
			t.Errorf("%d buffers are out", pool.Out())
		}
	})
}
