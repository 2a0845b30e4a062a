package flow_test

import (
	"bytes"
	"testing"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/node"
	"github.com/remotemedia/remotemedia-go/node/nodetest"
	"github.com/remotemedia/remotemedia-go/nodes/flow"
)

var mono = audio.Format{Rate: 44_100, Channels: 1, Encoding: pcm.F32}

// lengths are the frames of each audio item that went out.
func lengths(r *nodetest.Rig) []int {
	var all []int
	for _, item := range r.Items {
		if item.Audio != nil {
			all = append(all, item.Audio.Frames())
		}
	}
	return all
}

func TestAudioBufferEmitsExactBlocksOfTheVeryBytes(t *testing.T) {
	signal := nodetest.Hostile()
	for _, size := range []int{1, 7, 333, 1024, 4000, 5000} {
		r := rig(t, "AudioBuffer", `{"buffer_size_samples": 1024}`)
		r.Run(r.Cut(mono, signal, func() int { return size })...)
		if got := lengths(r); len(got) != 4 || got[0] != 1024 || got[2] != 1024 || got[3] != 4000-3*1024 {
			t.Errorf("items of %d frames give blocks of %v", size, got)
		}
		if got, _ := r.Audio(); !bytes.Equal(got, signal) {
			t.Errorf("items of %d frames: the bytes changed", size)
		}
		if got := r.Items[2].Audio.Stamp; got.Position != 2048 || got.Micros != 2048*1_000_000/44_100 {
			t.Errorf("items of %d frames: block 2 is at %+v", size, got)
		}
	}
}

func TestAudioBufferHandsOnABlockAsItIs(t *testing.T) {
	r := rig(t, "AudioBuffer", `{"bufferSizeSamples": 100}`)
	item := r.Wire(mono, 0, make([]byte, 400))
	b := item.Audio
	r.Run(item)
	if len(r.Items) != 1 || r.Items[0].Audio != b {
		t.Error("it isn't the same buffer")
	}
}

func TestAudioBufferFlushesForAnotherFormatOrStream(t *testing.T) {
	stereo := audio.Format{Rate: 8000, Channels: 2, Encoding: pcm.I16}
	r := rig(t, "AudioBuffer", `{"buffer_size_samples": 100}`)
	other := r.Wire(mono, 0, make([]byte, 30*4))
	other.Audio.Stamp.StreamID = "b"
	r.Run(r.Wire(mono, 0, make([]byte, 150*4)), other, r.Wire(stereo, 0, make([]byte, 20*4)))
	want := []int{100, 50, 30, 20}
	for i, n := range lengths(r) {
		if n != want[i] || len(r.Items) != len(want) {
			t.Fatalf("blocks of %v frames, expected %v", lengths(r), want)
		}
	}
	if r.Items[2].Audio.Stamp.StreamID != "b" || r.Items[3].Audio.Format != stereo || r.Items[2].Audio.Stamp.Position != 0 {
		t.Error("a block is of the wrong stream or format")
	}
}

// TestAudioBufferKeepsThePrecisionOfComputedAudio: its wire format is coarser than the samples.
func TestAudioBufferKeepsThePrecisionOfComputedAudio(t *testing.T) {
	r := rig(t, "AudioBuffer", `{"buffer_size_samples": 4}`)
	var items []node.Item
	for _, v := range []float32{0.1, 0.2, 0.3} {
		b, err := audio.NewPlanar(r.Account(), audio.Format{Rate: 8000, Channels: 1, Encoding: pcm.I16}, 2)
		if err != nil {
			t.Fatal(err)
		}
		b.Samples()[0][0], b.Samples()[0][1] = v, -v
		items = append(items, node.AudioItem(b))
	}
	r.Run(items...)
	got := r.Floats()[0]
	for i, want := range []float32{0.1, -0.1, 0.2, -0.2, 0.3, -0.3} {
		if len(got) != 6 || got[i] != want {
			t.Fatalf("samples %v", got)
		}
	}
}

// TestAudioBufferDoesNotAllocateWhatIsAnnounced: the longest block costs what is there.
func TestAudioBufferDoesNotAllocateWhatIsAnnounced(t *testing.T) {
	r := rig(t, "AudioBuffer", `{"buffer_size_samples": 100000000}`)
	if err := r.Process(r.Cut(mono, make([]byte, 4*1000), func() int { return 10 })...); err != nil {
		t.Fatal(err)
	}
	if got := r.Account().Peak(); got > 20_000 {
		t.Errorf("1000 frames took %d bytes", got)
	}
}

func TestAudioBufferNeedsItsSize(t *testing.T) {
	_, problems := nodetest.Find(t, flow.Nodes(), "AudioBuffer").Decode([]byte(`{}`))
	if fault.FromProblems(problems) == nil {
		t.Error("it is accepted without a size")
	}
}

func BenchmarkAudioBuffer(b *testing.B) {
	nodetest.Benchmark(b, nodetest.Find(b, flow.Nodes(), "AudioBuffer"), `{"buffer_size_samples": 1024}`, mono, 441)
}
