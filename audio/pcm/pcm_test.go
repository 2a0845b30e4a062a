package pcm

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"testing"
)

var encodings = []Encoding{F32, I16, I32}

func planes(channels, frames int) [][]float32 {
	p := make([][]float32, channels)
	for c := range p {
		p[c] = make([]float32, frames)
	}
	return p
}

// shapes are channel counts and lengths around the borders of vectors.
func shapes(f func(channels, frames int)) {
	for _, channels := range []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 64, 65} {
		for _, frames := range []int{0, 1, 7, 8, 15, 16, 17, 33, 48, 63, 64, 65, 1111/channels + 1} {
			f(channels, frames)
		}
	}
}

// eachKernel yields every kernel with the numbers below n.
func eachKernel(n int) iter.Seq2[int, *kernel] {
	return func(yield func(int, *kernel) bool) {
		for _, k := range kernels() {
			for i := range n {
				if !yield(i, k) {
					return
				}
			}
		}
	}
}

func TestDecodeMatchesReference(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for _, enc := range encodings {
		shapes(func(channels, frames int) {
			src := make([]byte, channels*frames*enc.Bytes())
			for i := range src {
				src[i] = byte(rng.Uint32())
			}
			for n, k := range eachKernel(4) {
				dst := planes(channels, frames)
				if got := k.decode(dst, misalign(src, n), enc); got != frames {
					t.Fatalf("%s %v %d channels: %d frames, want %d", k.name, enc, channels, got, frames)
				}
				for i := range frames {
					for c := range channels {
						want := referenceSample(src, i*channels+c, enc)
						if got := math.Float32bits(dst[c][i]); got != want {
							t.Fatalf("%s %v %d channels offset %d: frame %d channel %d is %#x, want %#x", k.name, enc, channels, n, i, c, got, want)
						}
					}
				}
			}
		})
	}
}

func TestEncodeMatchesReference(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	for _, enc := range encodings {
		shapes(func(channels, frames int) {
			src := planes(channels, frames)
			for c := range src {
				src[c] = hostile(rng, frames)
			}
			want, wantClipped := referenceEncode(src, frames, enc)
			for offset, k := range eachKernel(4) {
				dst := misalign(make([]byte, len(want)), offset)
				clipped := k.encode(dst, src, enc)
				if clipped != wantClipped {
					t.Errorf("%s %v %dx%d offset %d: %d clipped, want %d", k.name, enc, channels, frames, offset, clipped, wantClipped)
				}
				if !bytes.Equal(dst, want) {
					t.Fatalf("%s %v %dx%d offset %d: bytes differ from the reference", k.name, enc, channels, frames, offset)
				}
			}
		})
	}
}

func TestSampleValues(t *testing.T) {
	t.Parallel()
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, tc := range []struct {
		in      float32
		i16     int16
		i32     int32
		clip16  int
		clip32  int
		because string
	}{
		{0.5, 16384, 1 << 30, 0, 0, "x32768, not x32767"},
		{1, 32767, math.MaxInt32, 1, 1, "saturates at full scale"},
		{-1, -32768, math.MinInt32, 0, 0, "negative full scale fits"},
		{1.5, 32767, math.MaxInt32, 1, 1, "saturates"},
		{-1.5, -32768, math.MinInt32, 1, 1, "saturates"},
		{0.5 / 32768, 0, 32768, 0, 0, "a half goes to the even 0"},
		{1.5 / 32768, 2, 98304, 0, 0, "a half goes to the even 2"},
		{-0.5 / 32768, 0, -32768, 0, 0, "a half goes to the even 0"},
		{-2.5 / 32768, -2, -163840, 0, 0, "a half goes to the even -2"},
		{-32768.5 / 32768, -32768, math.MinInt32, 0, 1, "rounds to the limit of 16 bits, no clipping"},
		{nan, 0, 0, 0, 0, "NaN is silence"},
		{inf, 32767, math.MaxInt32, 1, 1, "infinity saturates"},
		{-inf, -32768, math.MinInt32, 1, 1, "infinity saturates"},
	} {
		// Once alone (the scalar tail of the kernels), once many (the vectors).
		for _, n := range []int{1, 37} {
			in := make([]float32, n)
			for i := range in {
				in[i] = tc.in
			}
			short, long := make([]byte, 2*n), make([]byte, 4*n)
			if got := Encode(short, [][]float32{in}, I16); got != tc.clip16*n {
				t.Errorf("%v to i16: %d clipped, want %d: %s", tc.in, got, tc.clip16*n, tc.because)
			}
			if got := Encode(long, [][]float32{in}, I32); got != tc.clip32*n {
				t.Errorf("%v to i32: %d clipped, want %d: %s", tc.in, got, tc.clip32*n, tc.because)
			}
			for i := range n {
				if got := int16(binary.LittleEndian.Uint16(short[2*i:])); got != tc.i16 {
					t.Fatalf("%v to i16 is %d, want %d: %s", tc.in, got, tc.i16, tc.because)
				}
				if got := int32(binary.LittleEndian.Uint32(long[4*i:])); got != tc.i32 {
					t.Fatalf("%v to i32 is %d, want %d: %s", tc.in, got, tc.i32, tc.because)
				}
			}
		}
	}
}

