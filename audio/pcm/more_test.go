package pcm

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
)

func TestSanitize(t *testing.T) {
	t.Parallel()
	nan, inf := float32(math.NaN()), float32(math.Inf(-1))
	in := []float32{0.5, nan, inf, -inf, 1e-31, -1e-40, 1e-30, 1.0001e-30, -0.25, 0, math.MaxFloat32, 9.9e-31}
	want := []float32{0.5, 0, 0, 0, 0, 0, 1e-30, 1.0001e-30, -0.25, 0, math.MaxFloat32, 0}
	if in[6] < tiny { // 1e-30 as a float32 lies just above or below the limit
		want[6] = 0
	}
	n := 0
	for i := range in {
		if in[i] != want[i] {
			n++
		}
	}
	if got := Sanitize(in); got != n {
		t.Errorf("replaced %d, want %d", got, n)
	}
	for i := range in {
		if in[i] != want[i] {
			t.Errorf("sample %d is %v, want %v", i, in[i], want[i])
		}
	}
}

func TestSanitizeFindsASingleBadSample(t *testing.T) {
	t.Parallel()
	const n = 2*blockLen + 5
	clean := make([]float32, n)
	for i := range clean {
		clean[i] = float32(i%7) * 0.1 * float32(1-2*(i%2)) // zeros of both signs and values
	}
	bad := []float32{float32(math.NaN()), -float32(math.NaN()), float32(math.Inf(1)), 1e-39, -1e-39, 9.99e-31, math.SmallestNonzeroFloat32}
	for _, at := range []int{0, 6, 8, blockLen - 1, blockLen, 2 * blockLen, n - 1} {
		for _, v := range bad {
			x := append([]float32(nil), clean...)
			x[at] = v
			if got := Sanitize(x); got != 1 || x[at] != 0 {
				t.Fatalf("%v at %d: replaced %d and left %v, want 1 and 0", v, at, got, x[at])
			}
		}
	}
	if got := Sanitize(append([]float32(nil), clean...)); got != 0 {
		t.Errorf("clean audio: replaced %d, want 0", got)
	}
}

func TestSanitizeMatchesPlain(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(7, 8))
	for range 300 {
		x := hostile(rng, rng.IntN(40))
		want := append([]float32(nil), x...)
		wantN := sanitizePlain(want)
		if got := Sanitize(x); got != wantN {
			t.Fatalf("replaced %d, want %d", got, wantN)
		}
		for i := range x {
			if math.Float32bits(x[i]) != math.Float32bits(want[i]) {
				t.Fatalf("sample %d is %v, want %v", i, x[i], want[i])
			}
		}
	}
}

func TestPackedForms(t *testing.T) {
	t.Parallel()
	shorts := make([]byte, 6)
	if n := U8ToI16(shorts, []byte{0, 128, 255}); n != 3 || !bytes.Equal(shorts, []byte{0, 0x80, 0, 0, 0, 0x7f}) {
		t.Errorf("U8ToI16: %d, %v", n, shorts)
	}
	ints := make([]byte, 8)
	if n := I24ToI32(ints, []byte{1, 2, 0x83, 4, 5, 6, 7}); n != 2 || !bytes.Equal(ints, []byte{0, 1, 2, 0x83, 0, 4, 5, 6}) {
		t.Errorf("I24ToI32: %d, %v", n, ints)
	}
	clip := binary.LittleEndian.AppendUint32(nil, 0x7fffff80) // half a step above the largest 24-bit value
	out := make([]byte, 3)
	if n := I32ToI24(out, clip); n != 1 || !bytes.Equal(out, []byte{0xff, 0xff, 0x7f}) {
		t.Errorf("I32ToI24 at the limit: %d clipped, %v", n, out)
	}
	if n := I16ToU8(out, []byte{0x80, 0x7f, 0xff, 0x7f}); n != 1 || out[0] != 255 || out[1] != 255 {
		t.Errorf("I16ToU8 at the limit: %d clipped, %d", n, out[:2])
	}
	double := binary.LittleEndian.AppendUint64(nil, math.Float64bits(-0.1))
	single := make([]byte, 4)
	if n := F64ToF32(single, double); n != 1 || math.Float32frombits(binary.LittleEndian.Uint32(single)) != -0.1 {
		t.Errorf("F64ToF32: %d, %v", n, single)
	}
}

