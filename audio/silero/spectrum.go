package silero

import (
	"math"
	"slices"

	"github.com/tphakala/simd/f32"
)

// The network begins with the magnitudes of a short-time Fourier transform, which the original computes as a convolution
// with 258 filters of 256 taps. The filters are the waves of a DFT under a Hann window, and a wave repeats itself: about
// the middle of the window cosines are even and sines are odd, and about the quarter the even bins and the odd bins are
// each one of both. So a window is folded twice by sums and differences, and four products of a quarter of the length and
// half of the bins are left: an eighth of the work for the same sums in another order.
//
// Magnitudes are kept in the order even bins, odd bins, Nyquist; see [binAt].
const (
	half    = window / 2
	quarter = window / 4

	// Places of the folded sums that belong to cosines and sines of even and odd bins.
	cosEven = 0
	cosOdd  = cosEven + quarter + 1
	sinEven = cosOdd + quarter
	sinOdd  = sinEven + quarter - 1
)

// transform computes the magnitudes of the spectra of a frame.
type transform struct {
	shape   []float32 // the Hann window
	nyquist []float32 // the wave of the highest bin, folded
	cosEven bank
	cosOdd  bank
	sinEven bank
	sinOdd  bank
}

// binAt returns the frequency whose magnitude is kept at an index.
func binAt(index int) int {
	switch {
	case index < quarter:
		return 2 * index
	case index < half:
		return 2*(index-quarter) + 1
	}
	return half
}

func newTransform(k *kernel, basis []float32) transform {
	wave := func(f func(float64) float64, firstBin, firstSample, samples int) bank {
		return newBank(k, spectra, samples, quarter, noBias, func(out, in int) float32 {
			turns := (2*out + firstBin) * (firstSample + in) % window // exact, unlike a large angle
			return float32(f(2 * math.Pi * float64(turns) / window))
		})
	}
	t := transform{
		shape:   slices.Clone(basis[:window]), // the bin of frequency 0 is the window itself
		nyquist: make([]float32, quarter+1),
		cosEven: wave(math.Cos, 0, 0, quarter+1),
		cosOdd:  wave(math.Cos, 1, 0, quarter),
		sinEven: wave(math.Sin, 0, 1, quarter-1),
		sinOdd:  wave(math.Sin, 1, 1, quarter),
	}
	for i := range t.nyquist {
		t.nyquist[i] = float32(1 - 2*(i&1))
	}
	return t
}

// run writes the magnitudes of the spectra of padded to the rows of magnitudes, which lie bins apart.
func (t *transform) run(s *scratch, magnitudes []float32) {
	for i := range spectra {
		t.fold(s, s.padded[i*hop:][:window], s.folded[i*window:][:window])
	}
	unbounded := float32(math.Inf(-1))
	t.cosEven.apply(s.re[:], half, s.folded[cosEven:], window, unbounded)
	t.cosOdd.apply(s.re[quarter:], half, s.folded[cosOdd:], window, unbounded)
	t.sinEven.apply(s.im[:], half, s.folded[sinEven:], window, unbounded)
	t.sinOdd.apply(s.im[quarter:], half, s.folded[sinOdd:], window, unbounded)
	f32.Mul(s.im[:], s.im[:], s.im[:])
	f32.FMA(s.re[:], s.re[:], s.re[:], s.im[:])
	for i := range spectra {
		row := magnitudes[i*bins:][:bins]
		f32.Sqrt(row[:half], s.re[i*half:][:half])
		top := f32.DotProduct(t.nyquist, s.folded[i*window+cosEven:][:len(t.nyquist)])
		row[half] = max(top, -top)
	}
}

// fold weighs the samples with the window and folds them twice.
func (t *transform) fold(s *scratch, x, out []float32) {
	even, odd, back := s.even[:], s.odd[:], s.reversed[:]
	f32.Mul(s.weighed[:], x, t.shape)
	f32.Reverse(back[:half-1], s.weighed[half+1:])
	f32.AddSub(even[1:half], odd[1:half], s.weighed[1:half], back[:half-1])

	// Sample 0 counts nothing, as the window is 0 there, and is left out; the one in the middle has no partner.
	middle, last := s.weighed[half], quarter-1
	f32.Reverse(back[:last], even[quarter+1:half])
	f32.AddSub(out[cosEven+1:][:last], out[cosOdd+1:][:last], even[1:quarter], back[:last])
	out[cosEven], out[cosOdd], out[cosEven+quarter] = middle, -middle, even[quarter]

	f32.Reverse(back[:last], odd[quarter+1:half])
	f32.AddSub(out[sinOdd:][:last], out[sinEven:][:last], odd[1:quarter], back[:last])
	out[sinOdd+last] = odd[quarter]
}
