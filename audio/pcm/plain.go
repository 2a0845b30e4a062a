package pcm

import (
	"encoding/binary"
	"math"
)

// The plain conversions take one sample at a time. They serve dither, the portable kernels where a sample is out of the
// ordinary, and big-endian machines.

// get returns the first sample of b as a float, before any scaling of the integers.
func get(b []byte, enc Encoding) float64 {
	switch enc {
	case I16:
		return float64(int16(binary.LittleEndian.Uint16(b)))
	case I32:
		return float64(int32(binary.LittleEndian.Uint32(b)))
	}
	return float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
}

// scale returns the value that stands for 1.0.
func (e Encoding) scale() float64 {
	switch e {
	case I16:
		return scale16
	case I32:
		return scale32
	}
	return 1
}

// put stores v, in units of the encoding's step, and returns 1 if it was clipped.
func put(b []byte, v float64, enc Encoding) (clipped int) {
	switch enc {
	case I16:
		return putI16(b, v)
	case I32:
		return putI32(b, v)
	}
	binary.LittleEndian.PutUint32(b, math.Float32bits(float32(v)))
	return 0
}

func putI16(b []byte, v float64) (clipped int) {
	if v != v {
		v = 0
	}
	if beyond16(v) {
		clipped = 1
	}
	v = math.RoundToEven(max(math.MinInt16, min(v, math.MaxInt16)))
	binary.LittleEndian.PutUint16(b, uint16(int16(v)))
	return clipped
}

func putI32(b []byte, v float64) (clipped int) {
	x, clipped := saturate32(v)
	binary.LittleEndian.PutUint32(b, uint32(x))
	return clipped
}

// saturate32 rounds v half to even; clipped is 1 if it had to be brought into the range.
func saturate32(v float64) (x int32, clipped int) {
	if v != v {
		return 0, 0
	}
	if beyond32(v) {
		clipped = 1
	}
	return int32(math.RoundToEven(max(math.MinInt32, min(v, math.MaxInt32)))), clipped
}

func decodePlain(dst [][]float32, src []byte, enc Encoding) {
	size, stride := enc.Bytes(), enc.Bytes()*len(dst)
	for c := range dst {
		for at, i := c*size, 0; at < len(src); at, i = at+stride, i+1 {
			if enc == F32 { // by bits: a signalling NaN wouldn't survive float64
				dst[c][i] = math.Float32frombits(binary.LittleEndian.Uint32(src[at:]))
			} else {
				dst[c][i] = float32(get(src[at:], enc) / enc.scale())
			}
		}
	}
}

func encodePlain(dst []byte, src [][]float32, enc Encoding) (clipped int) {
	size, stride := enc.Bytes(), enc.Bytes()*len(src)
	for c := range src {
		for at, i := c*size, 0; at < len(dst); at, i = at+stride, i+1 {
			if enc == F32 {
				binary.LittleEndian.PutUint32(dst[at:], math.Float32bits(src[c][i]))
			} else {
				clipped += put(dst[at:], float64(src[c][i])*enc.scale(), enc)
			}
		}
	}
	return clipped
}

// roundShift returns v / 2^shift rounded half to even. The result may be one beyond the positive limit.
func roundShift(v int32, shift uint) int64 {
	wide := int64(v)
	odd := wide >> shift & 1
	return (wide + 1<<(shift-1) - 1 + odd) >> shift
}
