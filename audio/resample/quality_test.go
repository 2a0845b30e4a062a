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
			f := measure(t, p[0], p[1], q)
			got[key] = f
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

func measure(t *testing.T, src, dst int, q Quality) figures {
	f := figures{Latency: float64(mustNew(t, src, dst, 1, q).Latency())}
	f.Noise = noiseFigure(t, src, dst, q)
	f.Ripple, f.Phase = passband(t, src, dst, q)
	f.Rejection = rejection(t, src, dst, q)
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
func spectrum(t *testing.T, src, dst int, q Quality, tones []tone) []complex128 {
	t.Helper()
	y := feed(t, mustNew(t, src, dst, 1, q), [][]float32{render(src, tones)}, whole)[0]
	from := dst / 2
	x := make([]float64, dst)
	for i := range x {
		x[i] = float64(y[from+i])
	}
	c := fourier.NewFFT(dst).Coefficients(nil, x)
	for i := range c {
		// Undo the shift of from samples.
		c[i] *= complex(2/float64(dst), 0) * cmplx.Rect(1, -2*math.Pi*float64(i*from%dst)/float64(dst))
	}
	return c
}

func decibel(ratio float64) float64 { return 20 * math.Log10(max(ratio, 1e-12)) }

func noiseFigure(t *testing.T, src, dst int, q Quality) float64 {
	gain := math.Pow(10, -1.0/20)
	c := spectrum(t, src, dst, q, []tone{{997, gain, 0.1}})
	rest := 0.0
	for i, v := range c {
		if i != 997 {
			rest += real(v)*real(v) + imag(v)*imag(v)
		}
	}
	return decibel(math.Sqrt(rest) / cmplx.Abs(c[997]))
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

func passband(t *testing.T, src, dst int, q Quality) (ripple, phase float64) {
	edge := int(bounds[q].pass * float64(min(src, dst)) / 2)
	tones := comb(23, edge, 150)
	c := spectrum(t, src, dst, q, tones)
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
func rejection(t *testing.T, src, dst int, q Quality) float64 {
	nyquist := float64(min(src, dst)) / 2
	const count = 4
	worst := foreign(t, src, dst, q, comb(101, int((2-bounds[q].stop)*nyquist), count), true)
	if edge := int(math.Ceil(bounds[q].stop * nyquist)); edge < src/2-500 {
		for _, part := range []int{97, 29, 11, 3, 1} {
			tones := comb(edge, edge+(src/2-13-edge)/part, count)
			worst = max(worst, foreign(t, src, dst, q, tones, false))
		}
	}
	return -decibel(worst)
}

// foreign is the largest line relative to a tone's height beside the tones
// themselves, if they are wanted. Steep conversions have images in the
// transition band too; those up to the stopband edge don't count.
func foreign(t *testing.T, src, dst int, q Quality, tones []tone, wanted bool) float64 {
	c := spectrum(t, src, dst, q, tones)
	if wanted {
		for _, tn := range tones {
			c[tn.hz] = 0
		}
	}
	worst := slices.MaxFunc(c, func(a, b complex128) int { return cmp.Compare(cmplx.Abs(a), cmplx.Abs(b)) })
	return cmplx.Abs(worst) / tones[0].gain
}
