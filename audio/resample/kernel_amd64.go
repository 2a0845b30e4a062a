package resample

import "golang.org/x/sys/cpu"

//go:noescape
func tileAVX2(dst *float32, dstStep int, taps *float32, rows int, x *float32, xStep, periods int)

//go:noescape
func tileAVX512(dst *float32, dstStep int, taps *float32, rows int, x *float32, xStep, periods int)

//go:noescape
func cubicAVX2(sums *[4]float32, taps, x *float32, rows int)

// kernels lists the sets that this processor can run, the portable one first
// and the fastest last.
func kernels() []*kernel {
	sets := []*kernel{&portable}
	if !cpu.X86.HasAVX2 || !cpu.X86.HasFMA {
		return sets
	}
	sets = append(sets, &kernel{name: "avx2", tile: checked(tileAVX2), cubic: cubicVector})
	if cpu.X86.HasAVX512F && cpu.X86.HasAVX512VL {
		sets = append(sets, &kernel{name: "avx512", tile: checked(tileAVX512), cubic: cubicVector})
	}
	return sets
}

func cubicVector(sums *[4]float32, taps, x []float32) {
	if len(x) == 0 {
		return
	}
	cubicAVX2(sums, &taps[:4*len(x)][0], &x[0], len(x))
}
