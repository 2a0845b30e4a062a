package dsp

import "math"

// KWeighting returns the two filters of ITU-R BS.1770-4, annex 1, for a sample rate in Hz: a shelf for the acoustics of the
// head and a high-pass. The recommendation tabulates them for 48 kHz only; these are its analog prototypes (as De Man,
// "Evaluation of implementations of the EBU R128 loudness measurement", 2018, recovered them) under the bilinear transform,
// and equal the table to 1e-9 there.
func KWeighting(rate float64) []Biquad {
	return []Biquad{headShelf(rate), revisedLowCurve(rate)}
}

func headShelf(rate float64) Biquad {
	const frequency, gainDB, q, edge = 1681.974450955533, 3.999843853973347, 0.7071752369554196, 0.4996667741545416
	k := math.Tan(math.Pi * frequency / rate)
	high := math.Pow(10, gainDB/20)
	band := math.Pow(high, edge)
	norm := 1 + k/q + k*k
	return Biquad{
		B0: (high + band*k/q + k*k) / norm, B1: 2 * (k*k - high) / norm, B2: (high - band*k/q + k*k) / norm,
		A1: 2 * (k*k - 1) / norm, A2: (1 - k/q + k*k) / norm,
	}
}

func revisedLowCurve(rate float64) Biquad {
	const frequency, q = 38.13547087602444, 0.5003270373238773
	k := math.Tan(math.Pi * frequency / rate)
	norm := 1 + k/q + k*k
	return Biquad{B0: 1, B1: -2, B2: 1, A1: 2 * (k*k - 1) / norm, A2: (1 - k/q + k*k) / norm}
}
