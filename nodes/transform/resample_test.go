package transform_test

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/node/nodetest"
	"github.com/remotemedia/remotemedia-go/nodes/transform"
)

func tone(rate, frames int, hertz, amplitude float64) []float32 {
	x := make([]float32, frames)
	for i := range x {
		x[i] = float32(amplitude * math.Sin(2*math.Pi*hertz*float64(i)/float64(rate)))
	}
	return x
}

func TestResampleHasTheLengthOfTheRule(t *testing.T) {
	for _, c := range []struct{ from, to, in, out int }{
		{44_100, 16_000, 44_100, 16_000}, {44_100, 16_000, 1, 0}, {44_100, 16_000, 2, 1}, {8_000, 48_000, 1, 6},
		{48_000, 44_100, 12_345, 11_342}, {16_000, 8_000, 3, 2}, {44_100, 44_100, 77, 77},
	} {
		r := rig(t, "AudioResample", fmt.Sprintf(`{"target_sample_rate": %d}`, c.to))
		r.Run(r.F32(c.from, make([]float32, c.in)))
		got, _ := r.Audio()
		if len(got)/4 != c.out {
			t.Errorf("%d frames of %d Hz give %d of %d Hz, expected %d", c.in, c.from, len(got)/4, c.to, c.out)
		}
	}
}

// TestResampleKeepsATone compares with the same tone sampled at the new rate, which holds gain, phase and delay to account.
func TestResampleKeepsATone(t *testing.T) {
	for quality, most := range map[string]float64{"low": 5e-3, "Medium": 5e-4, "high": 2e-4, "very_high": 1e-4} {
		r := rig(t, "Resample", `{"targetRate": 16000, "quality": "`+quality+`"}`)
		r.Run(r.F32(44_100, tone(44_100, 44_100, 1000, 0.8)))
		got, want := r.Floats()[0], tone(16_000, 16_000, 1000, 0.8)
		worst := 0.0
		for i := 200; i < len(want)-200; i++ { // the ends have silence beside them
			worst = max(worst, math.Abs(float64(got[i]-want[i])))
		}
		if worst > most {
			t.Errorf("%s: the tone is off by %g, expected at most %g", quality, worst, most)
		}
	}
}

func TestResampleOfEqualRatesIsTheVeryBuffer(t *testing.T) {
	r := rig(t, "AudioResample", `{"target_sample_rate": 48000, "channels": 1}`)
	item := r.Wire(mono(48_000), 0, nodetest.Hostile())
	b := item.Audio
	r.Run(item)
	if len(r.Items) != 1 || r.Items[0].Audio != b || !bytes.Equal(r.Bytes(b), nodetest.Hostile()) {
		t.Error("it isn't the same buffer with the same bytes")
	}
	expectWarning(t, r, "")
}

func TestResampleKeepsEncodingMetadataAndTime(t *testing.T) {
	f := audio.Format{Rate: 48_000, Channels: 2, Encoding: pcm.I16}
	r := rig(t, "AudioResample", `{"target_sample_rate": 16000}`)
	items := r.Cut(f, nodetest.Signal(f, 48_000, 1), func() int { return 4800 })
	for i, item := range items {
		item.Audio.Metadata = fmt.Appendf(nil, `{"item":%d}`, i)
		item.Audio.Stamp.StreamID = "left"
		item.Audio.Stamp.Micros += 7_000_000
		item.Audio.Stamp.Position += 7 * 48_000
	}
	r.Run(items...)
	position := int64(7 * 16_000)
	for i, item := range r.Items {
		b := item.Audio
		want := audio.Stamp{Position: position, Micros: position * 125 / 2, StreamID: "left"}
		if b.Stamp != want || b.Format != (audio.Format{Rate: 16_000, Channels: 2, Encoding: pcm.I16}) {
			t.Errorf("item %d: %v at %+v, expected %+v", i, b.Format, b.Stamp, want)
		}
		if want := fmt.Sprintf(`{"item":%d}`, min(i, 9)); string(b.Metadata) != want {
			t.Errorf("item %d: metadata %s, expected %s", i, b.Metadata, want)
		}
		position += int64(b.Frames())
	}
	if position != 8*16_000 {
		t.Errorf("it ends at %d, expected %d", position, 8*16_000)
	}
}

