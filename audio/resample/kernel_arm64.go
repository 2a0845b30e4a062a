package resample

//go:noescape
func tileNEON(dst *float32, dstStep int, taps *float32, rows int, x *float32, xStep, periods int)

//go:noescape
func cubicNEON(sums *[16]float32, taps, x *float32, rows int)

// kernels lists the sets that this processor can run, the portable one first
// and the fastest last. Every arm64 processor has NEON.
func kernels() []*kernel {
	return []*kernel{&portable, {name: "neon", tile: checked(tileNEON), cubic: cubicVector}}
}

func cubicVector(sums *[4]float32, taps, x []float32) {
	if len(x) == 0 {
		return
	}
	var parts [16]float32
	cubicNEON(&parts, &taps[:4*len(x)][0], &x[0], len(x))
	for i := range sums {
		p := parts[4*i:][:4]
		sums[i] = p[0] + p[1] + (p[2] + p[3])
	}
}
