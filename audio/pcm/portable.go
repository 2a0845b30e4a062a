package pcm

import (
	"encoding/binary"
	"math"
)

// portable is the set in plain Go: the twin that the others are tested against, and what they leave the ends to.
var portable = kernel{
	name: "portable",
	flat: [encodingCount][encodingCount]flat{
		F32: {F32: same, I16: shortsToFloats, I32: intsToFloats},
		I16: {F32: floatsToShorts, I16: same, I32: intsToShorts},
		I32: {F32: floatsToInts, I16: shortsToInts, I32: same},
	},
	split:    [encodingCount]split{F32: splitFloats, I16: splitShorts, I32: splitInts},
	join:     [encodingCount]join{F32: joinFloats, I16: joinShorts, I32: joinInts},
	split4:   split4Portable,
	join4:    join4Portable,
	widen24:  widen24Portable,
	narrow24: narrow24Portable,
	clean:    cleanPortable,
}

var le = binary.LittleEndian

func floatAt(b []byte, i int) float32       { return math.Float32frombits(le.Uint32(b[4*i:])) }
func putFloat(b []byte, i int, v float32)   { le.PutUint32(b[4*i:], math.Float32bits(v)) }
func moveFloat(dst []byte, i int, b []byte) { le.PutUint32(dst[4*i:], le.Uint32(b)) }

func same(dst, src []byte) (clipped int) {
	copy(dst, src)
	return 0
}

func shortsToFloats(dst, src []byte) (clipped int) {
	for i := range len(src) / 2 {
		putFloat(dst, i, float32(int16(le.Uint16(src[2*i:])))*(1.0/scale16))
	}
	return 0
}

func shortsToInts(dst, src []byte) (clipped int) {
	for i := range len(src) / 2 {
		le.PutUint32(dst[4*i:], uint32(le.Uint16(src[2*i:]))<<16)
	}
	return 0
}

func intsToFloats(dst, src []byte) (clipped int) {
	for i := range len(src) / 4 {
		putFloat(dst, i, float32(int32(le.Uint32(src[4*i:])))*(1.0/scale32))
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

// roundBits is 1.5 * 2^52. A float64 below 2^51 that it is added to has its value, rounded half to even to an integer, in
// the low bits of the sum.
const roundBits = 0x1.8p52

func floatsToShorts(dst, src []byte) (clipped int) {
	for i := range len(src) / 4 {
		v := float64(floatAt(src, i)) * scale16
		if v >= math.MinInt16-0.5 && v < math.MaxInt16+0.5 {
			le.PutUint16(dst[2*i:], uint16(math.Float64bits(v+roundBits)))
		} else {
			clipped += putI16(dst[2*i:], v)
		}
	}
	return clipped
}

func floatsToInts(dst, src []byte) (clipped int) {
	for i := range len(src) / 4 {
		v := float64(floatAt(src, i)) * scale32
		if v >= math.MinInt32 && v <= math.MaxInt32 {
			le.PutUint32(dst[4*i:], uint32(math.Float64bits(v+roundBits)))
		} else {
			clipped += putI32(dst[4*i:], v)
		}
	}
	return clipped
}

// aside is the number of stereo frames that the portable kernels convert at a time, in a buffer on the stack.
const aside = 64

func splitFloats(left, right, src []byte) {
	for i := range len(left) / 4 {
		moveFloat(left, i, src[8*i:])
		moveFloat(right, i, src[8*i+4:])
	}
}

func joinFloats(dst, left, right []byte) (clipped int) {
	for i := range len(left) / 4 {
		moveFloat(dst, 2*i, left[4*i:])
		moveFloat(dst, 2*i+1, right[4*i:])
	}
	return 0
}

func splitShorts(left, right, src []byte) {
	var floats [8 * aside]byte
	for len(left) > 0 {
		n := min(aside, len(left)/4)
		shortsToFloats(floats[:], src[:4*n])
		splitFloats(left[:4*n], right[:4*n], floats[:])
		left, right, src = left[4*n:], right[4*n:], src[4*n:]
	}
}

func splitInts(left, right, src []byte) {
	var floats [8 * aside]byte
	for len(left) > 0 {
		n := min(aside, len(left)/4)
		intsToFloats(floats[:], src[:8*n])
		splitFloats(left[:4*n], right[:4*n], floats[:])
		left, right, src = left[4*n:], right[4*n:], src[8*n:]
	}
}

func joinShorts(dst, left, right []byte) (clipped int) {
	var floats [8 * aside]byte
	for len(left) > 0 {
		n := min(aside, len(left)/4)
		joinFloats(floats[:], left[:4*n], right[:4*n])
		clipped += floatsToShorts(dst, floats[:8*n])
		dst, left, right = dst[4*n:], left[4*n:], right[4*n:]
	}
	return clipped
}

func joinInts(dst, left, right []byte) (clipped int) {
	var floats [8 * aside]byte
	for len(left) > 0 {
		n := min(aside, len(left)/4)
		joinFloats(floats[:], left[:4*n], right[:4*n])
		clipped += floatsToInts(dst, floats[:8*n])
		dst, left, right = dst[8*n:], left[4*n:], right[4*n:]
	}
	return clipped
}

// The order of the channels matters: with three of them d is c, at the place of the next frame's first sample, which
// therefore isn't touched.

func split4Portable(a, b, c, d, frames []byte, stride int) {
	for i := range len(a) / 4 {
		frame := frames[i*stride:]
		moveFloat(a, i, frame)
		moveFloat(b, i, frame[4:])
		moveFloat(c, i, frame[8:])
		if stride > 12 {
			moveFloat(d, i, frame[12:])
		}
	}
}

func join4Portable(frames, a, b, c, d []byte, stride int) {
	for i := range len(a) / 4 {
		frame := frames[i*stride:]
		moveFloat(frame, 0, a[4*i:])
		moveFloat(frame, 1, b[4*i:])
		moveFloat(frame, 2, c[4*i:])
		if stride > 12 {
			moveFloat(frame, 3, d[4*i:])
		}
	}
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
