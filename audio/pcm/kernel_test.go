package pcm

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
)

// edges are the floats at which a conversion changes its mind, and their neighbours on both sides.
func edges() []float32 {
	var out []float32
	for _, v := range []float64{0, 1, -1, 32767.5 / 32768, -32768.5 / 32768, 32767.0 / 32768, 0.5 / 32768, 1.5 / 32768,
		2.5 / 32768, 0.5 / scale32, 1.5 / scale32, 1e-30, 65536, 1 << 31, math.MaxFloat32, math.Inf(1), math.NaN(),
		math.SmallestNonzeroFloat32, 0x1p-126, 0x1p-111, 0x1p-96} {
		for _, bits := range []uint32{math.Float32bits(float32(v)), math.Float32bits(float32(-v))} {
			for d := range uint32(5) {
				out = append(out, math.Float32frombits(bits+d-2)) // NaN with payloads, too
			}
		}
	}
	return out
}

// flats lists the flat conversions of a set.
func (k *kernel) flats() map[string]flatCase {
	cases := map[string]flatCase{
		"i24 to i32": {k.widen24, 3, 4}, "i32 to i24": {k.narrow24, 4, 3},
	}
	for _, to := range encodings {
		for _, from := range encodings {
			cases[from.String()+" to "+to.String()] = flatCase{k.flat[to][from], from.Bytes(), to.Bytes()}
		}
	}
	return cases
}

type flatCase struct {
	f        flat
	from, to int // bytes
}

// run converts src at an odd place and checks that nothing around the result is touched.
func (c flatCase) run(t *testing.T, name string, src []byte, offset int) (out []byte, clipped int) {
	t.Helper()
	const guard = 64
	n := len(src) / c.from
	room := bytes.Repeat([]byte{0xa5}, offset+guard+n*c.to+guard)[offset:]
	clipped = c.f(room[guard:guard+n*c.to:guard+n*c.to], misalign(src, offset)[:n*c.from])
	for i := range guard {
		if room[i] != 0xa5 || room[len(room)-1-i] != 0xa5 {
			t.Fatalf("%s of %d samples writes outside its destination", name, n)
		}
	}
	return room[guard : guard+n*c.to], clipped
}

// compareFlats runs all flat conversions of all sets on the same bytes.
func compareFlats(t *testing.T, data []byte, offset int) {
	t.Helper()
	for _, k := range kernels()[1:] {
		twins := portable.flats()
		for name, c := range k.flats() {
			want, wantClipped := twins[name].run(t, "portable "+name, data, offset)
			got, clipped := c.run(t, k.name+" "+name, data, offset)
			if clipped != wantClipped {
				t.Errorf("%s, %s, %d bytes: %d clipped, portable %d", k.name, name, len(data), clipped, wantClipped)
			}
			for i := range got {
				if got[i] != want[i] {
					i -= i % c.to
					at := i / c.to * c.from
					t.Fatalf("%s, %s: %x is %x, portable %x", k.name, name, data[at:at+c.from], got[i:i+c.to], want[i:i+c.to])
				}
			}
		}
	}
}

func floatBytes(x []float32) []byte {
	b := make([]byte, 0, 4*len(x))
	for _, v := range x {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

// TestKernelsAgreeOnAllShorts has every pair of bytes as a 16-bit sample, and as both halves of a 32-bit one: each
// rounding and each tie of 32 to 16 bits.
func TestKernelsAgreeOnAllShorts(t *testing.T) {
	t.Parallel()
	compareFlats(t, all16(), 1)
	var low, high, ties []byte
	for v := range 1 << 16 {
		low = binary.LittleEndian.AppendUint32(low, uint32(v)|0x7fff0000)
		high = binary.LittleEndian.AppendUint32(high, uint32(v)<<16|0x8000)
		ties = binary.LittleEndian.AppendUint32(ties, math.Float32bits((float32(v)-32768.5)/32768))
	}
	for offset, data := range [][]byte{low, high, ties} {
		compareFlats(t, data, offset)
	}
}

func TestKernelsAgreeOnEdges(t *testing.T) {
	t.Parallel()
	x := edges()
	for shift := range step + 1 { // each value in each lane, and in the end that is left to the portable kernel
		compareFlats(t, floatBytes(append(make([]float32, shift), x...)), shift)
	}
}

func TestKernelsAgreeOnAllLengths(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(21, 22))
	for n := range 6 * step {
		compareFlats(t, floatBytes(hostile(rng, n)), n%8)
	}
}

// TestKernelsAgreeOnAllExponents has a sample of the mantissas for every sign and exponent.
func TestKernelsAgreeOnAllExponents(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(23, 24))
	var data []byte
	for top := range uint32(512) {
		for range 64 {
			data = binary.LittleEndian.AppendUint32(data, top<<23|rng.Uint32()>>9)
		}
	}
	compareFlats(t, data, 3)
}