func TestPackedFormsSurviveARoundTrip(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(9, 10))
	raw := make([]byte, 24*100)
	for i := range raw {
		raw[i] = byte(rng.Uint32())
	}
	for _, tc := range []struct {
		name         string
		size, native int
		widen        func(dst, src []byte) int
		narrow       func(dst, src []byte) int
	}{{"8 bits", 1, 2, U8ToI16, I16ToU8}, {"24 bits", 3, 4, I24ToI32, I32ToI24}, {"floats", 4, 8, F32ToF64, func(d, s []byte) int { F64ToF32(d, s); return 0 }}} {
		wide, back := make([]byte, len(raw)/tc.size*tc.native), make([]byte, len(raw))
		in := raw
		if tc.size == 4 { // finite floats: NaNs may change their payload
			in = make([]byte, len(raw))
			Encode(in, [][]float32{hostileFinite(rng, len(raw)/4)}, F32)
		}
		tc.widen(wide, in)
		if n := tc.narrow(back, wide); n != 0 || !bytes.Equal(back, in) {
			t.Errorf("%s: %d clipped, want 0; identical: %v", tc.name, n, bytes.Equal(back, in))
		}
	}
}

func hostileFinite(rng *rand.Rand, n int) []float32 {
	x := hostile(rng, n)
	for i, v := range x {
		if v != v || math.IsInf(float64(v), 0) {
			x[i] = 0
		}
	}
	return x
}

func TestDitherDependsOnTheSeedAlone(t *testing.T) {
	t.Parallel()
	src := planes(2, 3000)
	for i := range src[0] {
		src[0][i], src[1][i] = 0.3*float32(math.Sin(float64(i)/9)), 0.4/32768
	}
	whole := make([]byte, 4*3000)
	NewDither(5).Encode(whole, src, I16)
	parts, d := make([]byte, len(whole)), NewDither(5)
	for start := 0; start < 3000; start += 77 {
		end := min(start+77, 3000)
		d.Encode(parts[4*start:], [][]float32{src[0][start:end], src[1][start:end]}, I16)
	}
	if !bytes.Equal(whole, parts) {
		t.Error("the noise depends on how the audio is cut")
	}
	wire, converted := make([]byte, 8*3000), make([]byte, len(whole))
	Encode(wire, src, F32)
	if NewDither(5).Convert(converted, wire, I16, F32); !bytes.Equal(whole, converted) {
		t.Error("Convert and Encode dither differently")
	}
	if NewDither(6).Encode(parts, src, I16); bytes.Equal(whole, parts) {
		t.Error("another seed gives the same noise")
	}
}

// TestDitherIsTriangular checks what TPDF is for: the mean of the output is the input even between two steps, and the
// variance of the error (1/6 for the noise and 1/12 for the rounding) doesn't depend on the signal.
func TestDitherIsTriangular(t *testing.T) {
	t.Parallel()
	const n = 200000
	for _, level := range []float64{0, 0.25, 0.5, 0.9, -3.3} {
		src := make([]float32, n)
		for i := range src {
			src[i] = float32(level / 32768)
		}
		out := make([]byte, 2*n)
		NewDither(11).Encode(out, [][]float32{src}, I16)
		var sum, squares float64
		for i := range n {
			e := float64(int16(binary.LittleEndian.Uint16(out[2*i:]))) - level
			sum, squares = sum+e, squares+e*e
		}
		if mean := sum / n; math.Abs(mean) > 0.01 {
			t.Errorf("level %v: mean error %.4f, want 0", level, mean)
		}
		if variance := squares / n; math.Abs(variance-0.25) > 0.01 {
			t.Errorf("level %v: variance %.4f, want 0.25", level, variance)
		}
	}
}

func TestDitherLeavesLosslessConversionsAlone(t *testing.T) {
	t.Parallel()
	src, d := all16(), NewDither(1)
	for _, to := range encodings {
		got, want := make([]byte, 2*len(src)), make([]byte, 2*len(src))
		d.Convert(got, src, to, I16)
		Convert(want, src, to, I16)
		if !bytes.Equal(got, want) {
			t.Errorf("i16 to %v is dithered", to)
		}
	}
	wide, back := make([]byte, 2*len(src)), make([]byte, len(src))
	Convert(wide, src, I32, I16)
	if d.Convert(back, wide, I16, I32); bytes.Equal(back, src) {
		t.Error("i32 to i16 isn't dithered")
	}
}
