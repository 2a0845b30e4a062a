package dsp

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func line(t testing.TB, longest int) *DelayLine {
	t.Helper()
	d, err := NewDelayLine(longest)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDelay(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		longest := rapid.IntRange(0, 50).Draw(rt, "longest")
		delay := rapid.IntRange(0, longest).Draw(rt, "delay")
		x := noise(120, 1)
		y := append([]float32(nil), x...)
		d, err := NewDelayLine(longest)
		if err != nil {
			rt.Fatal(err)
		}
		d.Process(y, y, delay)
		for i, got := range y {
			want := float32(0)
			if i >= delay {
				want = x[i-delay]
			}
			if got != want {
				rt.Fatalf("sample %d is %g: expected %g", i, got, want)
			}
		}
	})
}

func TestDelayBetweenSamples(t *testing.T) {
	d := line(t, 3)
	for _, v := range []float32{10, 20, 30, 40, 50} {
		d.Write(v)
	}
	for delay, want := range map[float64]float64{0: 50, 0.25: 47.5, 1: 40, 2.5: 25, 3: 20, 99: 20, -1: 50, math.NaN(): 50} {
		near(t, "the sample", float64(d.ReadBetween(delay)), want, 1e-5)
	}
	near(t, "a delay below 0", float64(d.Read(-7)), 50, 0)
	near(t, "a delay beyond the line", float64(d.Read(7)), 20, 0)
	if d.Longest() != 3 {
		t.Errorf("longest %d: expected 3", d.Longest())
	}
	d.Reset()
	near(t, "after Reset", float64(d.Read(0)), 0, 0)
	for _, n := range []int{-1, MaxDelay + 1} {
		if _, err := NewDelayLine(n); err == nil {
			t.Errorf("a delay of %d samples isn't refused", n)
		}
	}
}

func TestCurves(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		at := rapid.Float64Range(-0.5, 1.5).Draw(rt, "t")
		for _, c := range []Curve{Linear, EqualPower, SCurve} {
			out, in := c.Gains(at)
			sum := out + in
			if c == EqualPower {
				sum = out*out + in*in
			}
			back, there := c.Gains(1 - at)
			if math.Abs(sum-1) > 1e-12 || out < 0 || in < 0 || math.Abs(back-in)+math.Abs(there-out) > 1e-9 {
				rt.Fatalf("curve %d at %g: gains %g and %g", c, at, out, in)
			}
		}
	})
	if out, in := Linear.Gains(math.NaN()); out != 1 || in != 0 {
		t.Errorf("gains at NaN: %g, %g", out, in)
	}
}

func TestCrossfade(t *testing.T) {
	from, to := []float32{1, 1, 1, 1, 1, 1}, []float32{0, 0, 0, 0, 0, 2}
	dst := make([]float32, 6)
	Linear.Crossfade(dst[:2], from, to, 0, 4)
	Linear.Crossfade(dst[2:], from[2:], to[2:], 2, 4)
	for i, want := range []float64{1, 0.75, 0.5, 0.25, 0, 2} {
		near(t, "the sample", float64(dst[i]), want, 1e-7)
	}
	Linear.Crossfade(dst, from, to, 0, 0)
	near(t, "a fade of no samples", float64(dst[0]), 0, 0)
}

func TestRamp(t *testing.T) {
	r := NewRamp(1)
	r.Set(0, 4)
	x := [][]float32{{1, 1, 1, 1, 1}, {2, 2, 2, 2, 2}}
	r.Process(x)
	for i, want := range []float64{1, 0.75, 0.5, 0.25, 0} {
		near(t, "the sample", float64(x[0][i]), want, 1e-7)
		near(t, "the other channel", float64(x[1][i]), 2*want, 1e-7)
	}
	r.Set(1, 4)
	r.Process([][]float32{{1, 1}})
	r.Set(2, -3) // at once
	near(t, "the gain", r.Gain(), 2, 0)
}
