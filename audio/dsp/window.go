package dsp

import "math"

// Window is the shape of a window function.
type Window uint8

// The windows, with the width of the main lobe in bins and the level of the highest side lobe. The coefficients are those of
// Harris, "On the use of windows for harmonic analysis with the discrete Fourier transform" (1978).
const (
	Rectangular    Window = iota // 2 bins, -13 dB
	Hann                         // 4 bins, -31 dB
	Hamming                      // 4 bins, -43 dB
	Blackman                     // 6 bins, -58 dB
	BlackmanHarris               // 8 bins, -92 dB
)

// cosines are the coefficients of the windows: a0 - a1 cos(t) + a2 cos(2t) - a3 cos(3t).
var cosines = [...][4]float64{
	Rectangular:    {1},
	Hann:           {0.5, 0.5},
	Hamming:        {0.54, 0.46},
	Blackman:       {0.42, 0.5, 0.08},
	BlackmanHarris: {0.35875, 0.48829, 0.14128, 0.01168},
}

// Periodic returns n values of the window whose period is n, for spectra; an unknown window is rectangular.
func (w Window) Periodic(n int) []float64 { return w.shape(n, n) }

// Symmetric returns n values of the window, the last equal to the first, for the design of filters; an unknown window is
// rectangular.
func (w Window) Symmetric(n int) []float64 { return w.shape(n, n-1) }

func (w Window) shape(n, period int) []float64 {
	a := cosines[Rectangular]
	if int(w) < len(cosines) {
		a = cosines[w]
	}
	return sample(n, func(i int) float64 {
		if n == 1 {
			return 1
		}
		t := 2 * math.Pi * float64(i) / float64(period)
		return a[0] - a[1]*math.Cos(t) + a[2]*math.Cos(2*t) - a[3]*math.Cos(3*t)
	})
}

// Kaiser returns n values of the symmetric Kaiser window: the larger beta, the wider the main lobe and the lower the side
// lobes (Kaiser, "Nonrecursive digital filter design using the I0-sinh window function", 1974).
func Kaiser(n int, beta float64) []float64 {
	return sample(n, func(i int) float64 {
		if n == 1 {
			return 1
		}
		x := 2*float64(i)/float64(n-1) - 1
		return besselI0(beta*math.Sqrt(max(0, 1-x*x))) / besselI0(beta)
	})
}

func sample(n int, f func(i int) float64) []float64 {
	x := make([]float64, max(0, n))
	for i := range x {
		x[i] = f(i)
	}
	return x
}

// besselI0 is the modified Bessel function of the first kind and order 0, by its power series.
func besselI0(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > sum*1e-17; k++ {
		term *= (x / 2 / k) * (x / 2 / k)
		sum += term
	}
	return sum
}