// TestResampleDrainsWhenFormatOrStreamChange: each part is converted as if it were alone.
func TestResampleDrainsWhenFormatOrStreamChange(t *testing.T) {
	stereo := audio.Format{Rate: 22_050, Channels: 2, Encoding: pcm.I16}
	r := rig(t, "AudioResample", `{"target_sample_rate": 16000}`)
	other := r.Wire(mono(44_100), 0, nodetest.Signal(mono(44_100), 4410, 2))
	other.Audio.Stamp.StreamID = "b"
	r.Run(
		r.Wire(mono(44_100), 0, nodetest.Signal(mono(44_100), 4410, 1)), other,
		r.Wire(stereo, 0, nodetest.Signal(stereo, 2205, 3)),
	)
	var parts [][]byte
	last := audio.Stamp{Position: 1}
	for _, item := range r.Items {
		if item.Audio.Stamp.Position == 0 {
			parts = append(parts, nil)
		} else if item.Audio.Stamp.Position != last.Position || item.Audio.Stamp.StreamID != last.StreamID {
			t.Errorf("item at %+v, expected %+v", item.Audio.Stamp, last)
		}
		last = item.Audio.End()
		parts[len(parts)-1] = append(parts[len(parts)-1], r.Bytes(item.Audio)...)
	}
	for i, c := range []struct {
		f    audio.Format
		n    int
		seed uint64
	}{{mono(44_100), 4410, 1}, {mono(44_100), 4410, 2}, {stereo, 2205, 3}} {
		alone := rig(t, "AudioResample", `{"target_sample_rate": 16000}`)
		alone.Run(alone.Wire(c.f, 0, nodetest.Signal(c.f, c.n, c.seed)))
		if want, _ := alone.Audio(); len(parts) != 3 || !bytes.Equal(parts[i], want) {
			t.Fatalf("part %d of %d differs from the same audio alone", i, len(parts))
		}
	}
}

func TestResampleRemixes(t *testing.T) {
	flat := func(levels ...float32) [][]float32 {
		x := make([][]float32, len(levels))
		for c, v := range levels {
			x[c] = []float32{v, v, v}
		}
		return x
	}
	for _, c := range []struct {
		in      [][]float32
		out     int
		want    []float32
		warning string
	}{
		{flat(0.5, 0.25), 1, []float32{0.375}, ""},
		{flat(0.75, 0.25, 0.5), 1, []float32{0.5}, ""},
		{flat(0.5), 3, []float32{0.5, 0.5, 0.5}, ""},
		{flat(0.1, 0.2, 0.3), 2, []float32{0.1, 0.2}, "of 3 channels only the first 2 go on"},
		{flat(0.1, 0.2), 4, []float32{0.1, 0.2, 0, 0}, "channels 3 to 4 are silent"},
	} {
		r := rig(t, "AudioResample", fmt.Sprintf(`{"target_sample_rate": 16000, "channels": %d}`, c.out))
		r.Run(r.F32(16_000, c.in...))
		got := r.Floats()
		if len(got) != len(c.want) {
			t.Fatalf("%d channels, expected %d", len(got), len(c.want))
		}
		for ch, x := range got {
			for _, v := range x {
				if v != c.want[ch] {
					t.Errorf("%d to %d channels: channel %d has %v, expected %v", len(c.in), c.out, ch, x, c.want[ch])
				}
			}
		}
		expectWarning(t, r, c.warning)
	}
}

func TestResampleRefuses(t *testing.T) {
	for _, c := range []struct {
		params  string
		rate    int
		message string
	}{
		{`{"source_rate": 44100}`, 48_000, "source_rate is 44100 Hz, but the audio has 48000 Hz"},
		{`{"sourceRate": "auto"}`, 4_000, "rates of 8000 to 768000 Hz can be converted"},
	} {
		spec := nodetest.Find(t, transform.Nodes(), "AudioResample")
		r := nodetest.New(t, spec, c.params)
		err := r.Process(r.F32(c.rate, make([]float32, 10)))
		if err == nil || !strings.Contains(err.Error(), c.message) {
			t.Errorf("%s at %d Hz: error %v, expected %q", c.params, c.rate, err, c.message)
		}
		if _, planned := spec.Output(nodetest.Decode(t, spec, c.params), mono(c.rate)); planned == nil || planned.Error() != err.Error() {
			t.Errorf("the plan's error is %v, expected the same", planned)
		}
	}
	for _, params := range []string{`{"target_sample_rate": 7999}`, `{"quality": "best"}`, `{"source_rate": "any"}`, `{"source_rate": 10}`,
		`{"channels": 9}`, `{"channels": 0}`, `{"sampel_rate": 16000}`} {
		if _, problems := nodetest.Find(t, transform.Nodes(), "AudioResample").Decode([]byte(params)); fault.FromProblems(problems) == nil {
			t.Errorf("%s is accepted", params)
		}
	}
}

func TestResampleDeclaresItsFormat(t *testing.T) {
	for name, rate := range map[string]int{"AudioResample": 16_000, "AudioResampler": 44_100} {
		spec := nodetest.Find(t, transform.Nodes(), name)
		got, err := spec.Output(nodetest.Decode(t, spec, `{"channels": 2, "runtime_hint": "auto"}`), audio.Format{Encoding: pcm.I16})
		if want := (audio.Format{Rate: rate, Channels: 2, Encoding: pcm.I16}); err != nil || got != want {
			t.Errorf("%s: %v, %v, expected %v", name, got, err, want)
		}
	}
}

func BenchmarkResample(b *testing.B) {
	for name, chunk := range map[string]int{"second": 0, "10ms": 441} {
		b.Run(name, func(b *testing.B) {
			nodetest.Benchmark(b, nodetest.Find(b, transform.Nodes(), "AudioResample"), "{}", mono(44_100), chunk)
		})
	}
}
