package wire_test

import (
	"runtime"
	"testing"
	"unsafe"

	grpcmem "google.golang.org/grpc/mem"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/mem"
)

// A second of audio comes in eleven pieces of the transport. It is copied once: one buffer of its own class is all that the pool ever
// gave, and next to nothing was allocated.
func TestSamplesAreCopiedOnceOnTheWayIn(t *testing.T) {
	const samples = 4 * 44100
	m := request(samples / 2)
	data := pieces(encode(t, m), 16<<10)
	pool := mem.NewPool(0)
	codec := wire.NewCodec(pool)
	in := &wire.Incoming{Message: new(pb.ExecuteRequest), KeepManifest: true}
	read := func() {
		if err := codec.Unmarshal(data, in); err != nil || in.Err != nil {
			t.Fatal(err, in.Err)
		}
		got := in.Message.(*pb.ExecuteRequest).GetAudioInputs()["a"].GetSamples()
		if len(got) != samples || uintptr(unsafe.Pointer(&got[0]))%mem.Alignment != 0 || pool.Out() != 1 {
			t.Fatalf("%d bytes at %p, %d buffers out", len(got), &got[0], pool.Out())
		}
		in.Release()
	}
	read()
	if kept := pool.Retained(); kept != 1<<18 {
		t.Errorf("the pool has %d bytes, want one buffer of 256 KiB", kept)
	}
	allocations, bytes := measure(100, read)
	if allocations > 12 || bytes > 1500 {
		t.Errorf("%.1f allocations of %.0f bytes a request", allocations, bytes)
	}
}

// The same for the chunks of a stream, which use one message again and again.
func TestChunksAreCopiedOnceOnTheWayIn(t *testing.T) {
	chunk := &pb.AudioChunk{NodeId: "a", Sequence: 1 << 20, Buffer: request(8 << 10).GetAudioInputs()["a"]}
	data := pieces(encode(t, &pb.StreamRequest{Request: &pb.StreamRequest_AudioChunk{AudioChunk: chunk}}), 16<<10)
	pool := mem.NewPool(0)
	codec := wire.NewCodec(pool)
	var r wire.Requests
	read := func() {
		if err := codec.Unmarshal(data, &r); err != nil || r.Err != nil {
			t.Fatal(err, r.Err)
		}
		got := r.Message.GetAudioChunk().GetBuffer().GetSamples()
		if len(got) != 16<<10 || uintptr(unsafe.Pointer(&got[0]))%mem.Alignment != 0 || pool.Out() != 1 {
			t.Fatalf("%d bytes at %p, %d buffers out", len(got), &got[0], pool.Out())
		}
	}
	read()
	read()
	allocations, bytes := measure(100, read)
	if allocations >= 1 || bytes > 100 {
		t.Errorf("%.1f allocations of %.0f bytes a chunk", allocations, bytes)
	}
	r.Release()
	if kept := pool.Retained(); kept != 16<<10 {
		t.Errorf("the pool has %d bytes, want one buffer of 16 KiB", kept)
	}
}

// An answer takes a list of its pieces, and the samples stay where they are.
func TestAnswersAllocateNextToNothing(t *testing.T) {
	r := newRig()
	b, _ := r.buffer(t, 64<<10)
	given := []wire.Audio{{NodeID: "a", Buffer: b}}
	result := &pb.ChunkResult{Sequence: 9}
	var f wire.Frame
	write := func() {
		var err error
		if f, err = r.codec.EncodeChunk(given, r.account, result); err != nil {
			t.Fatal(err)
		}
		var data grpcmem.BufferSlice
		if data, err = r.codec.Marshal(&f); err != nil {
			t.Fatal(err)
		}
		data.Free()
	}
	write()
	if allocations, bytes := measure(100, write); allocations > 2 || bytes > 200 {
		t.Errorf("%.1f allocations of %.0f bytes an answer", allocations, bytes)
	}
	b.Release()
	r.checkEmpty(t)
}

// measure tells what a run of f allocates on average. Under the race detector, whose pools forget on purpose, it tells 0.
func measure(runs int, f func()) (allocations, bytes float64) {
	if raceEnabled {
		return 0, 0
	}
	f()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		f()
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / float64(runs), float64(after.TotalAlloc-before.TotalAlloc) / float64(runs)
}
