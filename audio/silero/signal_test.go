package silero

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/remotemedia/remotemedia-go/audio/codec/wav"
)

// golden is one case of scripts/silero_golden.py.
type golden struct {
	Name          string
	Parts         []part
	Probabilities []float32
}

// part of a signal; exactly one of the lengths or Wav is set.
type part struct {
	Wav                    string
	Silence, Noise, Square int
	Period                 int
	Gain                   float32
}

func loadGolden(t testing.TB) []golden {
	t.Helper()
	text, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []golden
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

// frames makes the signal of a case, completed with zeros.
func (g golden) frames(t testing.TB) [][]float32 {
	t.Helper()
	var x []float32
	for _, p := range g.Parts {
		x = append(x, p.render(t)...)
	}
	x = append(x, make([]float32, (FrameLen-len(x)%FrameLen)%FrameLen)...)
	var out [][]float32
	for ; len(x) > 0; x = x[FrameLen:] {
		out = append(out, x[:FrameLen])
	}
	return out
}

func (p part) render(t testing.TB) []float32 {
	switch {
	case p.Wav != "":
		return scale(readWAV(t, p.Wav), p.Gain)
	case p.Silence > 0:
		return make([]float32, p.Silence)
	case p.Noise > 0:
		return scale(noise(p.Noise), p.Gain)
	}
	x := make([]float32, p.Square)
	for i := range x {
		x[i] = 1
		if i%p.Period >= p.Period/2 {
			x[i] = -1
		}
	}
	return scale(x, p.Gain)
}

func scale(x []float32, gain float32) []float32 {
	for i := range x {
		x[i] *= gain
	}
	return x
}

// noise is a linear congruential generator's upper 16 bits.
func noise(n int) []float32 {
	x, s := make([]float32, n), uint32(1)
	for i := range x {
		s = s*1664525 + 1013904223
		x[i] = float32(int32(s>>16)-32768) / 32768
	}
	return x
}

func readWAV(t testing.TB, name string) []float32 {
	t.Helper()
	f, err := os.Open(filepath.Join("../../testdata/speech", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := wav.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	frames, known := r.Frames()
	if !known || r.Channels() != 1 || r.Rate() != Rate {
		t.Fatalf("%s has %d channels at %d Hz: expected 1 at %d", name, r.Channels(), r.Rate(), Rate)
	}
	x := make([]float32, frames)
	if n, err := r.ReadFloats([][]float32{x}); n != len(x) || err != nil {
		t.Fatalf("%s: read %d of %d frames: %v", name, n, len(x), err)
	}
	return x
}
