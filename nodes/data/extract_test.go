package data_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/node/nodetest"
	"github.com/remotemedia/remotemedia-go/nodes/data"
)

func TestExtractWritesTheSamplesInterleaved(t *testing.T) {
	r := nodetest.New(t, nodetest.Find(t, data.Nodes(), "ExtractAudioDataNode"), "{}")
	i16 := audio.Format{Rate: 8000, Channels: 1, Encoding: pcm.I16}
	r.Run(
		r.F32(8000, []float32{0.5, -1, 1e-6}, []float32{0.1, 0, -1.5e-10}),
		r.Wire(i16, 0, []byte{0x00, 0x80, 0x00, 0x20}),
		r.F32(8000, nil),
	)
	want := []string{`[0.5,0.1,-1,0,1e-06,-1.5e-10]`, `[-1,0.25]`, `[]`}
	if got := r.Data(); !slices.Equal(got, want) {
		t.Errorf("got %q, expected %q", got, want)
	}
}

func TestExtractIsBounded(t *testing.T) {
	r := nodetest.New(t, nodetest.Find(t, data.Nodes(), "ExtractAudioDataNode"), `{"max_samples": 3}`)
	if err := r.Process(r.F32(8000, make([]float32, 3))); err != nil {
		t.Error(err)
	}
	err := r.Process(r.F32(8000, make([]float32, 2), make([]float32, 2)))
	if err == nil || !strings.Contains(err.Error(), "4 samples: at most 3") {
		t.Errorf("error %v", err)
	}
}

// TestRel8_ExtractChecksBetweenNumbers: one takes as long as the samples of a whole frame elsewhere.
func TestRel8_ExtractChecksBetweenNumbers(t *testing.T) {
	const frames, numbers = 10_000, 1024
	r := nodetest.New(t, nodetest.Find(t, data.Nodes(), "ExtractAudioDataNode"), "{}")
	f := audio.Format{Rate: 8000, Channels: 2, Encoding: pcm.I16}
	r.Run(r.Wire(f, 0, nodetest.Signal(f, frames, 1)))
	if least := frames * f.Channels / numbers; r.Checks < least {
		t.Errorf("%d checks, want %d", r.Checks, least)
	}
}

func BenchmarkExtract(b *testing.B) {
	f := audio.Format{Rate: 16_000, Channels: 1, Encoding: pcm.I16}
	nodetest.Benchmark(b, nodetest.Find(b, data.Nodes(), "ExtractAudioDataNode"), "{}", f, 320)
}
