package resample

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math"
	"math/cmplx"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"gonum.org/v1/gonum/dsp/fourier"
)

var update = flag.Bool("update", false, "write testdata/quality.json from this run")

// figures are what the quality suite measures, in dB unless noted.
type figures struct {
	Noise     float64 // THD+N of 997 Hz at -1 dBFS, relative to the tone
	Ripple    float64 // largest deviation from 0 dB in the passband
	Rejection float64 // of aliases and images from the stopband edge on
	Phase     float64 // largest deviation from zero phase in the passband, in degrees
	Latency   float64 // in input samples
}

// bound is what a quality class promises.
type bound struct{ pass, stop, noise, ripple, rejection float64 }

var bounds = [...]bound{
	Low:      {0.80, 1.04, -75, 0.02, 75},
	Medium:   {0.85, 1.02, -100, 0.003, 100},
	High:     {0.90, 1.02, -135, 0.001, 125},
	VeryHigh: {0.91, 1.02, -135, 0.0005, 150},
}

// TestQuality measures the sound of every class on the kernel in use against
// its promise and against the committed baseline.
func TestQuality(t *testing.T) {
	t.Parallel()
	const path = "testdata/quality.json"
	baseline := map[string]figures{}
	if data, err := os.ReadFile(path); err == nil {
		if err := json.Unmarshal(data, &baseline); err != nil {
			t.Fatal(err)
		}
	} else if !*update {
		t.Fatal(err)
	}
	got := map[string]figures{}
	// 44217 has no factor in common with 16000, yet is fast to transform.
	measured := append(slices.Clone(pairs[:9]), [2]int{44217, 16000}, [2]int{44217, 44100}, [2]int{16000, 44217})
	for _, p := range measured {
		for q := Low; q <= VeryHigh; q++ {
			key := fmt.Sprintf("%d-%d-%v", p[0], p[1], q)
			f := measure(t, setup{p[0], p[1], q, fastest})
			got[key] = f
			if *update {
				got[key] = worst(f, measure(t, setup{p[0], p[1], q, &portable}))
			}
			promised(t, key, f, bounds[q])
			if base, ok := baseline[key]; !*update && (!ok || lost(f, base)) {
				t.Errorf("%s: %+v lost 1 dB against the baseline %+v", key, f, base)
			}
		}
	}
	if *update {
		write(t, path, got)
	}
}

// setup is one thing to measure.
type setup struct {
	src, dst int
	quality  Quality
	kernel   *kernel
}

func (s setup) resampler(t *testing.T) *Resampler {
	t.Helper()
	f, err := NewFilter(s.src, s.dst, s.quality)
	if err != nil {
		t.Fatal(err)
	}
	return newResampler(f, 1, s.kernel)
}

// worst joins what two kernels reach, so that the baseline serves both.
func worst(a, b figures) figures {
	return figures{
		Noise: max(a.Noise, b.Noise), Ripple: max(a.Ripple, b.Ripple), Rejection: min(a.Rejection, b.Rejection),
		Phase: max(a.Phase, b.Phase), Latency: max(a.Latency, b.Latency),
	}
}

func promised(t *testing.T, key string, f figures, b bound) {
	t.Logf("%-24s THD+N %7.1f dB, ripple %.5f dB, rejection %6.1f dB, phase %.5f deg, latency %g", key, f.Noise, f.Ripple, f.Rejection, f.Phase, f.Latency)
	if f.Noise > b.noise || f.Ripple > b.ripple || f.Rejection < b.rejection || f.Phase > 0.01 {
		t.Errorf("%s: %+v breaks the promise %+v", key, f, b)
	}
}

// lost tells whether a figure is 1 dB worse than before. Ripple and phase are
// compared as ratios, above a floor where rounding decides.
func lost(f, base figures) bool {
	const dB = 1.122
	return f.Noise > base.Noise+1 || f.Rejection < base.Rejection-1 || f.Latency > base.Latency ||
		f.Ripple > max(base.Ripple*dB, 2e-5) || f.Phase > max(base.Phase*dB, 1e-3)
}

