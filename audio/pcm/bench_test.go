package pcm

import (
	"math"
	"slices"
	"strconv"
	"testing"
	"time"
)

// One second of 44.1 kHz, as in docs on performance.
const second = 44100

func tone(channels int) [][]float32 {
	p := planes(channels, second/channels)
	for c := range p {
		for i := range p[c] {
			p[c][i] = 0.9 * float32(math.Sin(float64(i)*0.0626))
		}
	}
	return p
}

// BenchmarkAgainstMemmove compares every conversion with copy, interleaved in one run. The yardstick is bytes read plus
// bytes written per second: a conversion that reads r and writes w bytes is set against a copy of (r+w)/2 bytes, both
// in buffers of one second of 44.1 kHz that stay in the cache. The metric x-memmove is the median of the rounds' ratios
// of speed; 1 is as fast as copy.
func BenchmarkAgainstMemmove(b *testing.B) {
	for _, enc := range encodings {
		for _, channels := range []int{1, 2, 3, 4, 5, 6, 7, 8} {
			name := enc.String() + "/" + strconv.Itoa(channels) + "ch"
			planar := tone(channels)
			wire := make([]byte, second/channels*channels*enc.Bytes())
			Encode(wire, planar, enc)
			moved := len(wire) + 4*second
			b.Run("decode/"+name, func(b *testing.B) { against(b, moved, func() { Decode(planar, wire, enc) }) })
			b.Run("encode/"+name, func(b *testing.B) { against(b, moved, func() { Encode(wire, planar, enc) }) })
		}
	}
	floats := make([]byte, second*4)
	Encode(floats, tone(1), F32)
	for _, from := range encodings {
		src := make([]byte, second*from.Bytes())
		Convert(src, floats, from, F32)
		for _, to := range encodings {
			dst := make([]byte, second*to.Bytes())
			b.Run("convert/"+from.String()+"-"+to.String(), func(b *testing.B) {
				against(b, len(src)+len(dst), func() { Convert(dst, src, to, from) })
			})
		}
	}
	narrow, wide := make([]byte, second*3), make([]byte, second*4)
	Convert(wide, floats, I32, F32)
	I32ToI24(narrow, wide)
	b.Run("packed/i24-i32", func(b *testing.B) { against(b, 7*second, func() { I24ToI32(wide, narrow) }) })
	b.Run("packed/i32-i24", func(b *testing.B) { against(b, 7*second, func() { I32ToI24(narrow, wide) }) })
	doubles, bytes := make([]byte, second*8), make([]byte, second)
	F32ToF64(doubles, floats)
	b.Run("packed/f32-f64", func(b *testing.B) { against(b, 12*second, func() { F32ToF64(doubles, floats) }) })
	b.Run("packed/f64-f32", func(b *testing.B) { against(b, 12*second, func() { F64ToF32(floats, doubles) }) })
	b.Run("packed/u8-i16", func(b *testing.B) { against(b, 3*second, func() { U8ToI16(wide, bytes) }) })
	b.Run("packed/i16-u8", func(b *testing.B) { against(b, 3*second, func() { I16ToU8(bytes, wide) }) })
	clean := tone(1)[0]
	b.Run("sanitize", func(b *testing.B) { against(b, 4*second, func() { Sanitize(clean) }) })
	b.Run("isclean", func(b *testing.B) { against(b, 4*second, func() { IsClean(clean) }) })
}

func against(b *testing.B, moved int, f func()) {
	const calls = 20 // per timing, so that reading the clock doesn't count
	dst, src := make([]byte, moved/2), make([]byte, moved/2)
	ours, copies := make([]float64, 0, b.N), make([]float64, 0, b.N)
	measure := func(f func()) float64 {
		start := time.Now()
		for range calls {
			f()
		}
		return float64(time.Since(start)) / calls
	}
	for b.Loop() {
		ours = append(ours, measure(f))
		copies = append(copies, measure(func() { copy(dst, src) }))
	}
	ratios := make([]float64, len(ours))
	for i := range ratios {
		ratios[i] = copies[i] / ours[i]
	}
	slices.Sort(ours)
	slices.Sort(copies)
	slices.Sort(ratios)
	b.ReportMetric(ours[len(ours)/2]/1000, "us/s-of-audio")
	b.ReportMetric(copies[len(copies)/2]/1000, "us/memmove")
	b.ReportMetric(ratios[len(ratios)/2], "x-memmove")
	b.ReportMetric(0, "ns/op")
}

func BenchmarkDither(b *testing.B) {
	p, w, d := tone(1), make([]byte, second*2), NewDither(1)
	b.ReportAllocs()
	for b.Loop() {
		d.Encode(w, p, I16)
	}
}
