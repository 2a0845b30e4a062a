package pcm

import "golang.org/x/sys/cpu"

//go:noescape
func shortsToFloatsAVX2(dst, src *byte, n int) (clipped int)

//go:noescape
func shortsToIntsAVX2(dst, src *byte, n int) (clipped int)

//go:noescape
func intsToFloatsAVX2(dst, src *byte, n int) (clipped int)

//go:noescape
func intsToShortsAVX2(dst, src *byte, n int) (clipped int)

//go:noescape
func floatsToShortsAVX2(dst, src *byte, n int) (clipped int)

//go:noescape
func floatsToIntsAVX2(dst, src *byte, n int) (clipped int)

//go:noescape
func splitShortsAVX2(left, right, src *byte, n int)

//go:noescape
func splitIntsAVX2(left, right, src *byte, n int)

//go:noescape
func splitFloatsAVX2(left, right, src *byte, n int)

//go:noescape
func joinShortsAVX2(dst, left, right *byte, n int) (clipped int)

//go:noescape
func joinIntsAVX2(dst, left, right *byte, n int) (clipped int)

//go:noescape
func joinFloatsAVX2(dst, left, right *byte, n int) (clipped int)

//go:noescape
func splitShorts4AVX2(a, b, c, d, frames *byte, stride, n int)

//go:noescape
func splitInts4AVX2(a, b, c, d, frames *byte, stride, n int)

//go:noescape
func splitFloats4AVX2(a, b, c, d, frames *byte, stride, n int)

//go:noescape
func joinShorts4AVX2(frames, a, b, c, d *byte, stride, n int) (clipped [4]int)

//go:noescape
func joinInts4AVX2(frames, a, b, c, d *byte, stride, n int) (clipped [4]int)

//go:noescape
func joinFloats4AVX2(frames, a, b, c, d *byte, stride, n int) (clipped [4]int)

//go:noescape
func widen24AVX2(dst, src *byte, n int) (clipped int)

//go:noescape
func narrow24AVX2(dst, src *byte, n int) (clipped int)

//go:noescape
func cleanAVX2(x *float32, n int) bool

//go:noescape
func floatsToShortsAVX512(dst, src *byte, n int) (clipped int)

//go:noescape
func floatsToIntsAVX512(dst, src *byte, n int) (clipped int)

//go:noescape
func intsToShortsAVX512(dst, src *byte, n int) (clipped int)

//go:noescape
func narrow24AVX512(dst, src *byte, n int) (clipped int)

//go:noescape
func joinShortsAVX512(dst, left, right *byte, n int) (clipped int)

//go:noescape
func joinIntsAVX512(dst, left, right *byte, n int) (clipped int)

// kernels lists the sets that this processor can run, the portable one first
// and the fastest last.
func kernels() []*kernel {
	sets := []*kernel{&portable}
	if !cpu.X86.HasAVX2 {
		return sets
	}
	set := assembly{
		shortsToFloats: shortsToFloatsAVX2, shortsToInts: shortsToIntsAVX2, intsToFloats: intsToFloatsAVX2,
		intsToShorts: intsToShortsAVX2, floatsToShorts: floatsToShortsAVX2, floatsToInts: floatsToIntsAVX2,
		splitShorts: splitShortsAVX2, splitInts: splitIntsAVX2, splitFloats: splitFloatsAVX2,
		joinShorts: joinShortsAVX2, joinInts: joinIntsAVX2, joinFloats: joinFloatsAVX2,
		splitShorts4: splitShorts4AVX2, splitInts4: splitInts4AVX2, splitFloats4: splitFloats4AVX2,
		joinShorts4: joinShorts4AVX2, joinInts4: joinInts4AVX2, joinFloats4: joinFloats4AVX2,
		widen24: widen24AVX2, narrow24: narrow24AVX2,
		clean: cleanAVX2,
	}
	sets = append(sets, set.kernel("avx2"))
	if !cpu.X86.HasAVX512F || !cpu.X86.HasAVX512BW || !cpu.X86.HasAVX512DQ || !cpu.X86.HasAVX512VL {
		return sets
	}
	set.floatsToShorts, set.floatsToInts = floatsToShortsAVX512, floatsToIntsAVX512
	set.intsToShorts, set.narrow24 = intsToShortsAVX512, narrow24AVX512
	set.joinShorts, set.joinInts = joinShortsAVX512, joinIntsAVX512
	return append(sets, set.kernel("avx512"))
}
