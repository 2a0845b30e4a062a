package pcm

import (
	"math"

	"github.com/tphakala/simd/f32"
	"github.com/tphakala/simd/i32"
)

// tiny is the magnitude below which a sample is inaudible by any measure and threatens to be a denormal, which slows
// recursive filters down by a factor of a hundred.
const tiny = 1e-30

// Sanitize replaces in place what no filter should see by 0: NaN, infinities, and values with 0 < |x| < 1e-30. It
// returns how many samples it replaced. Clean audio is recognised at the speed of memory and isn't written to.
func Sanitize(x []float32) (replaced int) {
	s := getScratch()
	defer s.release()
	for len(x) > 0 {
		block := x[:min(blockLen, len(x))]
		if s.suspicious(block) {
			replaced += sanitizePlain(block)
		}
		x = x[len(block):]
	}
	return replaced
}

// suspicious reports whether block has a sample to be replaced. The bits of non-negative floats, read as integers, are
// in the order of the floats with infinity and NaN at the top, so the largest of them tells those. Adding MaxInt32 with
// wrap-around takes zero to the top and keeps the order of the rest, so the smallest then is the smallest that isn't
// zero.
func (s *scratch) suspicious(block []float32) bool {
	magnitudes := s.floats[:len(block)]
	f32.Abs(magnitudes, block)
	bits, _ := view[int32](bytesOf(magnitudes))
	if bits == nil { // a big-endian machine
		return true
	}
	if _, hi := i32.MinMax(bits); hi >= int32(math.Float32bits(float32(math.Inf(1)))) {
		return true
	}
	i32.Add(bits, bits, s.wrap[:])
	lo, _ := i32.MinMax(bits)
	smallest := math.Float32frombits(uint32(lo) - math.MaxInt32)
	return smallest != 0 && smallest < tiny
}

func sanitizePlain(x []float32) (replaced int) {
	for i, v := range x {
		magnitude := math.Abs(float64(v))
		if v == 0 || magnitude >= tiny && magnitude <= math.MaxFloat32 {
			continue
		}
		x[i] = 0
		replaced++
	}
	return replaced
}
