package wire_test

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/mem"
	"github.com/remotemedia/remotemedia-go/node"
)

func account(limit int64) *mem.Account {
	return mem.NewAccount(mem.NewPoisonedPool(), mem.Unlimited{}, limit)
}

// adopt takes a message of the standard codec into an account.
func adopt(in *pb.AudioBuffer, a *mem.Account) (*audio.Buffer, bool, error) {
	return new(wire.Payloads).Audio(in, a)
}

// sent reads a frame as the peer does, and lets it go as the transport does.
func sent(t interface{ Fatal(...any) }, f wire.Frame) *pb.StreamResponse {
	data, err := wire.NewCodec(mem.NewPool(0)).Marshal(&f)
	if err != nil {
		t.Fatal(err)
	}
	out := new(pb.StreamResponse)
	err = proto.Unmarshal(data.Materialize(), out)
	data.Free()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var sizes = map[pb.AudioFormat]int{
	pb.AudioFormat_AUDIO_FORMAT_F32: 4, pb.AudioFormat_AUDIO_FORMAT_I16: 2, pb.AudioFormat_AUDIO_FORMAT_I32: 4,
}

func TestAudioSurvivesTheWireUntouched(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		format := rapid.SampledFrom([]pb.AudioFormat{1, 2, 3}).Draw(t, "format")
		channels := rapid.IntRange(1, 64).Draw(t, "channels")
		frames := rapid.IntRange(0, 20).Draw(t, "frames")
		raw := rapid.SliceOfN(rapid.Byte(), frames*channels*sizes[format], frames*channels*sizes[format]).Draw(t, "samples")
		in := &pb.AudioBuffer{
			Samples: raw, SampleRate: rapid.Uint32Range(1, 768_000).Draw(t, "rate"), Channels: uint32(channels), Format: format,
			NumSamples: uint64(frames * channels), PositionFrames: rapid.Int64().Draw(t, "position"),
			TimestampUs: rapid.Int64().Draw(t, "time"), StreamId: rapid.String().Draw(t, "stream"),
		}
		if rapid.Bool().Draw(t, "metadata") {
			in.MetadataJson = []byte(`{"a": 1}`)
		}
		if problems := wire.CheckAudio(in, "a", "audio"); len(problems) != 0 {
			t.Fatalf("problems %v", problems)
		}
		a := account(1 << 20)
		want := proto.Clone(in).(*pb.AudioBuffer)
		b, timed, err := adopt(in, a)
		if err != nil || timed != (in.TimestampUs != 0) || b.Frames() != frames || a.Used() != int64(len(raw)) {
			t.Fatalf("error %v, timed %v, %d frames, %d bytes charged", err, timed, b.Frames(), a.Used())
		}
		if kept, _, err := b.Wire(a); err != nil || len(raw) > 0 && unsafe.SliceData(kept) != unsafe.SliceData(raw) {
			t.Fatalf("the samples were copied: %v", err)
		}
		frame, err := wire.NewCodec(mem.NewPool(0)).EncodeChunk([]wire.Audio{{NodeID: "n", Buffer: b}}, a, &pb.ChunkResult{Sequence: 7})
		if err != nil {
			t.Fatal(err)
		}
		out := sent(t, frame).GetResult()
		if !proto.Equal(out, &pb.ChunkResult{Sequence: 7, AudioOutputs: map[string]*pb.AudioBuffer{"n": want}}) {
			t.Fatalf("it became %v, was %v", out, want)
		}
		b.Release()
		if a.Used() != 0 {
			t.Fatalf("%d bytes are still charged", a.Used())
		}
	})
}

func TestAudioBeyondTheAccountIsRefused(t *testing.T) {
	in := &pb.AudioBuffer{Samples: make([]byte, 100), SampleRate: 1, Channels: 1, Format: pb.AudioFormat_AUDIO_FORMAT_I16}
	a := account(99)
	if _, _, err := adopt(in, a); err == nil || a.Used() != 0 {
		t.Errorf("error %v, %d bytes charged", err, a.Used())
	}
}

func TestNoEncodingGoesOutAsFormatZero(t *testing.T) {
	for _, e := range []pcm.Encoding{pcm.F32, pcm.I16, pcm.I32} {
		if f := wire.EncodingToProto(e); f == 0 || int32(f) != int32(e) {
			t.Errorf("%v goes out as %d", e, f)
		}
	}
}

