package pcm

import (
	"math"

	"github.com/tphakala/simd/f32"
	"github.com/tphakala/simd/i16"
)

const (
	scale16 = 1 << 15
	scale32 = 1 << 31
)

// Decode separates interleaved bytes into planar floats, len(dst) channels of them, and returns the number of frames
// written to each channel: those that are complete in src and fit into the shortest channel. F32 samples are copied bit
// for bit, NaN and denormals included; see [Sanitize].
func Decode(dst [][]float32, src []byte, enc Encoding) (frames int) {
	frames = wholeFrames(dst, src, enc)
	if frames == 0 {
		return 0
	}
	src = src[:frames*len(dst)*enc.Bytes()]
	if len(dst) > maxWindows {
		decodePlain(dst, src, enc)
		return frames
	}
	s := getScratch()
	defer s.release()
	if enc == F32 && len(dst) > 1 {
		if samples, ok := view[float32](src); ok {
			f32.DeinterleaveN(s.window(dst, 0, frames), samples)
			return frames
		}
	}
	s.decode(dst, src, enc, frames)
	return frames
}

// Encode interleaves planar floats into bytes and returns how many samples were clipped, that is, lay beyond the range
// of the integers and were saturated (a full-scale 1.0 counts, as it becomes 32767; F32 never clips). It writes as many
// frames as the shortest channel has and dst has room for.
func Encode(dst []byte, src [][]float32, enc Encoding) (clipped int) {
	frames := wholeFrames(src, dst, enc)
	if frames == 0 {
		return 0
	}
	dst = dst[:frames*len(src)*enc.Bytes()]
	if len(src) > maxWindows {
		return encodePlain(dst, src, enc)
	}
	s := getScratch()
	defer s.release()
	if enc == F32 && len(src) > 1 {
		if samples, ok := view[float32](dst); ok {
			f32.InterleaveN(samples, s.window(src, 0, frames))
			return 0
		}
	}
	return s.encode(dst, src, enc, frames)
}

// Convert changes the encoding of samples, in whatever order they are, and returns how many were clipped. Between I16
// and I32 it shifts, rounding half to even, so that no precision is lost on the way through float32.
func Convert(dst, src []byte, to, from Encoding) (clipped int) {
	n := wholeSamples(dst, src, to, from)
	if n == 0 {
		return 0
	}
	dst, src = dst[:n*to.Bytes()], src[:n*from.Bytes()]
	if to == from {
		copy(dst, src)
		return 0
	}
	s := getScratch()
	defer s.release()
	for len(src) > 0 {
		n := min(blockLen, len(src)/from.Bytes())
		clipped += s.convertBlock(dst[:n*to.Bytes()], src[:n*from.Bytes()], to, from)
		dst, src = dst[n*to.Bytes():], src[n*from.Bytes():]
	}
	return clipped
}

// convertBlock converts at most blockLen samples between different encodings.
func (s *scratch) convertBlock(dst, src []byte, to, from Encoding) (clipped int) {
	if to == I16 && from == I32 {
		out := target(dst, s.shorts[:])
		clipped = intsToShorts(out, load(src, s.ints[:]))
		store(dst, out)
		return clipped
	}
	floats := s.floats[:len(src)/from.Bytes()]
	if to == I32 && from == I16 { // floats hold both exactly, and the kernels shift faster than a loop does
		f32.Int16ToFloat32Scale(floats, load(src, s.shorts[:]), 1)
		out := target(dst, s.ints[:])
		f32.Float32ToInt32ScaleClamp(out, floats, 1<<16, 0, -scale32, scale32-128)
		store(dst, out)
		return 0
	}
	s.decodeBlock(floats, src, from)
	return s.encodeBlock(dst, floats, to)
}

// wholeFrames returns how many frames both sides of a conversion hold.
func wholeFrames(planar [][]float32, interleaved []byte, enc Encoding) int {
	if len(planar) == 0 || !enc.Valid() {
		return 0
	}
	frames := len(interleaved) / enc.Bytes() / len(planar)
	for _, samples := range planar {
		frames = min(frames, len(samples))
	}
	return frames
}

func wholeSamples(dst, src []byte, to, from Encoding) int {
	if !to.Valid() || !from.Valid() {
		return 0
	}
	return min(len(dst)/to.Bytes(), len(src)/from.Bytes())
}

