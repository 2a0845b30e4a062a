package transform_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/node"
	"github.com/remotemedia/remotemedia-go/node/nodetest"
	"github.com/remotemedia/remotemedia-go/nodes/transform"
)

func shorts(v ...int16) []byte {
	var b []byte
	for _, x := range v {
		b = binary.LittleEndian.AppendUint16(b, uint16(x))
	}
	return b
}

func ints(v ...int32) []byte {
	var b []byte
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, uint32(x))
	}
	return b
}

func floats(v ...float32) []byte {
	var b []byte
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}

var nan, inf = float32(math.NaN()), float32(math.Inf(1))

func TestFormatConversions(t *testing.T) {
	for _, c := range []struct {
		from    pcm.Encoding
		in      []byte
		to      string
		want    []byte
		warning string
	}{
		{pcm.I16, shorts(0, 1, -1, 32767, -32768), "f32", floats(0, 1/32768., -1/32768., 32767/32768., -1), ""},
		{pcm.I16, shorts(0, 1, -1, 32767, -32768), "I32", ints(0, 65536, -65536, 32767<<16, math.MinInt32), ""},
		{pcm.I32, ints(32768, 98304, -32768, 65536+32767, math.MinInt32), "i16", shorts(0, 2, 0, 1, -32768), ""},
		{pcm.I32, ints(math.MaxInt32, 0), "i16", shorts(32767, 0), "1 samples were beyond full scale"},
		{pcm.I32, ints(1<<30, math.MinInt32), "F32", floats(0.5, -1), ""},
		{pcm.F32, floats(0.5, -0.5, 0.5/32768, 1.5/32768), "i16", shorts(16384, -16384, 0, 2), ""},
		{pcm.F32, floats(1, -1, 2, -2), "i16", shorts(32767, -32768, 32767, -32768), "3 samples were beyond full scale"},
		{pcm.F32, floats(nan, inf, 1e-40, 0.25), "i16", shorts(0, 0, 0, 8192), "3 samples weren't finite"},
		{pcm.F32, floats(0.25, -1), "i32", ints(1<<29, math.MinInt32), ""},
		{pcm.F32, floats(nan, inf, 1e-40, 2), "f32", floats(nan, inf, 1e-40, 2), ""},
		{pcm.I16, nil, "f32", nil, ""},
	} {
		r := rig(t, "AudioFormatConverter", `{"target_format": "`+c.to+`"}`)
		f := audio.Format{Rate: 8000, Channels: 1, Encoding: c.from}
		r.Run(r.Wire(f, 9, c.in))
		got, format := r.Audio()
		f.Encoding, _ = pcm.Parse(c.to)
		if !bytes.Equal(got, c.want) || format != f || r.Items[0].Audio.Stamp.Position != 9 {
			t.Errorf("%s to %s: % x of %v, expected % x", c.from, c.to, got, format, c.want)
		}
		expectWarning(t, r, c.warning)
	}
}

// TestFormatRoundTrips: every value of 16 bits survives, by any way.
func TestFormatRoundTrips(t *testing.T) {
	var all []int16
	for v := math.MinInt16; v <= math.MaxInt16; v++ {
		all = append(all, int16(v))
	}
	f := audio.Format{Rate: 8000, Channels: 1, Encoding: pcm.I16}
	for _, through := range []string{"f32", "i32"} {
		there := rig(t, "AudioFormatConverter", `{"target_format": "`+through+`"}`)
		there.Run(there.Wire(f, 0, shorts(all...)))
		bytes1, g := there.Audio()
		back := rig(t, "AudioFormatConverter", `{"target_format": "i16"}`)
		back.Run(back.Wire(g, 0, bytes1))
		if got, _ := back.Audio(); !bytes.Equal(got, shorts(all...)) {
			t.Errorf("i16 through %s isn't the identity", through)
		}
	}
}

// TestFormatTakesTheSamplesOfOtherNodes: audio that was computed is finer than its wire format, and stays so, even if
// somebody has asked for its bytes meanwhile.
func TestFormatTakesTheSamplesOfOtherNodes(t *testing.T) {
	for _, rendered := range []bool{false, true} {
		r := rig(t, "AudioFormatConverter", `{"target_format": "f32"}`)
		b, err := audio.NewPlanar(r.Account(), audio.Format{Rate: 8000, Channels: 1, Encoding: pcm.I16}, 1)
		if err != nil {
			t.Fatal(err)
		}
		b.Samples()[0][0] = 0.1
		if rendered {
			r.Bytes(b)
		}
		r.Run(node.AudioItem(b))
		if got, f := r.Audio(); !bytes.Equal(got, floats(0.1)) || f.Encoding != pcm.F32 {
			t.Errorf("got % x of %v, expected 0.1 as it was", got, f)
		}
	}
}

// TestDitherTakesAwayTheBias: a level of a third of a step, which plain rounding loses, is there on average.
func TestDitherTakesAwayTheBias(t *testing.T) {
	const frames = 60_000
	level := float32(1. / 3 / 32768)
	x := make([]float32, frames)
	for i := range x {
		x[i] = level
	}
	mean := func(dither string) float64 {
		r := rig(t, "AudioFormatConverter", `{"target_format": "i16", "dither": "`+dither+`"}`)
		r.Run(r.F32(8000, x))
		got, _ := r.Audio()
		sum := 0.0
		for i := 0; i < len(got); i += 2 {
			sum += float64(int16(binary.LittleEndian.Uint16(got[i:])))
		}
		return sum / frames
	}
	if got := mean("none"); got != 0 {
		t.Errorf("without dither the mean is %v", got)
	}
	// The noise of one sample has a variance below 1; the mean of 60,000 is within 5 deviations.
	if got := mean("tpdf"); math.Abs(got-1./3) > 5/math.Sqrt(frames) {
		t.Errorf("with dither the mean is %v steps, expected a third", got)
	}
}

func BenchmarkFormat(b *testing.B) {
	stereo := audio.Format{Rate: 48_000, Channels: 2, Encoding: pcm.I16}
	for _, to := range []string{"f32", "i32"} {
		b.Run(to, func(b *testing.B) {
			nodetest.Benchmark(b, nodetest.Find(b, transform.Nodes(), "AudioFormatConverter"), `{"target_format": "`+to+`"}`, stereo, 0)
		})
	}
}