// all16 returns every 16-bit sample.
func all16() []byte {
	var b []byte
	for v := math.MinInt16; v <= math.MaxInt16; v++ {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	return b
}

func TestAll16BitValuesSurvive(t *testing.T) {
	t.Parallel()
	src := all16()
	for _, via := range []Encoding{F32, I32} {
		wide, back := make([]byte, 2*len(src)), make([]byte, len(src))
		if n := Convert(wide, src, via, I16) + Convert(back, wide, I16, via); n != 0 {
			t.Errorf("via %v: %d clipped, want 0", via, n)
		}
		if !bytes.Equal(back, src) {
			t.Errorf("i16 to %v to i16 isn't the identity", via)
		}
	}
	planar, back := planes(2, len(src)/4), make([]byte, len(src))
	Decode(planar, src, I16)
	Encode(back, planar, I16)
	if !bytes.Equal(back, src) {
		t.Error("i16 to planar floats and back isn't the identity")
	}
}

func TestConvertMatchesDecodeAndEncode(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 6))
	const n = 2*blockLen + 13
	floats := hostile(rng, n)
	for _, from := range encodings {
		src, _ := referenceEncode([][]float32{floats}, n, from)
		for _, to := range encodings {
			if from == I32 && to != F32 {
				continue // more precise than by way of floats
			}
			planar := planes(1, n)
			Decode(planar, src, from)
			want := make([]byte, n*to.Bytes())
			wantClipped := Encode(want, planar, to)
			got := make([]byte, len(want))
			if clipped := Convert(got, misalign(src, 1), to, from); clipped != wantClipped || !bytes.Equal(got, want) {
				t.Errorf("%v to %v: %d clipped, want %d; equal bytes: %v", from, to, clipped, wantClipped, bytes.Equal(got, want))
			}
		}
	}
}

func TestIntsToShortsRoundsHalfToEven(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		in      int32
		want    int16
		clipped int
	}{
		{0, 0, 0}, {0x8000, 0, 0}, {0x8001, 1, 0}, {0x18000, 2, 0}, {0x17fff, 1, 0}, {-0x8000, 0, 0}, {-0x8001, -1, 0},
		{-0x18000, -2, 0}, {math.MaxInt32, 32767, 1}, {0x7fff7fff, 32767, 0}, {0x7fff8000, 32767, 1}, {math.MinInt32, -32768, 0},
	} {
		src, dst := binary.LittleEndian.AppendUint32(nil, uint32(tc.in)), make([]byte, 2)
		clipped := Convert(dst, src, I16, I32)
		if got := int16(binary.LittleEndian.Uint16(dst)); got != tc.want || clipped != tc.clipped {
			t.Errorf("%#x is %d with %d clipped, want %d with %d", tc.in, got, clipped, tc.want, tc.clipped)
		}
	}
}

