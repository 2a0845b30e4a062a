package wire_test

import (
	"runtime"
	"slices"
	"testing"
	"time"
	"unsafe"

	grpcmem "google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/mem"
)

// rig is a codec with an account on the same pool.
type rig struct {
	pool    *mem.Pool
	codec   *wire.Codec
	account *mem.Account
}

func newRig() rig {
	pool := mem.NewPoisonedPool()
	return rig{pool, wire.NewCodec(pool), mem.NewAccount(pool, mem.Unlimited{}, 1<<30)}
}

type failer interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

// buffer makes audio of so many bytes in a buffer of the pool, and the message of it.
func (r rig) buffer(t failer, size int) (*audio.Buffer, *pb.AudioBuffer) {
	t.Helper()
	block, err := r.account.Alloc(size)
	if err != nil {
		t.Fatal(err)
	}
	for i := range block.Bytes() {
		block.Bytes()[i] = byte(i * 7)
	}
	want := &pb.AudioBuffer{
		Samples: slices.Clone(block.Bytes()), SampleRate: 16000, Channels: 1, Format: pb.AudioFormat_AUDIO_FORMAT_I16, NumSamples: uint64(size / 2),
		MetadataJson: []byte(`{"a":1}`), PositionFrames: -5, TimestampUs: 1 << 40, StreamId: "left",
	}
	b, err := audio.FromWire(audio.Format{Rate: 16000, Channels: 1, Encoding: pcm.I16}, block)
	if err != nil {
		t.Fatal(err)
	}
	b.Metadata, b.Stamp = want.MetadataJson, audio.Stamp{Position: -5, Micros: 1 << 40, StreamID: "left"}
	return b, want
}

// checkEmpty fails where something wasn't given back.
func (r rig) checkEmpty(t failer) {
	t.Helper()
	if r.pool.Out() != 0 || r.account.Used() != 0 {
		t.Fatalf("%d buffers are out, %d bytes charged", r.pool.Out(), r.account.Used())
	}
}

func (r rig) marshal(t failer, f *wire.Frame) grpcmem.BufferSlice {
	t.Helper()
	data, err := r.codec.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Answers of any sizes read like ones that the standard codec wrote, and all goes back when they were sent.
func TestAnswersReadLikeTheStandardCodecs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newRig()
		var given []wire.Audio
		maps, lists := map[string]*pb.AudioBuffer{}, map[string]*pb.AudioBufferList{}
		for _, id := range rapid.SliceOfNDistinct(rapid.StringN(0, 5, 200), 0, 4, rapid.ID[string]).Draw(t, "nodes") {
			g := wire.Audio{NodeID: id}
			size := rapid.SampledFrom([]int{0, 2, 100, 2046, 2048, 2050, 20_000})
			g.Buffer, maps[id] = r.buffer(t, size.Draw(t, "size"))
			for range rapid.SampledFrom([]int{0, 0, 2, 3}).Draw(t, "list") {
				b, m := r.buffer(t, size.Draw(t, "size"))
				if g.List = append(g.List, b); lists[id] == nil {
					lists[id] = new(pb.AudioBufferList)
				}
				lists[id].Buffers = append(lists[id].Buffers, m)
			}
			given = append(given, g)
		}
		text := string(slices.Repeat([]byte("x"), rapid.SampledFrom([]int{0, 10, 2000, 5000, 100_000}).Draw(t, "text")))
		warnings := []string{text}
		execution, err := r.codec.EncodeExecution(given, r.account, &pb.ExecutionResult{RequestId: "r", Warnings: warnings},
			func(time.Duration) *pb.ExecutionMetrics {
				return &pb.ExecutionMetrics{WallTimeMs: 5, MemoryUsedBytes: uint64(len(text))}
			})
		if err != nil {
			t.Fatal(err)
		}
		chunk, err := r.codec.EncodeChunk(given, r.account, &pb.ChunkResult{Sequence: 8, Warnings: warnings})
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range given {
			g.Buffer.Release()
			for _, b := range g.List {
				b.Release()
			}
		}
		check(t, r, &execution, &pb.ExecuteResponse{Outcome: &pb.ExecuteResponse_Result{Result: &pb.ExecutionResult{
			RequestId: "r", Warnings: warnings, AudioOutputs: maps, AudioOutputLists: lists,
			Metrics: &pb.ExecutionMetrics{WallTimeMs: 5, MemoryUsedBytes: uint64(len(text))},
		}}})
		check(t, r, &chunk, &pb.StreamResponse{Response: &pb.StreamResponse_Result{Result: &pb.ChunkResult{
			Sequence: 8, Warnings: warnings, AudioOutputs: maps, AudioOutputLists: lists,
		}}})
		r.checkEmpty(t)
	})
}

// check sends a frame and compares what arrives.
func check(t failer, r rig, f *wire.Frame, want proto.Message) {
	t.Helper()
	size := f.Len()
	data := r.marshal(t, f)
	f.Free() // does nothing: the codec has taken it over
	raw := data.Materialize()
	data.Free()
	got := want.ProtoReflect().New().Interface()
	if err := proto.Unmarshal(raw, got); err != nil || size != len(raw) || !proto.Equal(got, want) {
		t.Fatalf("error %v, %d bytes, want %d; got %v, want %v", err, len(raw), size, got, want)
	}
}

