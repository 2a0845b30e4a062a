package pcm

import (
	"math"
	"testing"
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

func BenchmarkDecode(b *testing.B) {
	each(b, func(p [][]float32, w []byte, e Encoding) { Decode(p, w, e) })
}
func BenchmarkEncode(b *testing.B) {
	each(b, func(p [][]float32, w []byte, e Encoding) { Encode(w, p, e) })
}

func each(b *testing.B, f func(planar [][]float32, wire []byte, enc Encoding)) {
	for _, enc := range encodings {
		for _, channels := range []int{1, 2, 6} {
			b.Run(enc.String()+"/"+string(rune('0'+channels))+"ch", func(b *testing.B) {
				planar, wire := tone(channels), make([]byte, second*enc.Bytes())
				Encode(wire, planar, enc)
				b.ReportAllocs()
				for b.Loop() {
					f(planar, wire, enc)
				}
			})
		}
	}
}

func BenchmarkConvert(b *testing.B) {
	wire, out := make([]byte, second*4), make([]byte, second*4)
	Encode(wire, tone(1), F32)
	for _, from := range encodings {
		for _, to := range encodings {
			src := make([]byte, second*from.Bytes())
			Convert(src, wire, from, F32)
			b.Run(from.String()+"-"+to.String(), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					Convert(out, src, to, from)
				}
			})
		}
	}
}

func BenchmarkSanitize(b *testing.B) {
	x := tone(1)[0]
	b.Run("clean", func(b *testing.B) {
		for b.Loop() {
			Sanitize(x)
		}
	})
	b.Run("plain", func(b *testing.B) {
		for b.Loop() {
			sanitizePlain(x)
		}
	})
}

func BenchmarkDither(b *testing.B) {
	p, w, d := tone(1), make([]byte, second*2), NewDither(1)
	for b.Loop() {
		d.Encode(w, p, I16)
	}
}
