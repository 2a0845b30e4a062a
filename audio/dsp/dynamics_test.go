package dsp

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// TestCompressorCurve: the gain of a steady level, without and with a knee.
func TestCompressorCurve(t *testing.T) {
	for _, c := range []struct{ knee, level, want float64 }{
		{0, -40, -40}, {0, -20, -20}, {0, -12, -18}, {0, 0, -15}, {10, -26, -26}, {10, -20, -20.9375}, {10, -14, -18.5}, {10, 0, -15},
	} {
		k, err := NewCompressor(48_000, CompressorOptions{ThresholdDB: -20, Ratio: 4, KneeDB: c.knee})
		if err != nil {
			t.Fatal(err)
		}
		x := [][]float32{{float32(Amplitude(c.level))}}
		k.Process(x)
		near(t, "the level behind it", DB(float64(x[0][0])), c.want, 1e-4)
		near(t, "the reduction", k.Reduction(), c.want-c.level, 1e-4)
	}
}

// TestCompressorTimes: after one time constant 1/e of the way is left.
func TestCompressorTimes(t *testing.T) {
	k, err := NewCompressor(1000, CompressorOptions{ThresholdDB: -20, Ratio: 1000, AttackMS: 10, ReleaseMS: 100, MakeupDB: 6})
	if err != nil {
		t.Fatal(err)
	}
	feed := func(n int, level float32) float64 {
		x := [][]float32{make([]float32, n), make([]float32, n)}
		for i := range n {
			x[0][i], x[1][i] = level, level/10
		}
		k.Process(x)
		if r := float64(x[0][n-1] / x[1][n-1]); level != 0 && math.Abs(r-10) > 1e-4 {
			t.Errorf("the channels' gains differ: %g", r)
		}
		return k.Reduction()
	}
	const full = -20 * (1 - 1.0/1000)
	near(t, "the reduction after the attack", feed(10, 1), full*(1-math.Exp(-1)), 1e-9)
	feed(1000, 1)
	near(t, "the reduction after the release", feed(100, 1e-5), full*math.Exp(-1), 1e-6)
	x := [][]float32{{1e-5}}
	k.Reset()
	k.Process(x)
	near(t, "the makeup gain", DB(float64(x[0][0])), -94, 1e-4)
}

// TestLimiterHolds: nothing is above the ceiling, and what needs no limiting comes out as it came in.
func TestLimiterHolds(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		o := LimiterOptions{
			CeilingDB: rapid.Float64Range(-20, 0).Draw(rt, "ceiling"), LookaheadMS: rapid.Float64Range(0, 4).Draw(rt, "lookahead"),
			ReleaseMS: rapid.Float64Range(0, 50).Draw(rt, "release"),
		}
		l, err := NewLimiter(48_000, 2, o)
		if err != nil {
			rt.Fatal(err)
		}
		in := wavering(3000)
		x := clone(in)
		l.Process(x)
		ceiling := Amplitude(o.CeilingDB)
		for i := range x[0] {
			if got := loudest(x, i); got > ceiling {
				rt.Fatalf("frame %d has %g: the ceiling is %g", i, got, ceiling)
			}
			was := 0.0
			if i >= l.Latency() {
				was = float64(in[0][i-l.Latency()])
			}
			if math.Abs(float64(x[0][i])) > math.Abs(was)+1e-7 || float64(x[0][i])*was < 0 {
				rt.Fatalf("frame %d is %g: it was %g", i, x[0][i], was)
			}
		}
	})
}

func TestLimiterLeavesTheRestAlone(t *testing.T) {
	l, err := NewLimiter(48_000, 1, LimiterOptions{CeilingDB: -1, LookaheadMS: 5, ReleaseMS: 50})
	if err != nil {
		t.Fatal(err)
	}
	x := noise(2000, 1)
	for i := range x {
		x[i] *= 0.8
	}
	y := clone([][]float32{x})
	l.Process(y)
	for i := l.Latency(); i < len(x); i++ {
		if y[0][i] != x[i-l.Latency()] {
			t.Fatalf("sample %d is %g: expected %g", i, y[0][i], x[i-l.Latency()])
		}
	}
	if l.Latency() != 240 {
		t.Errorf("latency %d: expected 240", l.Latency())
	}
}

// TestLimiterAgainstPlain compares with windows that are searched and averaged anew for every frame.
func TestLimiterAgainstPlain(t *testing.T) {
	o := LimiterOptions{CeilingDB: -12, LookaheadMS: 1, ReleaseMS: 5}
	l, err := NewLimiter(48_000, 1, o)
	if err != nil {
		t.Fatal(err)
	}
	in := wavering(6000)[:1]
	x := clone(in)
	l.Process(x)
	want := plainLimiter(in[0], l.Latency(), Amplitude(o.CeilingDB), onePole(o.ReleaseMS, 48_000))
	for i, v := range want {
		if math.Abs(float64(x[0][i])-v) > 1e-6 {
			t.Fatalf("sample %d is %g: expected %g", i, x[0][i], v)
		}
	}
}

