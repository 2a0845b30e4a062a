package silero

var neon = kernel{"NEON", singleNEON, pairNEON, quadNEON, 64, 32, 16}

// kernels lists the sets that this processor can run, the fastest last. Every arm64 processor has NEON.
func kernels() []*kernel { return []*kernel{&portable, &neon} }

//go:noescape
func singleNEON(dst, tiles, x []float32, count, inputs, dstStep, xStep int, floor float32)

//go:noescape
func pairNEON(dst, tiles, x []float32, count, inputs, dstStep, xStep int, floor float32)

//go:noescape
func quadNEON(dst, tiles, x []float32, count, inputs, dstStep, xStep int, floor float32)
