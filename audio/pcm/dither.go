package pcm

import "math/rand/v2"

// Dither adds noise of triangular density (TPDF, two steps wide) before samples are rounded to integers, which turns the
// distortion of quiet signals into a constant hiss. The noise follows the samples in their interleaved order, so the
// result depends on the seed alone and not on how the audio is cut into calls. A Dither must not be used concurrently.
type Dither struct{ noise *rand.PCG }

// NewDither returns a generator; equal seeds give equal noise.
func NewDither(seed uint64) *Dither { return &Dither{rand.NewPCG(seed, 0x9e3779b97f4a7c15)} }

// Encode is the function [Encode] with dither where enc is an integer.
func (d *Dither) Encode(dst []byte, src [][]float32, enc Encoding) (clipped int) {
	if enc == F32 {
		return Encode(dst, src, enc)
	}
	frames := wholeFrames(src, dst, enc)
	for i := range frames {
		for c := range src {
			clipped += put(dst, d.add(float64(src[c][i])*enc.scale()), enc)
			dst = dst[enc.Bytes():]
		}
	}
	return clipped
}

// Convert is the function [Convert] with dither where a precision is reduced to integers: from F32, and from I32 to I16.
func (d *Dither) Convert(dst, src []byte, to, from Encoding) (clipped int) {
	if to == F32 || from == to || from == I16 {
		return Convert(dst, src, to, from)
	}
	ratio := to.scale() / from.scale()
	for i := range wholeSamples(dst, src, to, from) {
		v := get(src[i*from.Bytes():], from) * ratio
		clipped += put(dst[i*to.Bytes():], d.add(v), to)
	}
	return clipped
}

// add returns v plus the difference of two uniform numbers of one step.
func (d *Dither) add(v float64) float64 {
	bits := d.noise.Uint64()
	return v + (float64(bits>>32)-float64(bits&0xffffffff))/(1<<32)
}
