package dsp

import "testing"

// second is a second of mono audio at 44.1 kHz.
func second() []float32 { return noise(44_100, 1) }

func BenchmarkFilter(b *testing.B) {
	q, err := Design{Shape: Peaking, Rate: 44_100, Frequency: 1000, Q: 1, GainDB: 6}.Biquad()
	if err != nil {
		b.Fatal(err)
	}
	x, f := second(), NewFilter(q)
	dst := make([]float32, len(x))
	b.ReportAllocs()
	for b.Loop() {
		f.Process(dst, x)
	}
}

func BenchmarkLoudness(b *testing.B) {
	m := meter(b, 44_100, 1)
	x := [][]float32{second()}
	b.ReportAllocs()
	for b.Loop() {
		m.Process(x)
	}
}

func BenchmarkTruePeak(b *testing.B) {
	p, x := NewTruePeak(44_100), second()
	for b.Loop() {
		p.Process(x)
	}
}

func BenchmarkRMS(b *testing.B) {
	x := second()
	for b.Loop() {
		RMS(x)
	}
}

func BenchmarkPeak(b *testing.B) {
	x := second()
	for b.Loop() {
		Peak(x)
	}
}

func BenchmarkFFT1024(b *testing.B) {
	f, x := newFFT(b, 1024), second()
	shape, power := Hann.Periodic(1024), make([]float64, 513)
	for b.Loop() {
		f.Power(power, x[:1024], shape)
	}
}

// BenchmarkKernels runs the others on a second of stereo at 44.1 kHz, loud enough for dynamics to act.
func BenchmarkKernels(b *testing.B) {
	for name, make := range kernels(b) {
		b.Run(name, func(b *testing.B) {
			k, x := make(), wavering(44_100)
			for b.Loop() {
				k(x)
			}
		})
	}
}
