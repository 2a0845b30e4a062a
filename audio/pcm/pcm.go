package pcm

import "math"

const (
	scale16 = 1 << 15
	scale32 = 1 << 31
)

// Decode separates interleaved bytes into planar floats, len(dst) channels of them, and returns the number of frames
// written to each channel: those that are complete in src and fit into the shortest channel. F32 samples are copied bit
// for bit, NaN and denormals included; see [Sanitize].
func Decode(dst [][]float32, src []byte, enc Encoding) (frames int) {
	return fastest.decode(dst, src, enc)
}

// Encode interleaves planar floats into bytes and returns how many samples were clipped, that is, lay beyond the range
// of the integers and were saturated (a full-scale 1.0 counts, as it becomes 32767; F32 never clips). It writes as many
// frames as the shortest channel has and dst has room for.
func Encode(dst []byte, src [][]float32, enc Encoding) (clipped int) {
	return fastest.encode(dst, src, enc)
}

// Convert changes the encoding of samples, in whatever order they are, and returns how many were clipped. Between I16
// and I32 it shifts, rounding half to even, so that no precision is lost on the way through float32.
func Convert(dst, src []byte, to, from Encoding) (clipped int) {
	return fastest.convert(dst, src, to, from)
}

func (k *kernel) decode(dst [][]float32, src []byte, enc Encoding) (frames int) {
	frames = wholeFrames(dst, src, enc)
	if frames == 0 {
		return 0
	}
	src = src[:frames*len(dst)*enc.Bytes()]
	switch {
	case !hostIsLittleEndian:
		decodePlain(dst, src, enc)
	case len(dst) == 1:
		k.flat[F32][enc](bytesOf(dst[0][:frames]), src)
	case len(dst) == 2:
		k.split[enc](bytesOf(dst[0][:frames]), bytesOf(dst[1][:frames]), src)
	default:
		k.splitAll(dst, src, enc, frames)
	}
	return frames
}

func (k *kernel) encode(dst []byte, src [][]float32, enc Encoding) (clipped int) {
	frames := wholeFrames(src, dst, enc)
	if frames == 0 {
		return 0
	}
	dst = dst[:frames*len(src)*enc.Bytes()]
	switch {
	case !hostIsLittleEndian:
		return encodePlain(dst, src, enc)
	case len(src) == 1:
		return k.flat[enc][F32](dst, bytesOf(src[0][:frames]))
	case len(src) == 2:
		return k.join[enc](dst, bytesOf(src[0][:frames]), bytesOf(src[1][:frames]))
	}
	return k.joinAll(dst, src, enc, frames)
}

func (k *kernel) convert(dst, src []byte, to, from Encoding) (clipped int) {
	n := wholeSamples(dst, src, to, from)
	if n == 0 {
		return 0
	}
	return k.flat[to][from](dst[:n*to.Bytes()], src[:n*from.Bytes()])
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

// splitAll separates frames of three or more channels, four of them at a time. Where their number isn't a multiple of
// four, the last four overlap the ones before.
func (k *kernel) splitAll(planar [][]float32, wire []byte, enc Encoding, frames int) {
	for done := 0; done < len(planar); done += 4 {
		g := groupAt(done, len(planar), enc)
		a, b, c, d := g.planes(planar, frames)
		k.split4[enc](a, b, c, d, wire[g.start:len(wire)-g.behind], g.stride)
	}
}

// joinAll is the inverse of splitAll.
func (k *kernel) joinAll(wire []byte, planar [][]float32, enc Encoding, frames int) (clipped int) {
	for done := 0; done < len(planar); done += 4 {
		g := groupAt(done, len(planar), enc)
		a, b, c, d := g.planes(planar, frames)
		counts := k.join4[enc](wire[g.start:len(wire)-g.behind], a, b, c, d, g.stride)
		for i := done - g.first; g.first+i < min(done+4, len(planar)); i++ {
			clipped += counts[i]
		}
	}
	return clipped
}

// group is four neighbouring channels, or all three.
type group struct {
	first         int // channel
	start, behind int // bytes in a frame before it and after it
	stride        int // bytes of a frame
}

// groupAt returns the group that has the channel done, and the next ones if they exist.
func groupAt(done, channels int, enc Encoding) group {
	first := max(0, min(done, channels-4))
	after := max(0, channels-first-4)
	return group{first, first * enc.Bytes(), after * enc.Bytes(), channels * enc.Bytes()}
}

func (g group) planes(planar [][]float32, frames int) (a, b, c, d []byte) {
	at := func(i int) []byte { return bytesOf(planar[min(g.first+i, len(planar)-1)][:frames]) }
	return at(0), at(1), at(2), at(3)
}

// beyond16 reports whether v is outside the 16-bit range after rounding. -32768.5 rounds to the even -32768.
func beyond16(v float64) bool { return v >= math.MaxInt16+0.5 || v < math.MinInt16-0.5 }

// beyond32 is beyond16 for 32 bits.
func beyond32(v float64) bool { return v >= math.MaxInt32+0.5 || v < math.MinInt32-0.5 }
