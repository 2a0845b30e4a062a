package resample

import (
	"math"
	"slices"
	"testing"
)

// TestKernelsAgree compares every kernel with the portable one on tiles of all
// shapes, at all alignments, and checks that it writes nothing else.
func TestKernelsAgree(t *testing.T) {
	t.Parallel()
	for _, k := range kernels() {
		t.Log("kernel", k.name)
		for rows := rowStep; rows <= 200; rows += 7 * rowStep {
			for periods := range 20 {
				for _, step := range []int{0, 1, 24, 147} {
					agree(t, k, rows, periods, step)
				}
			}
		}
	}
}

func agree(t *testing.T, k *kernel, rows, periods, step int) {
	t.Helper()
	const offset, gap = 3, 5
	taps, x := noise(offset+rows*lanes, 1)[offset:], noise(offset+rows+step*periods, 2)[offset:]
	size := offset + periods*(lanes+gap) + 1
	want, got := noise(size, 3), noise(size, 3)
	portable.tile(want[offset:], lanes+gap, taps, rows, x, step, periods)
	k.tile(got[offset:], lanes+gap, taps, rows, x, step, periods)
	for i := range want {
		if d := math.Abs(float64(want[i] - got[i])); d > 2e-7*float64(rows) {
			t.Fatalf("%s, %d rows, %d periods, step %d: output %d is %g, want %g", k.name, rows, periods, step, i-offset, got[i], want[i])
		}
	}
}

func TestCubicKernelsAgree(t *testing.T) {
	t.Parallel()
	points := make([]point, 40)
	for i := range points {
		points[i] = point{taps: int32(i * 7), x: int32(i * 3), mu: float32(i) / 40}
	}
	for _, k := range kernels() {
		for rows := 0; rows <= 96; rows += cubicStep {
			taps, x := noise(1+4*rows+7*40, 1)[1:], noise(1+rows+3*40, 2)[1:]
			want, got := noise(42, 3), noise(42, 3)
			portable.cubic(want[1:], points, taps, rows, x)
			k.cubic(got[1:], points, taps, rows, x)
			if d := distance(want, got); d > 5e-7*float64(rows) {
				t.Errorf("%s, %d rows: off the portable kernel by %g", k.name, rows, d)
			}
		}
	}
}

// TestKernelsWithinAMillionth compares whole conversions of full-scale audio.
func TestKernelsWithinAMillionth(t *testing.T) {
	t.Parallel()
	for _, p := range pairs {
		for q := Low; q <= VeryHigh; q++ {
			f, err := NewFilter(p[0], p[1], q)
			if err != nil {
				t.Fatal(err)
			}
			x := [][]float32{noise(f.Latency()+5000, 8)}
			want := feed(t, newResampler(f, 1, &portable), x, whole)[0]
			for _, k := range kernels()[1:] {
				got := feed(t, newResampler(f, 1, k), x, whole)[0]
				if d := distance(got, want); d > 1e-6 {
					t.Errorf("%s, %d to %d Hz, %v: off the portable kernel by %g", k.name, p[0], p[1], q, d)
				}
			}
		}
	}
}

// TestTapsAreSymmetric checks the linear phase in the tables: the phases n and
// -n mirror each other.
func TestTapsAreSymmetric(t *testing.T) {
	t.Parallel()
	b := designFilter(filterKey{reduce(48000, 44100), High}).banks[0]
	row := func(n int64) []float32 {
		g := n / lanes
		taps := make([]float32, 2*b.half)
		for k := range taps {
			taps[k] = b.taps[(g*b.rows+b.first(n)-b.starts[g]+int64(k))*lanes+n%lanes]
		}
		return taps
	}
	for n := int64(1); n < b.up; n++ {
		mirror := row(b.up - n)
		slices.Reverse(mirror)
		if d := distance(row(n), mirror); d > 1e-7 {
			t.Errorf("phases %d and %d differ by %g", n, b.up-n, d)
		}
	}
}
