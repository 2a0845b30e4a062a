package silero

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
)

// eachKernel runs a test with the model laid out for every kernel of this machine.
func eachKernel(t *testing.T, test func(t *testing.T, m *Model)) {
	for _, k := range kernels() {
		t.Run(k.name, func(t *testing.T) { test(t, newModel(readWeights(weightFile), k)) })
	}
}

func TestGolden(t *testing.T) {
	cases := loadGolden(t)
	eachKernel(t, func(t *testing.T, m *Model) {
		for _, g := range cases {
			worst := compare(t, g, m)
			t.Logf("%s: %d frames, at most %.2g apart", g.Name, len(g.Probabilities), worst)
		}
	})
}

// compare fails if a probability is more than 1e-5 from the original's or on another side of a threshold in use.
func compare(t *testing.T, g golden, m *Model) (worst float64) {
	t.Helper()
	frames := g.frames(t)
	if len(frames) != len(g.Probabilities) {
		t.Fatalf("%s: %d frames for %d golden probabilities", g.Name, len(frames), len(g.Probabilities))
	}
	var s State
	for i, want := range g.Probabilities {
		got := m.Process(&s, frames[i])
		apart := math.Abs(float64(got - want))
		worst = max(worst, apart)
		if apart > 1e-5 {
			t.Fatalf("%s, frame %d: probability %.7f: expected %.7f", g.Name, i, got, want)
		}
		for _, threshold := range []float32{0.35, 0.5} {
			if (got >= threshold) != (want >= threshold) {
				t.Errorf("%s, frame %d: %.7f is on the other side of %g than %.7f", g.Name, i, got, threshold, want)
			}
		}
	}
	return worst
}

func TestReference(t *testing.T) {
	w := readWeights(weightFile)
	rng := rand.New(rand.NewPCG(1, 2))
	var frames [][]float32
	for i := range 12 {
		frame := make([]float32, FrameLen)
		for j := range frame {
			frame[j] = float32(rng.NormFloat64()) * float32(math.Pow(10, float64(-i)/3))
		}
		frames = append(frames, frame)
	}
	ref := reference{w: w}
	var want []float64
	for _, f := range frames {
		want = append(want, ref.process(f))
	}
	eachKernel(t, func(t *testing.T, m *Model) {
		var s State
		for i, f := range frames {
			if got := float64(m.Process(&s, f)); math.Abs(got-want[i]) > 1e-5 {
				t.Errorf("frame %d: probability %.7f: the reference has %.7f", i, got, want[i])
			}
		}
		for i := range s.h {
			if math.Abs(float64(s.h[i])-ref.h[i]) > 1e-4 || math.Abs(float64(s.c[i])-ref.c[i]) > 1e-4*(1+math.Abs(ref.c[i])) {
				t.Errorf("unit %d: h, c = %g, %g: the reference has %g, %g", i, s.h[i], s.c[i], ref.h[i], ref.c[i])
			}
		}
	})
}

// TestKernels compares every kernel with the portable one on products of odd shapes.
func TestKernels(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, k := range kernels()[1:] {
		for _, positions := range []int{1, 2, 4} {
			for _, inputs := range []int{1, 2, 3, 7, 64, 65, 387} {
				t.Run(fmt.Sprintf("%s/%dx%d", k.name, positions, inputs), func(t *testing.T) { checkKernel(t, k, rng, positions, inputs) })
			}
		}
	}
}

func checkKernel(t *testing.T, k *kernel, rng *rand.Rand, positions, inputs int) {
	const outputs, guard = 128, 1e9
	matrix, x := random(rng, outputs*(inputs+1)), random(rng, inputs+3*5)
	bias := func(out int) float32 { return matrix[out] }
	weight := func(out, in int) float32 { return matrix[outputs+out*inputs+in] }
	for _, floor := range []float32{0, float32(math.Inf(-1))} {
		var results [2][]float32
		for i, kk := range []*kernel{&portable, k} {
			dst := make([]float32, positions*(outputs+3))
			for j := range dst {
				dst[j] = guard
			}
			b := newBank(kk, positions, inputs, outputs, bias, weight)
			b.apply(dst, outputs+3, x, 5, floor)
			results[i] = dst
		}
		for j, want := range results[0] {
			if got := results[1][j]; math.Abs(float64(got-want)) > 1e-6*math.Sqrt(float64(inputs+8))*4 {
				t.Fatalf("sum %d, floor %g: %g: the portable kernel has %g", j, floor, got, want)
			}
		}
	}
}

func random(rng *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	return x
}

