package dsp

import (
	"encoding/binary"
	"math"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

// wavering returns audio whose level goes up and down, so that dynamics act, and falls silent in between.
func wavering(n int) [][]float32 {
	left, right := noise(n, 1), noise(n, 2)
	for i := range left {
		level := float32(math.Pow(10, -2+2*math.Sin(float64(i)/900)))
		if i/2000%3 == 2 {
			level = 0
		}
		left[i] *= level
		right[i] *= level / 2
	}
	return [][]float32{left, right}
}

// TestTheCutDoesNotShow holds for every kernel: audio in pieces of any lengths gives the very same bits.
func TestTheCutDoesNotShow(t *testing.T) {
	x := wavering(7_000)
	for name, make := range kernels(t) {
		t.Run(name, func(t *testing.T) {
			want := make()(clone(x))
			rapid.Check(t, func(rt *rapid.T) {
				k := make()
				got := append([][]float32(nil), k([][]float32{nil, nil})...)
				for at := 0; at < len(x[0]); {
					n := min(rapid.IntRange(0, 3000).Draw(rt, "length"), len(x[0])-at)
					part := k([][]float32{x[0][at : at+n], x[1][at : at+n]})
					for c := range part {
						got[c] = append(got[c], part[c]...)
					}
					at += n
				}
				if !reflect.DeepEqual(got, want) {
					rt.Fatal("the audio differs from that of one piece")
				}
			})
		})
	}
}

func TestKernelsDoNotAllocate(t *testing.T) {
	x := wavering(1000)
	meter, err := NewLoudnessMeter(48_000, ChannelWeights(2))
	if err != nil {
		t.Fatal(err)
	}
	fft, err := NewFFT(1000)
	if err != nil {
		t.Fatal(err)
	}
	filter, line, ramp := NewFilter(KWeighting(48_000)[0]), new(DelayLine), NewRamp(1)
	if line, err = NewDelayLine(10); err != nil {
		t.Fatal(err)
	}
	compressor, _ := NewCompressor(48_000, CompressorOptions{Ratio: 2})
	limiter, _ := NewLimiter(48_000, 2, LimiterOptions{LookaheadMS: 5})
	gate, _ := NewNoiseGate(48_000, GateOptions{})
	power, shape := make([]float64, fft.Bins()), Hann.Periodic(1000)
	for name, process := range map[string]func(){
		"loudness": func() { meter.Process(x); meter.Integrated() }, "fft": func() { fft.Power(power, x[0], shape) },
		"filter": func() { filter.Process(x[0], x[0]) }, "delay": func() { line.Process(x[0], x[0], 5) },
		"compressor": func() { compressor.Process(x) }, "limiter": func() { limiter.Process(x) }, "gate": func() { gate.Process(x) },
		"ramp": func() { ramp.Process(x) }, "level": func() { RMS(x[0]); Peak(x[0]) },
		"crossfade": func() { EqualPower.Crossfade(x[0], x[0], x[1], 0, 1000) },
	} {
		if n := testing.AllocsPerRun(20, process); n != 0 {
			t.Errorf("%s: %g allocations: expected none", name, n)
		}
	}
}

// FuzzKernels gives every kernel any bits as samples. None panics, and what follows is finite again soon.
func FuzzKernels(f *testing.F) {
	for _, v := range []float32{0, 1, float32(math.NaN()), float32(math.Inf(-1)), math.MaxFloat32, math.SmallestNonzeroFloat32, 1e-38, 1e20} {
		f.Add(binary.LittleEndian.AppendUint32(nil, math.Float32bits(v)), uint8(3))
	}
	f.Fuzz(func(t *testing.T, bits []byte, repeat uint8) {
		var bad []float32
		for ; len(bits) >= 4; bits = bits[4:] {
			bad = append(bad, math.Float32frombits(binary.LittleEndian.Uint32(bits)))
		}
		good := noise(3*settled, 1)
		for name, make := range kernels(t) {
			k := make()
			for range repeat {
				k(clone([][]float32{bad, bad}))
			}
			k(clone([][]float32{good, good}))
			for c, channel := range k(clone([][]float32{good, good})) {
				for i, v := range channel {
					if !finite(float64(v)) {
						t.Fatalf("%s: sample %d of channel %d is %v after good audio", name, i, c, v)
					}
				}
			}
		}
		fuzzMeters(t, bad, good)
	})
}

func fuzzMeters(t *testing.T, bad, good []float32) {
	m, err := NewLoudnessMeter(8_000, ChannelWeights(2))
	if err != nil {
		t.Fatal(err)
	}
	m.Process([][]float32{bad, bad})
	for range 20 {
		m.Process([][]float32{good, good})
	}
	if v := m.Momentary(); !finite(v) {
		t.Fatalf("momentary loudness of good audio is %v", v)
	}
	if v := m.TruePeak(); !finite(v) {
		t.Fatalf("true peak is %v", v)
	}
	if v := SumSquares(good); !finite(v) {
		t.Fatalf("the sum of squares is %v", v)
	}
	SumSquares(bad)
	Peak(bad)
}

// TestDecayEndsInZero: after a signal recursive state dies away to exactly 0, not into denormal numbers.
func TestDecayEndsInZero(t *testing.T) {
	for _, d := range []Design{
		{Shape: LowPass, Rate: 48_000, Frequency: 20, Q: 0.7}, {Shape: Peaking, Rate: 48_000, Frequency: 5000, Q: 3, GainDB: 12},
		{Shape: HighPass, Rate: 48_000, Frequency: 20_000, Q: 0.5},
	} {
		q, err := d.Biquad()
		if err != nil {
			t.Fatal(err)
		}
		f := NewFilter(q)
		f.Process(make([]float32, 1000), noise(1000, 1))
		silence := make([]float32, 480_000)
		f.Process(silence, silence)
		if s := f.sections[0]; s.s1 != 0 || s.s2 != 0 {
			t.Errorf("%+v: state %g, %g after ten seconds of silence: expected 0", d, s.s1, s.s2)
		}
		denormal := 0
		for _, v := range silence {
			if a := math.Abs(float64(v)); a != 0 && a < 0x1p-126 {
				denormal++
			}
		}
		if denormal > settled {
			t.Errorf("%+v: %d denormal samples: expected at most %d", d, denormal, settled)
		}
	}
}