// compareLayouts separates and interleaves the same samples with all sets.
func compareLayouts(t *testing.T, data []byte, channels, offset int) {
	t.Helper()
	for _, k := range kernels()[1:] {
		for _, enc := range encodings {
			frames := len(data) / enc.Bytes() / channels
			src := misalign(data, offset)[:frames*channels*enc.Bytes()]
			want, got := planes(channels, frames), planes(channels, frames)
			portable.decode(want, src, enc)
			k.decode(got, src, enc)
			for c := range got {
				if !bytes.Equal(floatBytes(got[c]), floatBytes(want[c])) {
					t.Fatalf("%s, %v, %d channels, %d frames: channel %d differs from the portable kernel's", k.name, enc, channels, frames, c)
				}
			}
			compareEncoding(t, k, asFloats(data, channels), enc, offset)
		}
	}
}

// asFloats takes data as floats, whatever it is.
func asFloats(data []byte, channels int) [][]float32 {
	p := planes(channels, len(data)/4/channels)
	portable.decode(p, data, F32)
	return p
}

func compareEncoding(t *testing.T, k *kernel, planar [][]float32, enc Encoding, offset int) {
	t.Helper()
	const guard = 64
	size := len(planar) * len(planar[0]) * enc.Bytes()
	want, got := make([]byte, size), bytes.Repeat([]byte{0xa5}, offset+size+guard)[offset:]
	wantClipped := portable.encode(want, planar, enc)
	clipped := k.encode(got[:size:size], planar, enc)
	if clipped != wantClipped || !bytes.Equal(got[:size], want) {
		t.Fatalf("%s, %v, %d channels, %d frames: %d clipped, portable %d; equal bytes: %v", k.name, enc, len(planar), len(planar[0]), clipped, wantClipped, bytes.Equal(got[:size], want))
	}
	if !bytes.Equal(got[size:], bytes.Repeat([]byte{0xa5}, guard)) {
		t.Fatalf("%s, %v, %d channels, %d frames: writes behind its destination", k.name, enc, len(planar), len(planar[0]))
	}
}

func TestLayoutsAgree(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(25, 26))
	for channels := 1; channels <= 12; channels++ {
		for frames := range 4*step + 2 {
			compareLayouts(t, floatBytes(hostile(rng, channels*frames)), channels, frames%8)
		}
	}
}

func TestCleanKernelsAgree(t *testing.T) {
	t.Parallel()
	for _, k := range kernels() {
		for i, v := range edges() {
			x := make([]float32, i%(3*step)+1)
			at := i * 7 % len(x)
			x[at] = v
			want := sanitizePlain(append([]float32(nil), x...)) == 0
			if got := k.clean(x); got != want {
				t.Errorf("%s: %v (%#x) at %d of %d: clean is %v, want %v", k.name, v, math.Float32bits(v), at, len(x), got, want)
			}
		}
		if !k.clean(nil) {
			t.Errorf("%s: nothing isn't clean", k.name)
		}
	}
}

func FuzzKernelsAgree(f *testing.F) {
	f.Add(floatBytes(edges()), uint8(2), uint8(1))
	f.Add(all16()[:4000], uint8(3), uint8(2))
	f.Add([]byte{0xff, 0xff, 0x7f, 0x7f, 1}, uint8(1), uint8(3))
	f.Fuzz(func(t *testing.T, data []byte, channels, offset uint8) {
		offset %= 8
		compareFlats(t, data, int(offset))
		compareLayouts(t, data, int(channels)%70+1, int(offset))
		x := asFloats(data, 1)[0]
		want := sanitizePlain(append([]float32(nil), x...)) == 0
		for _, k := range kernels() {
			if got := k.clean(x); got != want {
				t.Fatalf("%s: clean is %v, want %v", k.name, got, want)
			}
		}
	})
}
