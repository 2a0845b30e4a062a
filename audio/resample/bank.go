package resample

import "unsafe"

// lanes is the number of consecutive outputs computed side by side: they share
// one input base, and their taps lie next to each other in the table, padded
// with zeros where an output doesn't use an input. rowStep is what the number
// of taps per group is a multiple of.
const (
	lanes   = 16
	rowStep = 4
)

// bank is the immutable table of one stage. Output n of the stage lies at
// input time n*down/up and uses the inputs of index
// floor(n*down/up)-half+1 .. floor(n*down/up)+half.
type bank struct {
	ratio
	half int64
	taps []float32

	// Exact phases: taps of group g, row k, lane i at (g*rows+k)*lanes+i.
	rows   int64 // taps per group
	repeat int64 // periods of the ratio in one period of the table
	groups int64
	starts []int64 // first input of each group in the table's first period

	// Interpolated phases: for each phase four blocks of coefficients,
	// the constant, linear, quadratic and cubic parts, each padded to rows.
	phases int64
}

// newBank tabulates the taps of a stage.
func newBank(s spec) *bank {
	b := &bank{ratio: s.ratio, half: s.half(), phases: int64(s.phases)}
	if s.phases > 0 {
		b.rows = roundUp(2*b.half, cubicStep)
		b.fillPhases(s)
		return b
	}
	b.rows = s.rows()
	b.repeat, b.groups = s.period()
	b.taps = aligned(b.groups * b.rows * lanes)
	for g := range b.groups {
		b.starts = append(b.starts, b.first(g*lanes))
	}
	for n := range b.up {
		b.fillPhase(s, n)
	}
	return b
}

// aligned returns n zeros that begin on a cache line.
func aligned(n int64) []float32 {
	const line = 64
	all := make([]float32, n+line/4)
	at := int64(-uintptr(unsafe.Pointer(&all[0])) % line / 4)
	return all[at : at+n : at+n]
}

func roundUp(n, step int64) int64 { return (n + step - 1) / step * step }

// fillPhase writes the taps of output n of the ratio's period into every lane
// that has this phase. Each lane's rounding to float32 makes up for what the
// lanes before it lost, so that the lanes together are several bits more
// precise than one: rounding errors repeated in every output would be spurious
// tones at -145 dB.
func (b *bank) fillPhase(s spec, n int64) {
	exact := make([]float64, 2*b.half)
	phase := float64(n*b.down%b.up) / float64(b.up)
	for k := range exact {
		u := phase - float64(int64(k)-b.half+1)
		exact[k] = s.shape.at(u/s.scale) / s.scale
	}
	carry := make([]float64, len(exact))
	for ; n < b.repeat*b.up; n += b.up {
		g := n / lanes
		at := b.taps[(g*b.rows+b.first(n)-b.starts[g])*lanes+n%lanes:]
		for k, v := range exact {
			tap := float32(v + carry[k])
			at[k*lanes] = tap
			carry[k] += v - float64(tap)
		}
	}
}

// fillPhases writes, for each stored phase, the cubic through the taps at that
// phase, its predecessor and its two successors. The error of the cubic is at
// most 0.0234 (w/phases)^4 for content at w radians per sample.
func (b *bank) fillPhases(s spec) {
	b.taps = aligned(b.phases * 4 * b.rows)
	step := 1 / float64(b.phases)
	for p := range b.phases {
		block := b.taps[p*4*b.rows:]
		for k := range 2 * b.half {
			u := float64(p)*step - float64(k-b.half+1)
			tap := func(d float64) float64 { return s.shape.at((u+d*step)/s.scale) / s.scale }
			y0, y1, y2, y3 := tap(-1), tap(0), tap(1), tap(2)
			block[k] = float32(y1)
			block[b.rows+k] = float32(y2 - y0/3 - y1/2 - y3/6)
			block[2*b.rows+k] = float32((y0+y2)/2 - y1)
			block[3*b.rows+k] = float32((y3-y0)/6 + (y1-y2)/2)
		}
	}
}

// first is the index of the first input that output n uses.
func (b *bank) first(n int64) int64 { return n*b.down/b.up - b.half + 1 }

// ready is the number of outputs that can be made from the first n inputs.
func (b *bank) ready(n int64) int64 {
	n -= b.half
	if n <= 0 {
		return 0
	}
	return (n*b.up + b.down - 1) / b.down
}

// period is the number of outputs after which the table begins anew, and
// periodIn the number of inputs they lie apart.
func (b *bank) period() int64   { return b.repeat * b.up }
func (b *bank) periodIn() int64 { return b.repeat * b.down }

// keep is the first input still needed when output n is the next. An output is
// always computed in the same lane of the same group, for its order of
// summation depends on the lane: what its group reads is needed.
func (b *bank) keep(n int64) int64 {
	if b.phases > 0 {
		return b.first(n)
	}
	lap := n / b.period()
	return lap*b.periodIn() + b.starts[(n-lap*b.period())/lanes]
}

func (b *bank) bytes() int { return 4 * len(b.taps) }
