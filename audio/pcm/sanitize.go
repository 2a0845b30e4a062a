package pcm

import "math"

// tiny is the magnitude below which a sample is inaudible by any measure and threatens to be a denormal, which slows
// recursive filters down by a factor of a hundred.
const tiny = 1e-30

// blockLen is the number of samples that are looked at together.
const blockLen = 2048

// Sanitize replaces in place what no filter should see by 0: NaN, infinities, and values with 0 < |x| < 1e-30. It
// returns how many samples it replaced. Clean audio is recognised at the speed of memory and isn't written to.
func Sanitize(x []float32) (replaced int) {
	for len(x) > 0 {
		block := x[:min(blockLen, len(x))]
		if !fastest.clean(block) {
			replaced += sanitizePlain(block)
		}
		x = x[len(block):]
	}
	return replaced
}

// IsClean reports, without writing, whether [Sanitize] would leave x as it is.
func IsClean(x []float32) bool {
	for len(x) > 0 {
		block := x[:min(blockLen, len(x))] // to stop at the first that isn't
		if !fastest.clean(block) {
			return false
		}
		x = x[len(block):]
	}
	return true
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
