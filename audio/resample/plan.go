package resample

import "math"

// ratio is a rate change of up outputs for down inputs, in lowest terms.
type ratio struct{ up, down int64 }

func reduce(up, down int64) ratio {
	a, b := up, down
	for b != 0 {
		a, b = b, a%b
	}
	return ratio{up / a, down / a}
}

func (r ratio) times(s ratio) ratio { return reduce(r.up*s.up, r.down*s.down) }
func (r ratio) inverse() ratio      { return ratio{r.down, r.up} }
func (r ratio) value() float64      { return float64(r.up) / float64(r.down) }

// hop is an intermediate rate in units of the lower of the two rates.
type hop ratio

func (h hop) ratio() float64 { return ratio(h).value() }

// hops are the intermediate rates worth trying. A sharp filter next to the
// lower rate is short, and the loose one between the intermediate and the
// higher rate is short because its transition is wide: together they cost
// less than one sharp filter at the higher rate. Just as important, the sharp
// one has two or three phases instead of hundreds, so its table stays in the
// first-level cache however small the chunks are.
var hops = [...]hop{{3, 2}, {2, 1}}

// spec describes one stage before its table is built.
type spec struct {
	ratio
	shape *prototype
	// scale is the stage's input rate in units of the lower end-to-end rate.
	scale  float64
	phases int // number of stored phases if they are interpolated, else 0
}

// Memory bounds of one stage's table in bytes: what stays in a first-level
// cache, and what is accepted before phases are interpolated instead.
const (
	nearBytes = 32 << 10
	farBytes  = 256 << 10
)

// steep is the reduction from which on phases are interpolated though their
// table would be small: lanes that start many inputs apart have their large
// taps at different rows of a group, where the outer lanes add hundreds of
// small terms to a large sum. At 96 that costs 10 dB of noise, at 24 none.
const steep = 24

// plan chooses the cheapest chain of one or two stages.
func plan(r ratio, q Quality) []spec {
	c, p := classes[q], prototypesOf[q]()
	inScale := max(1, 1/r.value())
	best := choose(spec{ratio: r, shape: p.sharp, scale: inScale}, c)
	chain, lowest := []spec{best}, best.cost(r.value())
	for i, h := range hops {
		var first, second spec
		if r.up < r.down {
			first = spec{ratio: r.times(ratio(h)), shape: p.loose[i], scale: inScale}
			second = spec{ratio: ratio(h).inverse(), shape: p.sharp, scale: h.ratio()}
		} else {
			first = spec{ratio: ratio(h), shape: p.sharp, scale: 1}
			second = spec{ratio: r.times(ratio(h).inverse()), shape: p.loose[i], scale: h.ratio()}
		}
		first, second = choose(first, c), choose(second, c)
		if cost := first.cost(first.value()) + second.cost(r.value()); cost < lowest {
			chain, lowest = []spec{first, second}, cost
		}
	}
	return chain
}

// choose decides between exact and interpolated phases for one stage.
func choose(s spec, c class) spec {
	exact, smooth := s, s
	// The steeper the reduction, the smoother the taps.
	smooth.phases = max(8, int(math.Ceil(float64(c.phases)*1.5/max(1.5, s.scale))))
	if s.scale > steep || exact.bytes() > farBytes || smooth.cost(1) < exact.cost(1) {
		return smooth
	}
	return exact
}

// half is the reach of the filter to either side in input samples.
func (s spec) half() int64 { return int64(math.Ceil(s.shape.reach * s.scale)) }

// cost estimates multiply-adds per end-to-end input sample, for a stage that
// makes rate outputs per such sample. The weights were fitted to measurements
// of the vector kernels.
func (s spec) cost(rate float64) float64 {
	const perOutput = 10 // buffer moves, loop heads, lanes cut off at chunk ends
	const perPoint = 300 // position, scattered reads of taps, sum across lanes
	taps := float64(2 * s.half())
	if s.phases > 0 {
		return rate * (perPoint + 5*taps)
	}
	cost := perOutput + taps + (lanes-1)/s.value()
	if bytes := s.bytes(); bytes > nearBytes {
		cost *= 1 + 0.1*math.Log2(float64(bytes)/nearBytes)
	}
	return rate * cost
}

// bytes is the size of the stage's table.
func (s spec) bytes() int64 {
	if s.phases > 0 {
		return int64(s.phases) * 4 * roundUp(2*s.half(), cubicStep) * 4
	}
	_, groups := s.period()
	return groups * lanes * s.rows() * 4
}

// rows is the number of taps in a group of phases that share one input base.
func (s spec) rows() int64 {
	taps := 2*s.half() + ((lanes-1)*s.down+s.up-1)/s.up
	return roundUp(taps, rowStep)
}

// period returns how many times the ratio's own period is repeated in the
// table so that few lanes stay empty, and the number of groups of lanes.
func (s spec) period() (repeat, groups int64) {
	bestWaste := math.Inf(1)
	for q := int64(1); q <= lanes; q++ {
		g := (q*s.up + lanes - 1) / lanes
		if q > 1 && g*lanes*s.rows()*4 > 2*nearBytes {
			break
		}
		if waste := float64(g*lanes)/float64(q*s.up) - 1; waste < bestWaste-0.01 {
			bestWaste, repeat, groups = waste, q, g
		}
	}
	return repeat, groups
}
