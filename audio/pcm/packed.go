package pcm

import (
	"encoding/binary"
	"math"
)

// The forms of samples that only files have. Each converts as many samples as both sides hold, to or from the encoding
// of the wire that loses nothing (but for 64-bit floats, which lose precision).

// U8ToI16 converts unsigned bytes, with silence at 128, to I16 and returns the number of samples.
func U8ToI16(dst, src []byte) (samples int) {
	samples = min(len(dst)/2, len(src))
	for i := range samples {
		binary.LittleEndian.PutUint16(dst[2*i:], uint16(src[i]^0x80)<<8)
	}
	return samples
}

// I16ToU8 rounds I16 half to even to unsigned bytes and returns how many samples were clipped. The largest I16 isn't
// counted: it stands for what was clipped, and counted, before.
func I16ToU8(dst, src []byte) (clipped int) {
	for i := range min(len(dst), len(src)/2) {
		in := int16(binary.LittleEndian.Uint16(src[2*i:]))
		v := roundShift(int32(in), 8)
		if v > math.MaxInt8 {
			v = math.MaxInt8
			if in != math.MaxInt16 {
				clipped++
			}
		}
		dst[i] = byte(v) ^ 0x80
	}
	return clipped
}

// I24ToI32 converts packed samples of three bytes to I32 and returns the number of samples.
func I24ToI32(dst, src []byte) (samples int) {
	samples = min(len(dst)/4, len(src)/3)
	fastest.widen24(dst[:4*samples], src[:3*samples])
	return samples
}

// I32ToI24 rounds I32 half to even to packed samples of three bytes and returns how many samples were clipped, without
// the largest I32, as in [I16ToU8].
func I32ToI24(dst, src []byte) (clipped int) {
	samples := min(len(dst)/3, len(src)/4)
	return fastest.narrow24(dst[:3*samples], src[:4*samples])
}

// F64ToF32 rounds 64-bit floats to F32 and returns the number of samples. What is beyond float32 becomes infinite.
func F64ToF32(dst, src []byte) (samples int) {
	samples = min(len(dst)/4, len(src)/8)
	for i := range samples {
		v := math.Float64frombits(binary.LittleEndian.Uint64(src[8*i:]))
		binary.LittleEndian.PutUint32(dst[4*i:], math.Float32bits(float32(v)))
	}
	return samples
}

// F32ToF64 converts F32 to 64-bit floats and returns the number of samples.
func F32ToF64(dst, src []byte) (samples int) {
	samples = min(len(dst)/8, len(src)/4)
	for i := range samples {
		v := math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:]))
		binary.LittleEndian.PutUint64(dst[8*i:], math.Float64bits(float64(v)))
	}
	return samples
}