func plainLimiter(x []float32, delay int, ceiling, release float64) []float64 {
	need := func(i int) float64 {
		if i < 0 || math.Abs(float64(x[i])) <= ceiling {
			return 1
		}
		return ceiling / math.Abs(float64(x[i]))
	}
	gains, out, gain := make([]float64, len(x)), make([]float64, len(x)), 1.0
	for i := range x {
		least := 1.0
		for k := i - delay; k <= i; k++ {
			least = min(least, need(k))
		}
		gain = min(least, 1+release*(gain-1))
		gains[i] = gain
		if i < delay {
			continue
		}
		sum := 0.0
		for k := i - delay; k <= i; k++ {
			sum += gains[k]
		}
		out[i] = float64(x[i-delay]) * sum / float64(delay+1)
	}
	return out
}

// TestNoiseGate goes through closed, opening, hysteresis, hold and closing.
func TestNoiseGate(t *testing.T) {
	g, err := NewNoiseGate(1000, GateOptions{OpenDB: -20, CloseDB: -40, RangeDB: -60, HoldMS: 50})
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		n     int
		level float32
		open  bool
		gain  float64
	}{
		{100, 0.05, false, 0.001}, // between the levels, closed
		{1, 0.2, true, 1},
		{300, 0.05, true, 1}, // between the levels, open
		{60, 0.001, true, 1}, // the measured level falls for 16 ms, and the hold lasts 50
		{20, 0.001, false, 0.001},
	} {
		x := [][]float32{make([]float32, c.n)}
		for k := range x[0] {
			x[0][k] = c.level
		}
		g.Process(x)
		if g.Open() != c.open {
			t.Errorf("step %d: open %v: expected %v", i, g.Open(), c.open)
		}
		near(t, "the gain", float64(x[0][c.n-1]/c.level), c.gain, 1e-6)
	}
}

func TestNoiseGateTimes(t *testing.T) {
	g, err := NewNoiseGate(1000, GateOptions{OpenDB: -20, CloseDB: -20, RangeDB: FloorDB, AttackMS: 10, ReleaseMS: 20})
	if err != nil {
		t.Fatal(err)
	}
	x := [][]float32{make([]float32, 10)}
	for i := range x[0] {
		x[0][i] = 1
	}
	g.Process(x)
	near(t, "the gain after the attack", float64(x[0][9]), 1-math.Exp(-1), 1e-6)
	for g.Open() {
		g.Process([][]float32{{0}})
	}
	before := g.gain
	g.Process([][]float32{make([]float32, 20)})
	near(t, "the gain after the release", g.gain, before*math.Exp(-1), 1e-6)
	g.Process([][]float32{make([]float32, 10_000)})
	if g.gain != 0 || g.level != 0 {
		t.Errorf("after silence the gain is %g and the level %g: expected 0", g.gain, g.level)
	}
}

func TestDynamicsRefuse(t *testing.T) {
	nan := math.NaN()
	for name, build := range map[string]func() error{
		"rate":  func() error { _, err := NewCompressor(0, CompressorOptions{Ratio: 1}); return err },
		"ratio": func() error { _, err := NewCompressor(48_000, CompressorOptions{Ratio: 0.5}); return err },
		"threshold": func() error {
			_, err := NewCompressor(48_000, CompressorOptions{Ratio: 1, ThresholdDB: nan})
			return err
		},
		"lookahead": func() error { _, err := NewLimiter(48_000, 1, LimiterOptions{LookaheadMS: 101}); return err },
		"channels":  func() error { _, err := NewLimiter(48_000, 65, LimiterOptions{}); return err },
		"close":     func() error { _, err := NewNoiseGate(48_000, GateOptions{OpenDB: -40, CloseDB: -30}); return err },
		"release":   func() error { _, err := NewNoiseGate(48_000, GateOptions{ReleaseMS: math.Inf(1)}); return err },
	} {
		if build() == nil {
			t.Errorf("%s: it isn't refused", name)
		}
	}
}

func TestLimiterIgnoresAnotherNumberOfChannels(t *testing.T) {
	l, err := NewLimiter(48_000, 2, LimiterOptions{CeilingDB: -20})
	if err != nil {
		t.Fatal(err)
	}
	x := [][]float32{{1}}
	l.Process(x)
	near(t, "the sample", float64(x[0][0]), 1, 0)
}
