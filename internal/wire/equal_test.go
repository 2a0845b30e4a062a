package wire_test

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoregistry"
	"pgregory.net/rapid"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/conformance/contract"
	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/mem"
)

// messages are all of the wire, filled in every variant.
func messages() (out []proto.Message) {
	for _, md := range contract.Messages(protoregistry.GlobalFiles) {
		if !strings.HasPrefix(string(md.FullName()), "remotemedia.") {
			continue
		}
		typ, err := protoregistry.GlobalTypes.FindMessageByName(md.FullName())
		if err != nil {
			panic(err)
		}
		for variant := range contract.Variants(md) {
			m := typ.New()
			contract.Fill(m, variant)
			out = append(out, m.Interface())
		}
	}
	return out
}

// reader is a way to read a message, which returns what it read and lets go of what it took.
type reader func(codec *wire.Codec, raw []byte, size int) (proto.Message, error)

// readers are all the ways to read a message of a type; each is to do what the standard codec does.
func readers(m proto.Message) map[string]reader {
	out := map[string]reader{
		"message": func(codec *wire.Codec, raw []byte, size int) (proto.Message, error) {
			got := m.ProtoReflect().New().Interface()
			return got, codec.Unmarshal(pieces(raw, size), got)
		},
		"incoming": func(codec *wire.Codec, raw []byte, size int) (proto.Message, error) {
			return readIncoming(codec, raw, size, &wire.Incoming{Message: m.ProtoReflect().New().Interface()})
		},
	}
	switch m.(type) {
	case *pb.ExecuteRequest:
		out["manifest kept"] = func(codec *wire.Codec, raw []byte, size int) (proto.Message, error) {
			return readIncoming(codec, raw, size, &wire.Incoming{Message: new(pb.ExecuteRequest), KeepManifest: true})
		}
	case *pb.StreamRequest:
		out["requests"] = func(codec *wire.Codec, raw []byte, size int) (proto.Message, error) {
			var r wire.Requests
			defer r.Release()
			for _, before := range earlier { // of which nothing may show
				if err := codec.Unmarshal(pieces(before, 7), &r); err != nil {
					return nil, err
				}
			}
			if err := codec.Unmarshal(pieces(raw, size), &r); err != nil {
				return nil, err
			}
			return proto.Clone(r.Message), r.Err
		}
	}
	return out
}

// earlier are requests of a stream that was read before: a whole chunk and a broken one.
var earlier = func() [][]byte {
	m := &pb.StreamRequest{Request: &pb.StreamRequest_AudioChunk{AudioChunk: new(pb.AudioChunk)}}
	contract.Fill(m.ProtoReflect(), 1)
	raw, err := proto.Marshal(m)
	if err != nil {
		panic(err)
	}
	return [][]byte{raw, raw[:len(raw)-1], {0x12, 0x03, 0x0a, 0x01, 0xff}}
}()

func readIncoming(codec *wire.Codec, raw []byte, size int, in *wire.Incoming) (proto.Message, error) {
	defer in.Release()
	if err := codec.Unmarshal(pieces(raw, size), in); err != nil {
		return nil, err
	}
	if in.Err == nil {
		in.Err = in.DecodeManifest()
	}
	return proto.Clone(in.Message), in.Err
}

// difference tells how a reader's result differs from the standard codec's, "" where it doesn't.
func difference(m proto.Message, raw []byte, size int) string {
	want := m.ProtoReflect().New().Interface()
	wantErr := proto.Unmarshal(raw, want)
	for name, read := range readers(m) {
		pool := mem.NewPoisonedPool()
		got, gotErr := read(wire.NewCodec(pool), raw, size)
		switch {
		case (wantErr == nil) != (gotErr == nil) || wantErr != nil && wantErr.Error() != gotErr.Error():
			return fmt.Sprintf("%s: error %v, want %v", name, gotErr, wantErr)
		case wantErr == nil && !proto.Equal(got, want):
			return fmt.Sprintf("%s: read as %v, want %v", name, got, want)
		case pool.Out() != 0:
			return fmt.Sprintf("%s: %d buffers are out", name, pool.Out())
		}
	}
	return ""
}