// decode is Decode by blocks: convert, then separate while the block is in the cache.
func (s *scratch) decode(dst [][]float32, src []byte, enc Encoding, frames int) {
	channels := len(dst)
	for start := 0; start < frames; {
		end := min(frames, start+blockLen/channels)
		samples := (end - start) * channels
		block := src[:samples*enc.Bytes()]
		if channels == 1 {
			s.decodeBlock(dst[0][start:end], block, enc)
		} else {
			s.decodeBlock(s.floats[:samples], block, enc)
			f32.DeinterleaveN(s.window(dst, start, end), s.floats[:samples])
		}
		src, start = src[len(block):], end
	}
}

// encode is Encode by blocks: interleave, then convert while the block is in the cache.
func (s *scratch) encode(dst []byte, src [][]float32, enc Encoding, frames int) (clipped int) {
	channels := len(src)
	for start := 0; start < frames; {
		end := min(frames, start+blockLen/channels)
		samples := (end - start) * channels
		block := dst[:samples*enc.Bytes()]
		if channels == 1 {
			clipped += s.encodeBlock(block, src[0][start:end], enc)
		} else {
			f32.InterleaveN(s.floats[:samples], s.window(src, start, end))
			clipped += s.encodeBlock(block, s.floats[:samples], enc)
		}
		dst, start = dst[len(block):], end
	}
	return clipped
}

// decodeBlock converts at most blockLen samples, exactly len(dst) of them.
func (s *scratch) decodeBlock(dst []float32, src []byte, enc Encoding) {
	switch enc {
	case I16:
		f32.Int16ToFloat32Scale(dst, load(src, s.shorts[:]), 1.0/scale16)
	case I32:
		f32.Int32ToFloat32Scale(dst, load(src, s.ints[:]), 1.0/scale32)
	default:
		unpack(dst, src)
	}
}

// encodeBlock converts at most blockLen samples, exactly len(src) of them.
func (s *scratch) encodeBlock(dst []byte, src []float32, enc Encoding) (clipped int) {
	switch enc {
	case I16:
		out := target(dst, s.shorts[:])
		clipped = floatsToShorts(out, src)
		store(dst, out)
	case I32:
		out := target(dst, s.ints[:])
		clipped = floatsToInts(out, src)
		store(dst, out)
	default:
		pack(dst, src)
	}
	return clipped
}

// floatsToShorts counts the clipped samples only if there is one at the limits at all, which the kernels tell in no time.
func floatsToShorts(dst []int16, src []float32) (clipped int) {
	f32.Float32ToInt16Scale(dst, src, scale16)
	if lo, hi := i16.MinMax(dst); lo > math.MinInt16 && hi < math.MaxInt16 {
		return 0
	}
	for _, x := range src {
		if beyond16(float64(x) * scale16) {
			clipped++
		}
	}
	return clipped
}

// roundBits is 1.5 * 2^52. A float64 below 2^51 that it is added to has its value, rounded half to even to an integer, in
// the low bits of the sum.
const roundBits = 0x1.8p52

func floatsToInts(dst []int32, src []float32) (clipped int) {
	dst = dst[:len(src)]
	for i, x := range src {
		v := float64(x) * scale32
		if v >= math.MinInt32 && v <= math.MaxInt32 {
			dst[i] = int32(uint32(math.Float64bits(v + roundBits)))
			continue
		}
		var over int
		dst[i], over = saturate32(v)
		clipped += over
	}
	return clipped
}

func intsToShorts(dst []int16, src []int32) (clipped int) {
	dst = dst[:len(src)]
	for i, x := range src {
		v := roundShift(x, 16)
		if v > math.MaxInt16 {
			v = math.MaxInt16
			clipped++
		}
		dst[i] = int16(v)
	}
	return clipped
}

// beyond16 reports whether v is outside the 16-bit range after rounding. -32768.5 rounds to the even -32768.
func beyond16(v float64) bool { return v >= math.MaxInt16+0.5 || v < math.MinInt16-0.5 }

// beyond32 is beyond16 for 32 bits.
func beyond32(v float64) bool { return v >= math.MaxInt32+0.5 || v < math.MinInt32-0.5 }
