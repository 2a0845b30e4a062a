package resample

import "golang.org/x/sys/cpu"

//go:noescape
func tileAVX2(dst *float32, dstStep int, taps *float32, rows int, x *float32, xStep, periods int)

//go:noescape
func tileAVX512(dst *float32, dstStep int, taps *float32, rows int, x *float32, xStep, periods int)

//go:noescape
func cubicAVX2(out *float32, points *point, count int, taps *float32, rows int, x *float32)

// kernels lists the sets that this processor can run, the portable one first
// and the fastest last.
func kernels() []*kernel {
	sets := []*kernel{&portable}
	if !cpu.X86.HasAVX2 || !cpu.X86.HasFMA {
		return sets
	}
	sets = append(sets, assembled("avx2", tileAVX2, cubicAVX2))
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX512VL {
		sets = append(sets, assembled("avx512", tileAVX512, cubicAVX2))
	}
	return sets
}