func encode(t testing.TB, m proto.Message) []byte {
	t.Helper()
	raw, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// Every message is read as the standard codec reads it, whole and cut at each byte, in pieces of any size.
func TestEveryMessageIsReadAsTheStandardCodecReadsIt(t *testing.T) {
	seen := 0
	for _, m := range messages() {
		seen++
		raw := encode(t, m)
		for size := range 20 {
			if d := difference(m, raw, size+1); d != "" {
				t.Errorf("%s in pieces of %d: %s", m.ProtoReflect().Descriptor().FullName(), size+1, d)
			}
		}
		for n := range raw {
			if d := difference(m, raw[:n], 1+n%50); d != "" {
				t.Errorf("%s cut at %d: %s", m.ProtoReflect().Descriptor().FullName(), n, d)
			}
		}
	}
	if seen < 30 {
		t.Errorf("only %d messages", seen)
	}
}

// Requests in forms that no encoder of ours writes are read as the standard codec reads them, errors included.
func TestUnusualRequestsAreReadAsTheStandardCodecReadsThem(t *testing.T) {
	var all []proto.Message
	for _, m := range messages() {
		switch m.(type) {
		case *pb.ExecuteRequest, *pb.StreamRequest:
			all = append(all, m)
		}
	}
	all = append(all, request(3), request(0), &pb.StreamRequest{Request: &pb.StreamRequest_AudioChunk{
		AudioChunk: &pb.AudioChunk{NodeId: "a", Buffer: &pb.AudioBuffer{Samples: []byte{1, 2}, SampleRate: 8000, Channels: 1, Format: 2}},
	}})
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.SampledFrom(all).Draw(t, "message")
		raw, err := proto.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(1, 3).Draw(t, "mutations") {
			raw = mutate(t, raw)
		}
		if d := difference(m, raw, rapid.IntRange(1, 40).Draw(t, "piece")); d != "" {
			t.Fatalf("%x: %s", raw, d)
		}
	})
}

// The plain form of every encoder is read without the standard codec: were it not, the samples wouldn't lie in a pooled buffer.
func TestPlainRequestsAreReadWithoutTheStandardCodec(t *testing.T) {
	pool := mem.NewPoisonedPool()
	codec := wire.NewCodec(pool)
	for _, m := range messages() {
		raw := encode(t, m)
		switch m := m.(type) {
		case *pb.ExecuteRequest:
			in := &wire.Incoming{Message: new(pb.ExecuteRequest), KeepManifest: true}
			if err := codec.Unmarshal(pieces(raw, 9), in); err != nil || in.Err != nil {
				t.Fatal(err, in.Err)
			}
			if pool.Out() != int64(len(m.AudioInputs)) || string(in.Manifest) == "" {
				t.Errorf("%d buffers for %d inputs, manifest %q", pool.Out(), len(m.AudioInputs), in.Manifest)
			}
			in.Release()
		case *pb.StreamRequest:
			want := 0
			if m.GetAudioChunk() != nil {
				want = 1
			}
			var r wire.Requests
			if err := codec.Unmarshal(pieces(raw, 9), &r); err != nil || r.Err != nil || pool.Out() != int64(want) {
				t.Errorf("%v, %v: %d buffers, want %d", err, r.Err, pool.Out(), want)
			}
			r.Release()
		}
	}
}

// An empty manifest is one, and a request without any has none.
func TestKeptManifestTellsEmptyFromNone(t *testing.T) {
	for want, m := range map[bool]*pb.PipelineManifest{true: {}, false: nil} {
		in := &wire.Incoming{Message: new(pb.ExecuteRequest), KeepManifest: true}
		raw := encode(t, &pb.ExecuteRequest{Manifest: m, RequestId: "r"})
		if err := wire.NewCodec(mem.NewPool(0)).Unmarshal(pieces(raw, 3), in); err != nil || in.Err != nil || (in.Manifest != nil) != want {
			t.Errorf("manifest %v is kept as %v (%v, %v)", m, in.Manifest, err, in.Err)
		}
	}
}

func fuzzSeeds(f *testing.F, wanted func(proto.Message) bool) {
	for _, m := range messages() {
		if wanted(m) {
			raw, err := proto.Marshal(m)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(raw, uint8(3))
			f.Add(raw[:len(raw)/2], uint8(0))
		}
	}
	for _, raw := range unusual() {
		f.Add(raw, uint8(1))
	}
	f.Add([]byte{}, uint8(0))
}

// FuzzExecuteRequest reads bytes of any kind as the standard codec reads them, in pieces of any size.
func FuzzExecuteRequest(f *testing.F) {
	fuzzSeeds(f, func(m proto.Message) bool { _, ok := m.(*pb.ExecuteRequest); return ok })
	f.Fuzz(func(t *testing.T, raw []byte, size uint8) {
		if d := difference(new(pb.ExecuteRequest), raw, int(size)+1); d != "" {
			t.Error(d)
		}
	})
}

// FuzzStreamRequest is the same for the requests of a stream.
func FuzzStreamRequest(f *testing.F) {
	fuzzSeeds(f, func(m proto.Message) bool { _, ok := m.(*pb.StreamRequest); return ok })
	f.Fuzz(func(t *testing.T, raw []byte, size uint8) {
		if d := difference(new(pb.StreamRequest), raw, int(size)+1); d != "" {
			t.Error(d)
		}
	})
}
