package dsp

import (
	"math"

	"github.com/tphakala/simd/f32"
)

// FloorDB stands for the level of silence in dB, which has no logarithm.
const FloorDB = -120

// DB returns the level of an amplitude, 20 log10, and FloorDB for 0 and NaN. The sign doesn't matter.
func DB(amplitude float64) float64 {
	if a := math.Abs(amplitude); a > 0 {
		return 20 * math.Log10(a)
	}
	return FloorDB
}

// Amplitude returns the factor of a level in dB; it is 0 for -Inf.
func Amplitude(db float64) float64 { return math.Pow(10, db/20) }

// Peak returns the largest magnitude of the samples, 0 for none.
func Peak(x []float32) float32 {
	if len(x) == 0 {
		return 0
	}
	return f32.MaxAbs(x)
}

// RMS returns the root of the mean square, 0 for no samples.
func RMS(x []float32) float64 {
	if len(x) == 0 {
		return 0
	}
	return math.Sqrt(SumSquares(x) / float64(len(x)))
}

// sumBlock is how many squares are added in float32; the sums of blocks are added in float64, so the relative error stays
// below 1e-5.
const sumBlock = 1024

// SumSquares returns the sum of the squares of the samples.
func SumSquares(x []float32) float64 {
	total := 0.0
	for len(x) > 0 {
		block := x[:min(len(x), sumBlock)]
		sum := float64(f32.SumOfSquares(block))
		if !finite(sum) { // squares beyond the range of float32
			sum = sumSquaresPlain(block)
		}
		total, x = total+sum, x[len(block):]
	}
	return total
}

func sumSquaresPlain(x []float32) (sum float64) {
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return sum
}
