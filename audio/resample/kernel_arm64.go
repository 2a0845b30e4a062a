package resample

//go:noescape
func tileNEON(dst *float32, dstStep int, taps *float32, rows int, x *float32, xStep, periods int)

//go:noescape
func cubicNEON(out *float32, points *point, count int, taps *float32, rows int, x *float32)

// kernels lists the sets that this processor can run, the portable one first
// and the fastest last. Every arm64 processor has NEON.
func kernels() []*kernel {
	return []*kernel{&portable, assembled("neon", tileNEON, cubicNEON)}
}