// TestBasis holds the symmetries that the folded transform relies on.
func TestBasis(t *testing.T) {
	basis := readWeights(weightFile).basis
	for k := range bins {
		for n := range window {
			shape := 0.5 - 0.5*math.Cos(2*math.Pi*float64(n)/window)
			sin, cos := math.Sincos(2 * math.Pi * float64(k*n%window) / window)
			re, im := float64(basis[k*window+n]), float64(basis[(bins+k)*window+n])
			if math.Abs(re-shape*cos) > 1e-7 || math.Abs(im+shape*sin) > 1e-7 {
				t.Fatalf("basis of bin %d, sample %d is %g, %g: expected %g, %g", k, n, re, im, shape*cos, -shape*sin)
			}
		}
	}
}

// TestProvenance holds the embedded file to the sum that weights/README.md states.
func TestProvenance(t *testing.T) {
	text, err := os.ReadFile("weights/README.md")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(weightFile)
	if hash := hex.EncodeToString(sum[:]); !strings.Contains(string(text), hash) {
		t.Errorf("weights/README.md doesn't state the sum %s of the weights", hash)
	}
	if n := len(weightFile) / 4; n != 309_633 {
		t.Errorf("%d weights: expected 309,633", n)
	}
}

func TestFrameLength(t *testing.T) {
	m, frame := Default(), noise(FrameLen+10)
	for _, c := range []struct{ got, same []float32 }{
		{frame, frame[:FrameLen]},
		{frame[:100], append(append([]float32{}, frame[:100]...), make([]float32, FrameLen-100)...)},
		{nil, make([]float32, FrameLen)},
	} {
		var s, want State
		p, q := m.Process(&s, c.got), m.Process(&want, c.same)
		if p != q || s != want {
			t.Errorf("a frame of %d samples gives %g: expected %g", len(c.got), p, q)
		}
	}
}

func TestHostileSamples(t *testing.T) {
	bad := map[string]float32{
		"NaN": float32(math.NaN()), "infinity": float32(math.Inf(1)), "largest": math.MaxFloat32, "denormal": math.SmallestNonzeroFloat32,
	}
	eachKernel(t, func(t *testing.T, m *Model) {
		for name, v := range bad {
			var s, fresh State
			frame := noise(FrameLen)
			frame[FrameLen/2] = v
			if p := m.Process(&s, frame); !(p >= 0 && p <= 1) {
				t.Errorf("%s: probability %g", name, p)
			}
			good := noise(FrameLen)
			for range 3 { // the context may still hold it once
				m.Process(&s, good)
				m.Process(&fresh, good)
			}
			if p := m.Process(&s, good); !(p >= 0 && p <= 1) {
				t.Errorf("%s: probability %g after good frames", name, p)
			}
		}
	})
}

// TestSpoiledSamplesCountAsZero holds what Process says of samples that no filter should see.
func TestSpoiledSamplesCountAsZero(t *testing.T) {
	spoiled := []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), 1e-40}
	eachKernel(t, func(t *testing.T, m *Model) {
		for _, v := range spoiled {
			var got, want State
			bad, zero := noise(FrameLen), noise(FrameLen)
			for i := 7; i < FrameLen; i += 50 {
				bad[i], zero[i] = v, 0
			}
			for i := range 3 {
				if p, q := m.Process(&got, bad), m.Process(&want, zero); p != q {
					t.Errorf("%g, frame %d: probability %g, with zeros %g", v, i, p, q)
				}
			}
			if got != want || bad[7] == 0 {
				t.Errorf("%g: another state than with zeros, or the caller's samples were changed", v)
			}
		}
	})
}

func TestConcurrentStreams(t *testing.T) {
	g := loadGolden(t)[1]
	frames := g.frames(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			var s State
			for i, f := range frames {
				if p := Default().Process(&s, f); math.Abs(float64(p-g.Probabilities[i])) > 1e-5 {
					t.Errorf("frame %d: %g: expected %g", i, p, g.Probabilities[i])
				}
			}
		})
	}
	wg.Wait()
}

func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes sync.Pool allocate")
	}
	m, frame := Default(), noise(FrameLen)
	var s State
	if n := testing.AllocsPerRun(100, func() { m.Process(&s, frame) }); n != 0 {
		t.Errorf("%g allocations a frame: expected none", n)
	}
}

func BenchmarkProcess(b *testing.B) {
	frames := loadGolden(b)[1].frames(b)
	for _, k := range kernels() {
		b.Run(k.name, func(b *testing.B) {
			m := newModel(readWeights(weightFile), k)
			var s State
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				m.Process(&s, frames[i%len(frames)])
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N), "us/frame")
		})
	}
}

func BenchmarkLayOut(b *testing.B) {
	for b.Loop() {
		newModel(readWeights(weightFile), &portable)
	}
}
