package silero

import "golang.org/x/sys/cpu"

var (
	avx2   = kernel{"AVX2", singleAVX2, pairAVX2, quadAVX2, 64, 32, 16}
	avx512 = kernel{"AVX-512", singleAVX512, pairAVX512, quadAVX512, 64, 64, 32}
)

// kernels lists the sets that this processor can run, the fastest last.
func kernels() []*kernel {
	all := []*kernel{&portable}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		all = append(all, &avx2)
	}
	if cpu.X86.HasAVX512F {
		all = append(all, &avx512)
	}
	return all
}

//go:noescape
func singleAVX2(dst, tiles, x []float32, count, inputs, dstStep, xStep int, floor float32)

//go:noescape
func pairAVX2(dst, tiles, x []float32, count, inputs, dstStep, xStep int, floor float32)

//go:noescape
func quadAVX2(dst, tiles, x []float32, count, inputs, dstStep, xStep int, floor float32)

//go:noescape
func singleAVX512(dst, tiles, x []float32, count, inputs, dstStep, xStep int, floor float32)

//go:noescape
func pairAVX512(dst, tiles, x []float32, count, inputs, dstStep, xStep int, floor float32)

//go:noescape
func quadAVX512(dst, tiles, x []float32, count, inputs, dstStep, xStep int, floor float32)
