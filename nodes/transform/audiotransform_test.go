package transform_test

import (
	"bytes"
	"testing"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/node/nodetest"
	"github.com/remotemedia/remotemedia-go/nodes/transform"
)

// TestTransformIsResampleWithChannels compares the two.
func TestTransformIsResampleWithChannels(t *testing.T) {
	for _, f := range []audio.Format{mono(16_000), {Rate: 48_000, Channels: 6, Encoding: pcm.I16}, {Rate: 44_100, Channels: 1, Encoding: pcm.I32}} {
		signal := nodetest.Signal(f, 5000, 1)
		got := rig(t, "AudioTransform", "{}")
		got.Run(got.Wire(f, 0, signal))
		want := rig(t, "AudioResample", `{"target_sample_rate": 44100, "channels": 2}`)
		want.Run(want.Wire(f, 0, signal))
		gotBytes, gotFormat := got.Audio()
		wantBytes, wantFormat := want.Audio()
		if gotFormat != wantFormat || gotFormat.Channels != 2 || gotFormat.Rate != 44_100 || !bytes.Equal(gotBytes, wantBytes) {
			t.Errorf("%v: %v, expected %v with the same bytes", f, gotFormat, wantFormat)
		}
	}
}

func TestTransformPassesWhatIsSoAlready(t *testing.T) {
	r := rig(t, "AudioTransform", `{"output_sample_rate": 8000, "output_channels": 1}`)
	item := r.Wire(mono(8000), 0, nodetest.Hostile())
	b := item.Audio
	r.Run(item)
	if len(r.Items) != 1 || r.Items[0].Audio != b {
		t.Error("it isn't the same buffer")
	}
}

func BenchmarkTransform(b *testing.B) {
	nodetest.Benchmark(b, nodetest.Find(b, transform.Nodes(), "AudioTransform"), "{}", mono(16_000), 320)
}