// What CheckAudio passes can be adopted, whatever came, and its length is what the bytes say.
func FuzzAudio(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4}, uint32(16000), uint32(1), int32(1), uint64(1), []byte(nil))
	f.Add([]byte{}, uint32(0), uint32(0), int32(0), uint64(0), []byte(nil))
	f.Add([]byte{1, 2, 3}, uint32(44100), uint32(2), int32(2), uint64(math.MaxUint64), []byte("{"))
	f.Add([]byte{1, 2, 3, 4}, uint32(1), uint32(1), int32(2), uint64(1<<63+2), []byte(`{"a":1}`))
	f.Fuzz(func(t *testing.T, samples []byte, rate, channels uint32, format int32, n uint64, metadata []byte) {
		in := &pb.AudioBuffer{Samples: samples, SampleRate: rate, Channels: channels, Format: pb.AudioFormat(format), NumSamples: n, MetadataJson: metadata}
		if len(wire.CheckAudio(in, "a", "audio")) > 0 {
			return
		}
		claimed := wire.NumSamples(in)
		a := account(math.MaxInt64)
		b, _, err := adopt(in, a)
		if err != nil {
			t.Fatalf("it passed and was refused: %v", err)
		}
		defer b.Release()
		if n != 0 && uint64(b.NumSamples()) != n || uint64(b.NumSamples()) != claimed || b.Frames()*b.Format.FrameBytes() != len(samples) {
			t.Errorf("%d samples of %d bytes, claimed %d", b.NumSamples(), len(samples), n)
		}
		if _, err := b.Planar(a); err != nil {
			t.Error(err)
		}
	})
}

func TestDataInputs(t *testing.T) {
	for text, want := range map[string]struct {
		item string
		kind node.Kinds
	}{
		`{"value": 10.0}`: {`{"value": 10.0}`, node.JSON}, " \t\r\n\"hi\" \n": {`"hi"`, node.Text}, "[1, 2]": {"[1, 2]", node.JSON},
		"null": {"null", node.JSON}, "1e999": {"1e999", node.JSON}, `{"a":1,"a":2}`: {`{"a":1,"a":2}`, node.JSON},
	} {
		item, problem := wire.DataFromProto(text, "a", "data")
		if problem != nil || string(item.Data) != want.item || item.Kind != want.kind {
			t.Errorf("%q became %q of kind %v with %v", text, item.Data, item.Kind, problem)
		}
	}
	for text, want := range map[string][2]int{
		"": {1, 1}, "  ": {1, 1}, "{": {1, 2}, "{\"ä\": 1,\n  ü}": {2, 3}, "nul": {1, 4}, "1 2": {1, 3}, "'x'": {1, 1}, "NaN": {1, 1}, "[1,]": {1, 3},
		"{\"a\": 01}": {1, 8},
	} {
		_, p := wire.DataFromProto(text, "a", "data")
		if p == nil || p.Line != want[0] || p.Column != want[1] || p.NodeID != "a" || !strings.Contains(p.Message, `"a"`) {
			t.Errorf("%q: %+v, want line %d, column %d", text, p, want[0], want[1])
		}
	}
	if _, p := wire.DataFromProto(strings.Repeat("[", 1<<20), "a", "data"); p == nil {
		t.Error("a megabyte of brackets is JSON")
	}
}

// A text is taken exactly when the standard library says that it is JSON, except for depth, on which both have bounds.
func FuzzData(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5e3,null]}`, `"\ud800"`, "", "{", "1 2", "\xff", `{"a":1,"a":2}`, "[[[[", "-0", "01"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		item, p := wire.DataFromProto(text, "a", "data")
		if p != nil {
			if p.Line < 1 || p.Column < 1 || p.Offset > len(text) {
				t.Errorf("%q: %+v", text, p)
			}
			return
		}
		if !json.Valid(item.Data) {
			t.Errorf("%q was taken and isn't JSON", text)
		}
		if !slices.Contains([]node.Kinds{node.JSON, node.Text}, item.Kind) {
			t.Errorf("%q is of kind %v", text, item.Kind)
		}
	})
}
