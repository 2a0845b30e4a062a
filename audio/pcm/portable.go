package pcm

import (
	"encoding/binary"
	"math"
)

// portable is the set in plain Go: the twin that the others are tested against, and what they leave the ends to.
var portable = kernel{
	name: "portable",
	flat: [encodingCount][encodingCount]flat{
		F32: {F32: same, I16: gatherFlat(I16), I32: gatherFlat(I32)},
		I16: {F32: scatterFlat(I16), I16: same, I32: intsToShorts},
		I32: {F32: scatterFlat(I32), I16: shortsToInts, I32: same},
	},
	split:    [encodingCount]split{F32: splitPortable(F32), I16: splitPortable(I16), I32: splitPortable(I32)},
	join:     [encodingCount]join{F32: joinPortable(F32), I16: joinPortable(I16), I32: joinPortable(I32)},
	split4:   [encodingCount]split4{F32: split4Portable(F32), I16: split4Portable(I16), I32: split4Portable(I32)},
	join4:    [encodingCount]join4{F32: join4Portable(F32), I16: join4Portable(I16), I32: join4Portable(I32)},
	widen24:  widen24Portable,
	narrow24: narrow24Portable,
	clean:    cleanPortable,
}

var le = binary.LittleEndian

func same(dst, src []byte) (clipped int) {
	copy(dst, src)
	return 0
}

// gather makes floats of the samples that lie at the beginning of src and every stride bytes further.
func gather(dst, src []byte, stride int, enc Encoding) {
	switch enc {
	case F32:
		for i := range len(dst) / 4 {
			le.PutUint32(dst[4*i:], le.Uint32(src[i*stride:]))
		}
	case I16:
		for i := range len(dst) / 4 {
			v := float32(int16(le.Uint16(src[i*stride:]))) * (1.0 / scale16)
			le.PutUint32(dst[4*i:], math.Float32bits(v))
		}
	case I32:
		for i := range len(dst) / 4 {
			v := float32(int32(le.Uint32(src[i*stride:]))) * (1.0 / scale32)
			le.PutUint32(dst[4*i:], math.Float32bits(v))
		}
	}
}

// roundBits is 1.5 * 2^52. A float64 below 2^51 that it is added to has its value, rounded half to even to an integer, in
// the low bits of the sum.
const roundBits = 0x1.8p52

// scatter is the inverse of gather.
func scatter(dst, src []byte, stride int, enc Encoding) (clipped int) {
	switch enc {
	case F32:
		for i := range len(src) / 4 {
			le.PutUint32(dst[i*stride:], le.Uint32(src[4*i:]))
		}
	case I16:
		for i := range len(src) / 4 {
			v := float64(math.Float32frombits(le.Uint32(src[4*i:]))) * scale16
			if v >= math.MinInt16-0.5 && v < math.MaxInt16+0.5 {
				le.PutUint16(dst[i*stride:], uint16(math.Float64bits(v+roundBits)))
			} else {
				clipped += putI16(dst[i*stride:], v)
			}
		}
	case I32:
		for i := range len(src) / 4 {
			v := float64(math.Float32frombits(le.Uint32(src[4*i:]))) * scale32
			if v >= math.MinInt32 && v <= math.MaxInt32 {
				le.PutUint32(dst[i*stride:], uint32(math.Float64bits(v+roundBits)))
			} else {
				clipped += putI32(dst[i*stride:], v)
			}
		}
	}
	return clipped
}

func gatherFlat(enc Encoding) flat {
	return func(dst, src []byte) (clipped int) {
		gather(dst, src, enc.Bytes(), enc)
		return 0
	}
}

func scatterFlat(enc Encoding) flat {
	return func(dst, src []byte) (clipped int) { return scatter(dst, src, enc.Bytes(), enc) }
}

func splitPortable(enc Encoding) split {
	size := enc.Bytes()
	return func(left, right, src []byte) {
		if len(src) > 0 {
			gather(left, src, 2*size, enc)
			gather(right, src[size:], 2*size, enc)
		}
	}
}

func joinPortable(enc Encoding) join {
	size := enc.Bytes()
	return func(dst, left, right []byte) (clipped int) {
		if len(dst) == 0 {
			return 0
		}
		return scatter(dst, left, 2*size, enc) + scatter(dst[size:], right, 2*size, enc)
	}
}

func split4Portable(enc Encoding) split4 {
	size := enc.Bytes()
	return func(a, b, c, d, frames []byte, stride int) {
		gather(a, frames, stride, enc)
		gather(b, frames[size:], stride, enc)
		gather(c, frames[2*size:], stride, enc)
		if stride > 3*size {
			gather(d, frames[3*size:], stride, enc)
		}
	}
}

func join4Portable(enc Encoding) join4 {
	size := enc.Bytes()
	return func(frames, a, b, c, d []byte, stride int) (clipped [4]int) {
		clipped[0] = scatter(frames, a, stride, enc)
		clipped[1] = scatter(frames[size:], b, stride, enc)
		clipped[2] = scatter(frames[2*size:], c, stride, enc)
		if stride > 3*size {
			clipped[3] = scatter(frames[3*size:], d, stride, enc)
		}
		return clipped
	}
}

func shortsToInts(dst, src []byte) (clipped int) {
	for i := range len(src) / 2 {
		le.PutUint32(dst[4*i:], uint32(le.Uint16(src[2*i:]))<<16)
	}
	return 0
}

func intsToShorts(dst, src []byte) (clipped int) {
	for i := range len(src) / 4 {
		v := roundShift(int32(le.Uint32(src[4*i:])), 16)
		if v > math.MaxInt16 {
			v = math.MaxInt16
			clipped++
		}
		le.PutUint16(dst[2*i:], uint16(v))
	}
	return clipped
}

func widen24Portable(dst, src []byte) (clipped int) {
	for i := range len(src) / 3 {
		in, out := src[3*i:3*i+3], dst[4*i:4*i+4]
		out[0], out[1], out[2], out[3] = 0, in[0], in[1], in[2]
	}
	return 0
}

func narrow24Portable(dst, src []byte) (clipped int) {
	const top = 1<<23 - 1
	for i := range len(src) / 4 {
		in := int32(le.Uint32(src[4*i:]))
		v := roundShift(in, 8)
		if v > top {
			v = top
			if in != math.MaxInt32 {
				clipped++
			}
		}
		out := dst[3*i : 3*i+3]
		out[0], out[1], out[2] = byte(v), byte(v>>8), byte(v>>16)
	}
	return clipped
}

// tinyBits are the bits of the smallest float32 that isn't less than tiny.
const tinyBits = 0x0da24260

func cleanPortable(x []float32) bool {
	const infBits = 0x7f800000
	for _, v := range x {
		magnitude := math.Float32bits(v) &^ (1 << 31)
		if magnitude != 0 && magnitude-tinyBits >= infBits-tinyBits {
			return false
		}
	}
	return true
}
