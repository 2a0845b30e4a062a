package pcm

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
)

// reference is the slow definition of float to integer, written with floor and comparisons instead of the rounding
// instructions that the code under test uses. Products with powers of two are exact in float64.
func reference(x float32, enc Encoding) (v int64, clipped bool) {
	if x != x {
		return 0, false
	}
	lo, hi := int64(math.MinInt16), int64(math.MaxInt16)
	scaled := float64(x) * 32768
	if enc == I32 {
		lo, hi = math.MinInt32, math.MaxInt32
		scaled = float64(x) * 2147483648
	}
	if math.Abs(scaled) > 1e12 {
		scaled = math.Copysign(1e12, scaled)
	}
	v = int64(math.Floor(scaled))
	rest := scaled - math.Floor(scaled)
	if rest > 0.5 || rest == 0.5 && v%2 != 0 {
		v++
	}
	if v < lo {
		return lo, true
	}
	if v > hi {
		return hi, true
	}
	return v, false
}

func referenceEncode(planar [][]float32, frames int, enc Encoding) (out []byte, clipped int) {
	for i := range frames {
		for c := range planar {
			x := planar[c][i]
			v, over := reference(x, enc)
			switch enc {
			case F32:
				out = binary.LittleEndian.AppendUint32(out, math.Float32bits(x))
				continue
			case I16:
				out = binary.LittleEndian.AppendUint16(out, uint16(v))
			case I32:
				out = binary.LittleEndian.AppendUint32(out, uint32(v))
			}
			if over {
				clipped++
			}
		}
	}
	return out, clipped
}

// referenceSample returns the bits of the float for the i-th sample of src.
func referenceSample(src []byte, i int, enc Encoding) uint32 {
	b := src[i*enc.Bytes():]
	switch enc {
	case I16:
		return math.Float32bits(float32(int16(binary.LittleEndian.Uint16(b))) / 32768)
	case I32:
		return math.Float32bits(float32(int32(binary.LittleEndian.Uint32(b))) / 2147483648)
	}
	return binary.LittleEndian.Uint32(b)
}

// hostile returns n floats among which all the interesting ones are frequent.
func hostile(rng *rand.Rand, n int) []float32 {
	nan := float32(math.NaN())
	inf := float32(math.Inf(1))
	special := []float32{0, float32(math.Copysign(0, -1)), 1, -1, nan, inf, -inf, 1e-40, -1e-40, 1e-30, 9.99e-31, 2, -2,
		math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32, 32767.5 / 32768, 32767.0 / 32768, -32768.5 / 32768,
		0.5 / 32768, 1.5 / 32768, -0.5 / 32768, 2.5 / 32768, 1 - 1.0/(1<<24), 0.5 / 2147483648, 1.5 / 2147483648}
	out := make([]float32, n)
	for i := range out {
		switch rng.IntN(4) {
		case 0:
			out[i] = special[rng.IntN(len(special))]
		case 1: // halves of a 16-bit step
			out[i] = float32(rng.IntN(1<<17)-1<<16) / (1 << 16)
		default:
			out[i] = rng.Float32()*2.2 - 1.1
		}
	}
	return out
}

// misalign returns a copy of b that starts offset bytes after an aligned address.
func misalign(b []byte, offset int) []byte {
	return append(make([]byte, offset, offset+len(b)), b...)[offset:]
}