func TestShortSidesConvertWholeFramesOnly(t *testing.T) {
	t.Parallel()
	src := make([]byte, 11) // 2 frames of stereo i16 and 3 bytes
	dst := [][]float32{{9, 9, 9}, {9, 9, 9}}
	if got := Decode(dst, src, I16); got != 2 || dst[0][2] != 9 {
		t.Errorf("decoded %d frames, want 2 and the third untouched (%v)", got, dst[0])
	}
	if got := Decode([][]float32{{0, 0}, {0}}, src, I16); got != 1 {
		t.Errorf("decoded %d frames into a channel of one, want 1", got)
	}
	out := []byte{7, 7, 7, 7, 7, 7, 7}
	Encode(out, [][]float32{{0, 0}, {0, 0}}, I16)
	if want := []byte{0, 0, 0, 0, 7, 7, 7}; !bytes.Equal(out, want) {
		t.Errorf("encoded %v, want %v", out, want)
	}
	for _, enc := range []Encoding{0, 4, 255} {
		if Decode(dst, src, enc) != 0 || Encode(out, dst, enc) != 0 || Convert(out, src, enc, I16) != 0 {
			t.Errorf("%v converts something", enc)
		}
	}
	if Decode(nil, src, I16) != 0 || Encode(out, nil, I16) != 0 {
		t.Error("no channels convert something")
	}
}

func TestNoAllocations(t *testing.T) {
	for _, channels := range []int{1, 2, 3, 6} {
		wire, back := make([]byte, channels*5000*4), make([]byte, channels*5000*4)
		for _, enc := range encodings {
			n := testing.AllocsPerRun(20, func() {
				var planar [6][]float32 // a caller's list of channels stays on its stack
				for c := range channels {
					planar[c] = heap[c][:]
				}
				Decode(planar[:channels], wire, enc)
				Encode(wire, planar[:channels], enc)
				Convert(back, wire, I16, enc)
				I32ToI24(back, wire)
				Sanitize(planar[0])
				IsClean(planar[0])
			})
			if n != 0 {
				t.Errorf("%v, %d channels: %v allocations per run, want 0", enc, channels, n)
			}
		}
	}
}

var heap [6][5000]float32

func TestEncodingNames(t *testing.T) {
	t.Parallel()
	for _, enc := range encodings {
		if got, err := Parse(fmt.Sprint(enc)); err != nil || got != enc {
			t.Errorf("Parse(%q) = %v, %v", enc.String(), got, err)
		}
	}
	if got, err := Parse("S16LE"); err != nil || got != I16 {
		t.Errorf("Parse(S16LE) = %v, %v", got, err)
	}
	if _, err := Parse("mp3"); err == nil || err.Error() != `unknown sample encoding "mp3": expected f32, i16 or i32` {
		t.Errorf("Parse(mp3): %v", err)
	}
	if got := Encoding(9).String(); got != "encoding(9)" {
		t.Errorf("Encoding(9) is %q", got)
	}
	if F32 != 1 || I16 != 2 || I32 != 3 {
		t.Error("the values differ from AudioFormat on the wire")
	}
}

func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte("some bytes that are samples"), uint8(2), uint8(1))
	f.Add([]byte{0, 0, 0x80, 0x7f, 0, 0, 0xc0, 0x7f, 1}, uint8(1), uint8(0))
	f.Add(bytes.Repeat([]byte{0xff, 0x7f}, 3000), uint8(3), uint8(3))
	f.Fuzz(func(t *testing.T, data []byte, channels, offset uint8) {
		data = misalign(data, int(offset%8))
		n := int(channels)
		for _, enc := range encodings {
			frames := 0
			if n > 0 {
				frames = len(data) / enc.Bytes() / n
			}
			planar := planes(n, frames)
			if got := Decode(planar, data, enc); got != frames {
				t.Fatalf("%v: %d frames, want %d", enc, got, frames)
			}
			back := misalign(make([]byte, frames*n*enc.Bytes()), int(offset%8))
			Encode(back, planar, enc)
			if enc != I32 && !bytes.Equal(back, data[:len(back)]) {
				t.Fatalf("%v with %d channels isn't lossless", enc, n)
			}
			for c := range planar {
				if Sanitize(planar[c]); Sanitize(planar[c]) != 0 {
					t.Fatal("sanitizing twice replaces more")
				}
			}
		}
	})
}
