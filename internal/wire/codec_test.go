package wire_test

import (
	"bytes"
	"testing"

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
		in.Release()
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