func write(t *testing.T, path string, got map[string]figures) {
	text := "{\n"
	for i, key := range slices.Sorted(maps.Keys(got)) {
		f := got[key]
		line, err := json.Marshal(figures{round(f.Noise, 10), round(f.Ripple, 1e6), round(f.Rejection, 10), round(f.Phase, 1e6), f.Latency})
		if err != nil {
			t.Fatal(err)
		}
		text += fmt.Sprintf("%s  %q: %s", map[bool]string{true: ",\n"}[i > 0], key, line)
	}
	if err := os.WriteFile(path, []byte(text+"\n}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

func round(x, scale float64) float64 { return math.Round(x*scale) / scale }

func measure(t *testing.T, s setup) figures {
	f := figures{Latency: float64(s.resampler(t).Latency())}
	f.Noise = noiseFigure(t, s)
	f.Ripple, f.Phase = passband(t, s)
	f.Rejection = rejection(t, s)
	return f
}

// tone is one spectral line; frequencies are whole hertz, so that a second of
// signal has every line on a bin of its own.
type tone struct {
	hz   int
	gain float64
	turn float64 // phase in turns
}

// render makes two seconds of tones in float32.
func render(rate int, tones []tone) []float32 {
	lines := make([]complex128, rate/2+1)
	for _, t := range tones {
		lines[t.hz] = cmplx.Rect(t.gain/2, 2*math.Pi*t.turn)
	}
	sum := fourier.NewFFT(rate).Sequence(nil, lines)
	x := make([]float32, 2*rate)
	for i := range x {
		x[i] = float32(sum[i%rate])
	}
	return x
}

// spectrum converts the tones and returns the complex amplitudes per hertz of
// one second from the middle of the result, phases relative to its first
// sample, which lies half a second into the signal.
func spectrum(t *testing.T, s setup, tones []tone) []complex128 {
	t.Helper()
	y := feed(t, s.resampler(t), [][]float32{render(s.src, tones)}, whole)[0]
	from := s.dst / 2
	x := make([]float64, s.dst)
	for i := range x {
		x[i] = float64(y[from+i])
	}
	c := fourier.NewFFT(s.dst).Coefficients(nil, x)
	for i := range c {
		// Undo the shift of from samples.
		c[i] *= complex(2/float64(s.dst), 0) * cmplx.Rect(1, -2*math.Pi*float64(i*from%s.dst)/float64(s.dst))
	}
	return c
}

func decibel(ratio float64) float64 { return 20 * math.Log10(max(ratio, 1e-12)) }

func noiseFigure(t *testing.T, s setup) float64 {
	gain := math.Pow(10, -1.0/20)
	c := spectrum(t, s, []tone{{997, gain, 0.1}})
	rest := 0.0
	for i, v := range c {
		if i != 997 {
			rest += real(v)*real(v) + imag(v)*imag(v)
		}
	}
	return decibel(math.Sqrt(rest) / cmplx.Abs(c[997]))
}

// TestSteepConversionsKeepTheirNoise holds the promise for thousands of taps, whose sums are hard on float32, on every
// kernel.
func TestSteepConversionsKeepTheirNoise(t *testing.T) {
	t.Parallel()
	for _, k := range kernels() {
		for _, p := range [][2]int{{768000, 8000}, {384000, 8000}, {192000, 8000}, {8000, 768000}} {
			if got := noiseFigure(t, setup{p[0], p[1], High, k}); got > bounds[High].noise {
				t.Errorf("%s, %d to %d Hz: THD+N %.1f dB, promised %g", k.name, p[0], p[1], got, bounds[High].noise)
			}
		}
	}
}

// comb spreads tones of random phase over a range of hertz.
func comb(from, to, count int) []tone {
	rng := rand.New(rand.NewPCG(uint64(from), uint64(to)))
	tones := make([]tone, count)
	for i := range tones {
		hz := from + (to-from)*i/(count-1)
		tones[i] = tone{hz, 0.9 / float64(count), rng.Float64()}
	}
	return tones
}

func passband(t *testing.T, s setup) (ripple, phase float64) {
	edge := int(bounds[s.quality].pass * float64(min(s.src, s.dst)) / 2)
	tones := comb(23, edge, 150)
	c := spectrum(t, s, tones)
	for _, tn := range tones {
		h := c[tn.hz] / cmplx.Rect(tn.gain, 2*math.Pi*tn.turn)
		ripple = max(ripple, math.Abs(decibel(cmplx.Abs(h))))
		phase = max(phase, math.Abs(cmplx.Phase(h))*180/math.Pi)
	}
	return ripple, phase
}

// rejection sends tones in the passband, whose images must not appear, and
// where there is room tones beyond the stopband edge, whose aliases must not.
// It is the largest line that doesn't belong there against the tone's height.
func rejection(t *testing.T, s setup) float64 {
	nyquist := float64(min(s.src, s.dst)) / 2
	const count = 4
	worst := 0.0
	last := int((2 - bounds[s.quality].stop) * nyquist) // its image falls on the stopband's edge
	for _, part := range []int{97, 29, 11, 3, 1} {
		worst = max(worst, foreign(t, s, comb(last-(last-101)/part, last, count), true))
	}
	if edge := int(math.Ceil(bounds[s.quality].stop * nyquist)); edge < s.src/2-500 {
		for _, part := range []int{97, 29, 11, 3, 1} {
			tones := comb(edge, edge+(s.src/2-13-edge)/part, count)
			worst = max(worst, foreign(t, s, tones, false))
		}
	}
	return -decibel(worst)
}

// foreign is the largest line relative to a tone's height, beside the tones
// themselves if they are wanted.
func foreign(t *testing.T, s setup, tones []tone, wanted bool) float64 {
	c := spectrum(t, s, tones)
	if wanted {
		for _, tn := range tones {
			c[tn.hz] = 0
		}
	}
	worst := slices.MaxFunc(c, func(a, b complex128) int { return cmp.Compare(cmplx.Abs(a), cmplx.Abs(b)) })
	return cmplx.Abs(worst) / tones[0].gain
}

// TestSweep follows a logarithmic sweep: it is reproduced in time and height
// in the passband, and silence beyond the stopband edge.
func TestSweep(t *testing.T) {
	t.Parallel()
	const seconds, low = 3, 20.0
	for _, p := range pairs[:10] {
		for q := Low; q <= VeryHigh; q++ {
			src, dst := float64(p[0]), float64(p[1])
			high := 0.98 * src / 2
			rate := math.Log(high/low) / seconds
			sweep := func(at float64) float64 { return 0.5 * math.Sin(2*math.Pi*low/rate*(math.Exp(rate*at)-1)) }
			when := func(hz float64) int { return int(min(seconds*0.95, math.Log(hz/low)/rate) * dst) }
			x := make([]float32, seconds*p[0])
			for i := range x {
				x[i] = float32(sweep(float64(i) / src))
			}
			y := feed(t, mustNew(t, p[0], p[1], 1, q), [][]float32{x}, whole)[0]
			nyquist := min(src, dst) / 2
			off, heard := 0.0, 0.0
			for i := when(100); i < when(0.95*bounds[q].pass*nyquist); i++ {
				off = max(off, math.Abs(float64(y[i])-sweep(float64(i)/dst)))
			}
			if nyquist < src/2 {
				for _, v := range y[when(1.04*bounds[q].stop*nyquist):when(high)] {
					heard = max(heard, math.Abs(float64(v)))
				}
			}
			limit := math.Pow(10, bounds[q].ripple/20) - 1
			// The float32 roundings of the first stage are heard at -139 dB.
			if silence := math.Pow(10, -min(bounds[q].rejection, 135)/20); off > limit || heard > silence {
				t.Errorf("%d to %d Hz, %v: off by %.2g (at most %.2g) in the passband, %.2g (at most %.2g) beyond", p[0], p[1], q, off, limit, heard, silence)
			}
		}
	}
}
