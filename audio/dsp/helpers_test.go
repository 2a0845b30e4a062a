package dsp

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"testing"
)

// goldenFile is what testdata/golden.py writes.
type goldenFile struct {
	Biquads []struct {
		Shape                    Shape
		Rate, Frequency, Q, Gain float64
		B, A                     [3]float64
	}
	Filtered struct {
		Sections [][6]float64
		Out      []float64
	}
	Windows []struct {
		Window              Window
		Periodic, Symmetric []float64
	}
	Kaiser  []float64
	Spectra []struct {
		N      int
		Re, Im []float64
	}
	TruePeak struct {
		Samples    []float32
		Peak       float64
		SamplePeak float64 `json:"sample_peak"`
	} `json:"true_peak"`
}

func golden(t testing.TB) (g goldenFile) {
	t.Helper()
	text, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// lcg is the noise of golden.py: a linear congruential generator's upper 16 bits.
func lcg(n int) []float32 {
	x, s := make([]float32, n), uint32(1)
	for i := range x {
		s = s*1664525 + 1013904223
		x[i] = float32(int32(s>>16)-32768) / 32768
	}
	return x
}

// noise returns n samples of uniform noise in [-1, 1].
func noise(n int, seed uint64) []float32 {
	random := rand.New(rand.NewPCG(seed, 0))
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(2*random.Float64() - 1)
	}
	return x
}

// tone returns n samples of a sine.
func tone(n int, frequency, rate, amplitude, phase float64) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(amplitude * math.Sin(2*math.Pi*frequency/rate*float64(i)+phase))
	}
	return x
}

// near fails where got and want are further apart than tolerance.
func near(t testing.TB, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s is %.9g: expected %.9g, at most %g apart", what, got, want, tolerance)
	}
}

// kernel is a streaming kernel under test: it takes planar audio and returns what comes out.
type kernel func(x [][]float32) [][]float32

// inPlace makes a kernel of a method that works in place.
func inPlace(process func(x [][]float32)) kernel {
	return func(x [][]float32) [][]float32 {
		y := clone(x)
		process(y)
		return y
	}
}

// oneChannel makes a kernel of a method with dst and src.
func oneChannel(process func(dst, src []float32)) kernel {
	return func(x [][]float32) [][]float32 {
		y := make([]float32, len(x[0]))
		process(y, x[0])
		return [][]float32{y}
	}
}

func clone(x [][]float32) [][]float32 {
	y := make([][]float32, len(x))
	for c := range x {
		y[c] = append([]float32(nil), x[c]...)
	}
	return y
}

// kernels are new instances of all streaming kernels for two channels at 48 kHz.
func kernels(t testing.TB) map[string]func() kernel {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	return map[string]func() kernel{
		"filter": func() kernel {
			q, err := Design{Shape: Peaking, Rate: 48_000, Frequency: 50, Q: 5, GainDB: 9}.Biquad()
			must(err)
			h, err := Design{Shape: HighPass, Rate: 48_000, Frequency: 20, Q: 0.7}.Biquad()
			must(err)
			return oneChannel(NewFilter(q, h).Process)
		},
		"compressor": func() kernel {
			k, err := NewCompressor(48_000, CompressorOptions{ThresholdDB: -30, Ratio: 4, KneeDB: 6, AttackMS: 1, ReleaseMS: 50, MakeupDB: 3})
			must(err)
			return inPlace(k.Process)
		},
		"limiter": func() kernel {
			l, err := NewLimiter(48_000, 2, LimiterOptions{CeilingDB: -6, LookaheadMS: 2, ReleaseMS: 20})
			must(err)
			return inPlace(l.Process)
		},
		"gate": func() kernel {
			g, err := NewNoiseGate(48_000, GateOptions{OpenDB: -20, CloseDB: -26, RangeDB: -120, AttackMS: 1, HoldMS: 5, ReleaseMS: 20})
			must(err)
			return inPlace(g.Process)
		},
		"delay": func() kernel {
			d, err := NewDelayLine(300)
			must(err)
			return oneChannel(func(dst, src []float32) { d.Process(dst, src, 123) })
		},
		"ramp": func() kernel {
			r := NewRamp(0)
			r.Set(1, 3000)
			return inPlace(r.Process)
		},
	}
}
