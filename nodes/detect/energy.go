package detect

import "math"

// meter measures one frame. Its value is finite.
type meter func(frame []float32) float64

// rms is the root of the mean square.
func rms(frame []float32) float64 {
	if len(frame) == 0 {
		return 0
	}
	return math.Sqrt(sumSquares(frame) / float64(len(frame)))
}

// sumSquares adds in four lanes, which quarters the wait for each addition.
func sumSquares(x []float32) float64 {
	var a, b, c, d float64
	for len(x) >= 4 {
		a += float64(x[0]) * float64(x[0])
		b += float64(x[1]) * float64(x[1])
		c += float64(x[2]) * float64(x[2])
		d += float64(x[3]) * float64(x[3])
		x = x[4:]
	}
	for _, v := range x {
		a += float64(v) * float64(v)
	}
	return a + b + (c + d)
}

// spectral returns the meter of the spectrum: with X the discrete Fourier transform of the n samples under a Hamming window,
// the sum of |X[k]|^2 over 0 <= k < n/2, divided by n.
//
// It needs no transform. By Parseval's theorem the sum over all k is n times the energy of the windowed samples, and the
// spectrum of real samples is symmetric; so the lower half follows from the whole and the bins that have no twin: X[0] and,
// for even n, X[n/2]. For odd n the upper bin of the lower side, X[(n-1)/2], is not among the n/2 and is taken off.
func spectral(n int) meter {
	window, cos, sin := hamming(n), make([]float64, n), make([]float64, n)
	bin := n / 2
	for i := range n {
		// The angle is reduced in integers: i*bin is beyond what a sine takes exactly.
		sin[i], cos[i] = math.Sincos(2 * math.Pi * float64(i*bin%n) / float64(n))
	}
	return func(frame []float32) float64 {
		var energy, zero, re, im float64
		for i, v := range frame {
			x := float64(v) * window[i]
			energy += x * x
			zero += x
			re += x * cos[i]
			im += x * sin[i]
		}
		whole, edge := energy*float64(n)+zero*zero, re*re+im*im
		if n%2 == 0 {
			return max(0, (whole-edge)/2) / float64(n)
		}
		return max(0, whole/2-edge) / float64(n)
	}
}

// spectralBytes is the memory of the tables of [spectral] for each sample of a frame.
const spectralBytes = 3 * 8

func hamming(n int) []float64 {
	w := make([]float64, n)
	for i := range w {
		w[i] = 1
		if n > 1 {
			w[i] = 0.54 - 0.46*math.Cos(2*math.Pi*float64(i)/float64(n-1))
		}
	}
	return w
}