// Large samples are sent from where they lie, stay charged until they are, and go back with the last reference.
func TestSamplesAreSentFromWhereTheyLie(t *testing.T) {
	r := newRig()
	b, _ := r.buffer(t, 20_000)
	bytes, _, err := b.Wire(r.account)
	if err != nil {
		t.Fatal(err)
	}
	f, err := r.codec.EncodeChunk([]wire.Audio{{NodeID: "a", Buffer: b}}, r.account, new(pb.ChunkResult))
	if err != nil {
		t.Fatal(err)
	}
	data := r.marshal(t, &f)
	b.Release()
	if len(data) != 2 || unsafe.SliceData(data[1].ReadOnlyData()) != unsafe.SliceData(bytes) || data[1].Len() != 20_000 || data[0].Len() > 100 {
		t.Errorf("%d pieces: the samples were copied", len(data))
	}
	data.Ref() // as grpc-go's writer does
	data.Free()
	if r.account.Used() != 20_000 || bytes[1] != 7 {
		t.Errorf("%d bytes charged while they wait", r.account.Used())
	}
	data.Free()
	r.checkEmpty(t)
}

// What was never sent is let go, and so is what can't be encoded.
func TestUnsentAnswersAreLetGo(t *testing.T) {
	r := newRig()
	b, _ := r.buffer(t, 20_000)
	given := []wire.Audio{{NodeID: "a", Buffer: b}}
	f, err := r.codec.EncodeChunk(given, r.account, new(pb.ChunkResult))
	if err != nil {
		t.Fatal(err)
	}
	f.Free()
	bad := "\xff"
	if _, err := r.codec.EncodeChunk(given, r.account, &pb.ChunkResult{Warnings: []string{bad}}); err == nil {
		t.Error("a warning that isn't UTF-8 was encoded")
	}
	metrics := func(time.Duration) *pb.ExecutionMetrics {
		return &pb.ExecutionMetrics{NodeMetrics: map[string]*pb.NodeMetrics{bad: {}}}
	}
	if _, err := r.codec.EncodeExecution(given, r.account, new(pb.ExecutionResult), metrics); err == nil {
		t.Error("metrics that aren't UTF-8 were encoded")
	}
	b.Stamp.StreamID = bad
	if _, err := r.codec.EncodeChunk(given, r.account, new(pb.ChunkResult)); err == nil {
		t.Error("a stream that isn't UTF-8 was encoded")
	}
	b.Stamp.StreamID = ""
	if _, err := r.codec.EncodeChunk([]wire.Audio{{NodeID: bad, Buffer: b}}, r.account, new(pb.ChunkResult)); err == nil {
		t.Error("a node that isn't UTF-8 was encoded")
	}
	b.Release()
	r.checkEmpty(t)
}

// grpc forgets what waits for a stream that is gone; the memory comes back all the same.
func TestForgottenAnswersAreLetGo(t *testing.T) {
	r := newRig()
	func() {
		b, _ := r.buffer(t, 20_000)
		f, err := r.codec.EncodeChunk([]wire.Audio{{NodeID: "a", Buffer: b}}, r.account, new(pb.ChunkResult))
		if err != nil {
			t.Fatal(err)
		}
		r.marshal(t, &f)
		b.Release()
	}()
	if r.account.Used() != 20_000 {
		t.Fatalf("%d bytes charged while it waits", r.account.Used())
	}
	for end := time.Now().Add(20 * time.Second); r.account.Used() != 0 || r.pool.Out() != 0; runtime.GC() {
		if time.Now().After(end) {
			t.Fatalf("%d bytes are charged for ever, %d buffers are out", r.account.Used(), r.pool.Out())
		}
	}
}

// The time that encoding took is told to the metrics.
func TestMetricsAreToldTheTime(t *testing.T) {
	r := newRig()
	took := time.Duration(-1)
	f, err := r.codec.EncodeExecution(nil, r.account, &pb.ExecutionResult{RequestId: "r"}, func(d time.Duration) *pb.ExecutionMetrics {
		took = d
		return nil
	})
	if err != nil || took < 0 {
		t.Errorf("error %v, took %v", err, took)
	}
	f.Free()
	r.checkEmpty(t)
}

// Messages are used again for other answers, and nothing of the earlier ones shows.
func TestMessagesMayBeUsedAgain(t *testing.T) {
	r := newRig()
	result := &pb.ExecutionResult{EffectiveLimits: new(pb.ResourceLimits)}
	metrics := &pb.ExecutionMetrics{DataTypeBreakdown: map[string]uint64{}}
	for _, n := range []uint64{1 << 60, 1, 0, 1 << 30} {
		result.EffectiveLimits.MaxAudioSamples, metrics.DataTypeBreakdown["audio"] = n, n
		f, err := r.codec.EncodeExecution(nil, r.account, result, func(time.Duration) *pb.ExecutionMetrics { return metrics })
		if err != nil {
			t.Fatal(err)
		}
		want := proto.Clone(result).(*pb.ExecutionResult)
		want.Metrics = metrics
		check(t, r, &f, &pb.ExecuteResponse{Outcome: &pb.ExecuteResponse_Result{Result: want}})
	}
	r.checkEmpty(t)
}
