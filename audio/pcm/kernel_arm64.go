package pcm

//go:noescape
func shortsToFloatsNEON(dst, src *byte, n int) (clipped int)

//go:noescape
func shortsToIntsNEON(dst, src *byte, n int) (clipped int)

//go:noescape
func intsToFloatsNEON(dst, src *byte, n int) (clipped int)

//go:noescape
func intsToShortsNEON(dst, src *byte, n int) (clipped int)

//go:noescape
func floatsToShortsNEON(dst, src *byte, n int) (clipped int)

//go:noescape
func floatsToIntsNEON(dst, src *byte, n int) (clipped int)

//go:noescape
func splitShortsNEON(left, right, src *byte, n int)

//go:noescape
func splitIntsNEON(left, right, src *byte, n int)

//go:noescape
func splitFloatsNEON(left, right, src *byte, n int)

//go:noescape
func joinShortsNEON(dst, left, right *byte, n int) (clipped int)

//go:noescape
func joinIntsNEON(dst, left, right *byte, n int) (clipped int)

//go:noescape
func joinFloatsNEON(dst, left, right *byte, n int) (clipped int)

//go:noescape
func splitShorts4NEON(a, b, c, d, frames *byte, stride, n int)

//go:noescape
func splitInts4NEON(a, b, c, d, frames *byte, stride, n int)

//go:noescape
func splitFloats4NEON(a, b, c, d, frames *byte, stride, n int)

//go:noescape
func joinShorts4NEON(frames, a, b, c, d *byte, stride, n int) (clipped [4]int)

//go:noescape
func joinInts4NEON(frames, a, b, c, d *byte, stride, n int) (clipped [4]int)

//go:noescape
func joinFloats4NEON(frames, a, b, c, d *byte, stride, n int) (clipped [4]int)

//go:noescape
func widen24NEON(dst, src *byte, n int) (clipped int)

//go:noescape
func narrow24NEON(dst, src *byte, n int) (clipped int)

//go:noescape
func cleanNEON(x *float32, n int) bool

// kernels lists the sets that this processor can run, the portable one first
// and the fastest last. Every arm64 processor has NEON.
func kernels() []*kernel {
	return []*kernel{&portable, assembly{
		shortsToFloats: shortsToFloatsNEON, shortsToInts: shortsToIntsNEON, intsToFloats: intsToFloatsNEON,
		intsToShorts: intsToShortsNEON, floatsToShorts: floatsToShortsNEON, floatsToInts: floatsToIntsNEON,
		splitShorts: splitShortsNEON, splitInts: splitIntsNEON, splitFloats: splitFloatsNEON,
		joinShorts: joinShortsNEON, joinInts: joinIntsNEON, joinFloats: joinFloatsNEON,
		splitShorts4: splitShorts4NEON, splitInts4: splitInts4NEON, splitFloats4: splitFloats4NEON,
		joinShorts4: joinShorts4NEON, joinInts4: joinInts4NEON, joinFloats4: joinFloats4NEON,
		widen24: widen24NEON, narrow24: narrow24NEON,
		clean: cleanNEON,
	}.kernel("neon")}
}
