package dsp

import (
	"fmt"

	"gonum.org/v1/gonum/dsp/fourier"
)

// MaxFFT is the largest length of a transform.
const MaxFFT = 1 << 20

// FFT is the discrete Fourier transform of real samples of a fixed length, in float64.
type FFT struct {
	plan   *fourier.FFT
	time   []float64
	bins   []complex128
	length int
}

// NewFFT returns a transform of n samples, 1 to MaxFFT. Lengths with large prime factors are slow.
func NewFFT(n int) (*FFT, error) {
	if n < 1 || n > MaxFFT {
		return nil, fmt.Errorf("dsp: a transform of %d samples: expected 1 to %d", n, MaxFFT)
	}
	return &FFT{plan: fourier.NewFFT(n), time: make([]float64, n), bins: make([]complex128, n/2+1), length: n}, nil
}

// Len returns the number of samples.
func (f *FFT) Len() int { return f.length }

// Bins returns the number of bins of the spectrum: those from 0 to half the sample rate.
func (f *FFT) Bins() int { return len(f.bins) }

// Transform returns X[k] = sum over i of x[i] window[i] exp(-2 pi j i k / n) for the bins from 0 to n/2. A shorter x is
// completed with zeros; a nil window is 1. The result is valid until the next call.
func (f *FFT) Transform(x []float32, window []float64) []complex128 {
	x = x[:min(len(x), f.length)]
	clear(f.time[len(x):])
	if window == nil {
		for i, v := range x {
			f.time[i] = float64(v)
		}
	} else {
		for i, v := range x {
			f.time[i] = float64(v) * window[i]
		}
	}
	return f.plan.Coefficients(f.bins, f.time)
}

// Power writes |X[k]|^2 of [FFT.Transform] to dst.
func (f *FFT) Power(dst []float64, x []float32, window []float64) {
	for k, c := range f.Transform(x, window)[:min(len(dst), len(f.bins))] {
		dst[k] = real(c)*real(c) + imag(c)*imag(c)
	}
}

// Inverse writes the samples whose transform, without a window, is bins, which has [FFT.Bins] values.
func (f *FFT) Inverse(dst []float32, bins []complex128) {
	copy(f.bins, bins)
	scale := 1 / float64(f.length)
	for i, v := range f.plan.Sequence(f.time, f.bins)[:min(len(dst), f.length)] {
		dst[i] = float32(v * scale)
	}
}
