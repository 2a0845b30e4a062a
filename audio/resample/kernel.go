package resample

// kernel is one set of inner loops. All sets compute the same sums within
// float32 rounding; each output's order of summation is fixed by the set and
// the table alone, never by where a chunk begins or ends.
type kernel struct {
	name string

	// tile computes lanes outputs for each of periods periods:
	//
	//	dst[p*dstStep+i] = sum over k < rows of taps[k*lanes+i] * x[p*xStep+k]
	//
	// The first half of the rows is added up forwards and the second half
	// backwards, so that the large taps in the middle come last and the
	// rounding error is that of a few additions.
	tile func(dst []float32, dstStep int, taps []float32, rows int, x []float32, xStep, periods int)

	// cubic computes one output per point:
	//
	//	out[i] = sum over k < rows of (a + b*mu + c*mu^2 + d*mu^3) * x[p.x+k]
	//
	// where p = points[i], mu = p.mu, and a, b, c, d are taps[p.taps+k] and
	// those rows, 2*rows, 3*rows further. rows is a multiple of cubicStep.
	cubic func(out []float32, points []point, taps []float32, rows int, x []float32)
}

// point is where an output with interpolated taps lies. The assembly kernels
// know its layout.
type point struct {
	taps int32   // index of the stored phase before it
	x    int32   // index of its first input
	mu   float32 // position between this phase and the next, 0 to 1
}

// cubicStep is what the number of taps of an interpolated phase is a multiple
// of.
const cubicStep = 8

// fastest is the set that streams use, chosen for the processor at start.
var fastest = last(kernels())

func last(sets []*kernel) *kernel { return sets[len(sets)-1] }

// The assembly kernels take pointers and trust them.
type (
	tileAsm  func(dst *float32, dstStep int, taps *float32, rows int, x *float32, xStep, periods int)
	cubicAsm func(out *float32, points *point, count int, taps *float32, rows int, x *float32)
)

// assembled wraps assembly kernels in the proof that they stay inside their
// slices.
func assembled(name string, tile tileAsm, cubic cubicAsm) *kernel {
	return &kernel{name: name, tile: tile.checked(), cubic: cubic.checked()}
}

func (tile tileAsm) checked() func(dst []float32, dstStep int, taps []float32, rows int, x []float32, xStep, periods int) {
	return func(dst []float32, dstStep int, taps []float32, rows int, x []float32, xStep, periods int) {
		if periods <= 0 {
			return
		}
		_ = dst[(periods-1)*dstStep+lanes-1]
		_ = taps[rows*lanes-1]
		_ = x[(periods-1)*xStep+rows-1]
		tile(&dst[0], dstStep, &taps[0], rows, &x[0], xStep, periods)
	}
}

func (cubic cubicAsm) checked() func(out []float32, points []point, taps []float32, rows int, x []float32) {
	return func(out []float32, points []point, taps []float32, rows int, x []float32) {
		if len(points) == 0 || rows == 0 {
			clear(out[:len(points)])
			return
		}
		for _, p := range points {
			_ = taps[p.taps:][4*rows-1]
			_ = x[p.x:][rows-1]
		}
		cubic(&out[:len(points)][0], &points[0], len(points), &taps[0], rows, &x[0])
	}
}

// portable is the twin in plain Go that the other kernels are tested against.
var portable = kernel{name: "portable", tile: tilePortable, cubic: cubicPortable}

func tilePortable(dst []float32, dstStep int, taps []float32, rows int, x []float32, xStep, periods int) {
	for p := range periods {
		in := x[p*xStep:][:rows]
		out := dst[p*dstStep:][:lanes]
		for i := 0; i < lanes; i += 4 {
			quad(out[i:], taps[i:], in)
		}
	}
}

// quad computes four lanes.
func quad(out, taps, x []float32) {
	var u0, u1, u2, u3, d0, d1, d2, d3 float32
	last := len(x) - 1
	for k := range len(x) / 2 {
		a, c := x[k], taps[k*lanes:][:4:4]
		u0 += a * c[0]
		u1 += a * c[1]
		u2 += a * c[2]
		u3 += a * c[3]
		a, c = x[last-k], taps[(last-k)*lanes:][:4:4]
		d0 += a * c[0]
		d1 += a * c[1]
		d2 += a * c[2]
		d3 += a * c[3]
	}
	out[0], out[1], out[2], out[3] = u0+d0, u1+d1, u2+d2, u3+d3
}

func cubicPortable(out []float32, points []point, taps []float32, rows int, x []float32) {
	for i, p := range points {
		in, c := x[p.x:][:rows], taps[p.taps:][:4*rows]
		sum := dot(c[3*rows:], in)*p.mu + dot(c[2*rows:], in)
		sum = sum*p.mu + dot(c[rows:], in)
		out[i] = sum*p.mu + dot(c, in)
	}
}

// dot adds from both ends to the middle; the length of x is even.
func dot(c, x []float32) float32 {
	var up, down float32
	last := len(x) - 1
	for k := range len(x) / 2 {
		up += c[k] * x[k]
		down += c[last-k] * x[last-k]
	}
	return up + down
}
