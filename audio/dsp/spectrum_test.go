package dsp

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestWindowsAgainstScipy(t *testing.T) {
	g := golden(t)
	for _, w := range g.Windows {
		compareValues(t, "periodic", w.Window.Periodic(len(w.Periodic)), w.Periodic)
		compareValues(t, "symmetric", w.Window.Symmetric(len(w.Symmetric)), w.Symmetric)
	}
	compareValues(t, "Kaiser", Kaiser(len(g.Kaiser), 8.5), g.Kaiser)
	for _, n := range []int{-1, 0} {
		if len(Hann.Periodic(n)) != 0 || len(Kaiser(n, 3)) != 0 {
			t.Errorf("a window of %d values isn't empty", n)
		}
	}
	compareValues(t, "one value", Kaiser(1, 3), []float64{1})
	compareValues(t, "an unknown window", Window(99).Periodic(2), []float64{1, 1})
}

func compareValues(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values: expected %d", what, len(got), len(want))
	}
	for i := range want {
		if math.Abs(got[i]-want[i]) > 1e-12 {
			t.Errorf("%s: value %d of %d is %g: expected %g", what, i, len(want), got[i], want[i])
		}
	}
}

func newFFT(t testing.TB, n int) *FFT {
	t.Helper()
	f, err := NewFFT(n)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFFTAgainstNumpy(t *testing.T) {
	for _, g := range golden(t).Spectra {
		f := newFFT(t, g.N)
		spectrum := f.Transform(lcg(g.N), nil)
		if len(spectrum) != len(g.Re) || f.Bins() != len(g.Re) || f.Len() != g.N {
			t.Fatalf("%d samples: %d bins: expected %d", g.N, len(spectrum), len(g.Re))
		}
		for k, got := range spectrum {
			if math.Abs(real(got)-g.Re[k]) > 1e-10 || math.Abs(imag(got)-g.Im[k]) > 1e-10 {
				t.Errorf("%d samples, bin %d is %g: expected %g + %gi", g.N, k, got, g.Re[k], g.Im[k])
			}
		}
	}
}

func TestFFTInverse(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 300).Draw(rt, "n")
		x := noise(n, rapid.Uint64().Draw(rt, "seed"))
		f, err := NewFFT(n)
		if err != nil {
			rt.Fatal(err)
		}
		bins := append([]complex128(nil), f.Transform(x, nil)...)
		back := make([]float32, n)
		f.Inverse(back, bins)
		for i := range x {
			if math.Abs(float64(back[i]-x[i])) > 1e-6 {
				rt.Fatalf("sample %d is %g: expected %g", i, back[i], x[i])
			}
		}
	})
}

// TestPower: a sine in the middle of a bin, under a window, and a shorter input.
func TestPower(t *testing.T) {
	f := newFFT(t, 480)
	power := make([]float64, f.Bins())
	f.Power(power, tone(480, 1000, 48_000, 1, 0), Hann.Periodic(480))
	near(t, "the power of the sine's bin", power[10], 120*120, 0.01)
	near(t, "the power of its neighbour", power[11], 60*60, 0.01)
	near(t, "the power elsewhere", power[100], 0, 1e-6)
	f.Power(power, []float32{1}, nil)
	near(t, "the power of an impulse", power[240], 1, 1e-12)
	for _, n := range []int{0, -5, MaxFFT + 1} {
		if _, err := NewFFT(n); err == nil {
			t.Errorf("a transform of %d samples isn't refused", n)
		}
	}
}

func TestLevels(t *testing.T) {
	for _, c := range []struct{ amplitude, want float64 }{{1, 0}, {-0.1, -20}, {0, FloorDB}, {1e-7, -140}, {math.NaN(), FloorDB}} {
		near(t, "the level", DB(c.amplitude), c.want, 1e-9)
	}
	near(t, "the amplitude", Amplitude(-6.0206), 0.5, 1e-6)
	near(t, "the amplitude", Amplitude(math.Inf(-1)), 0, 0)
	near(t, "the RMS of nothing", RMS(nil), 0, 0)
	near(t, "the peak of nothing", float64(Peak(nil)), 0, 0)
	rapid.Check(t, func(rt *rapid.T) {
		x := rapid.SliceOfN(rapid.Float32Range(-1e25, 1e25), 0, 3000).Draw(rt, "x")
		peak := 0.0
		for _, v := range x {
			peak = max(peak, math.Abs(float64(v)))
		}
		if got := float64(Peak(x)); got != peak {
			rt.Fatalf("peak %g: expected %g", got, peak)
		}
		want := sumSquaresPlain(x)
		if got := SumSquares(x); math.Abs(got-want) > 1e-5*want+1e-30 {
			rt.Fatalf("sum of squares %g: expected %g", got, want)
		}
	})
}
