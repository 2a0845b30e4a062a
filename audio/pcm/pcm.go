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
	case !kernelsFit(dst):
		decodePlain(dst, src, enc)
	case len(dst) == 1:
		k.flat[F32][enc](bytesOf(dst[0][:frames]), src)
	case len(dst) == 2:
		k.split[enc](bytesOf(dst[0][:frames]), bytesOf(dst[1][:frames]), src)
	case enc == F32:
		k.splitAll(dst, src, 0)
	default:
		k.decodeBlocks(dst, src, enc)
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
	case !kernelsFit(src):
		return encodePlain(dst, src, enc)
	case len(src) == 1:
		return k.flat[enc][F32](dst, bytesOf(src[0][:frames]))
	case len(src) == 2:
		return k.join[enc](dst, bytesOf(src[0][:frames]), bytesOf(src[1][:frames]))
	case enc == F32:
		k.joinAll(dst, src, 0)
		return 0
	}
	return k.encodeBlocks(dst, src, enc)
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

// blockFrames returns how many frames a block holds, none of which the assembly leaves to the portable kernels.
func blockFrames(channels int) int { return blockLen / channels &^ (step - 1) }

// decodeBlocks converts by blocks and separates each while it is in the cache.
func (k *kernel) decodeBlocks(dst [][]float32, src []byte, enc Encoding) {
	b := getBlock()
	defer b.release()
	ratio, size := F32.Bytes()/enc.Bytes(), blockFrames(len(dst))*len(dst)*enc.Bytes()
	for start := 0; len(src) > 0; {
		n := min(size, len(src))
		floats := b[:n*ratio]
		k.flat[F32][enc](floats, src[:n])
		start = k.splitAll(dst, floats, start)
		src = src[n:]
	}
}

// encodeBlocks interleaves by blocks and converts each while it is in the cache.
func (k *kernel) encodeBlocks(dst []byte, src [][]float32, enc Encoding) (clipped int) {
	b := getBlock()
	defer b.release()
	ratio, size := F32.Bytes()/enc.Bytes(), blockFrames(len(src))*len(src)*enc.Bytes()
	for start := 0; len(dst) > 0; {
		n := min(size, len(dst))
		floats := b[:n*ratio]
		start = k.joinAll(floats, src, start)
		clipped += k.flat[enc][F32](dst[:n], floats)
		dst = dst[n:]
	}
	return clipped
}

// splitAll separates frames of three or more channels of floats to planar from the index start, four channels at a
// time, and returns the index behind them. Where the number of channels isn't a multiple of four, some are moved twice.
func (k *kernel) splitAll(planar [][]float32, frames []byte, start int) (end int) {
	stride := F32.Bytes() * len(planar)
	end = start + len(frames)/stride
	for c := range groups(len(planar)) {
		a, b, x, d := four(planar, c, start, end)
		k.split4(a, b, x, d, frames[4*c:len(frames)-stride+4*min(c+4, len(planar))], stride)
	}
	return end
}

// joinAll is the inverse of splitAll.
func (k *kernel) joinAll(frames []byte, planar [][]float32, start int) (end int) {
	stride := F32.Bytes() * len(planar)
	end = start + len(frames)/stride
	for c := range groups(len(planar)) {
		a, b, x, d := four(planar, c, start, end)
		k.join4(frames[4*c:len(frames)-stride+4*min(c+4, len(planar))], a, b, x, d, stride)
	}
	return end
}

// groups yields the first channel of each group of four.
func groups(channels int) func(yield func(first int) bool) {
	return func(yield func(first int) bool) {
		for c := 0; c < channels; c += 4 {
			if !yield(max(0, min(c, channels-4))) {
				return
			}
		}
	}
}

// four returns the samples from start to end of four neighbours, of which the last may be missing: see split4.
func four(planar [][]float32, first, start, end int) (a, b, c, d []byte) {
	at := func(i int) []byte { return bytesOf(planar[min(first+i, len(planar)-1)][start:end]) }
	return at(0), at(1), at(2), at(3)
}

// beyond16 reports whether v is outside the 16-bit range after rounding. -32768.5 rounds to the even -32768.
func beyond16(v float64) bool { return v >= math.MaxInt16+0.5 || v < math.MinInt16-0.5 }

// beyond32 is beyond16 for 32 bits.
func beyond32(v float64) bool { return v >= math.MaxInt32+0.5 || v < math.MinInt32-0.5 }
