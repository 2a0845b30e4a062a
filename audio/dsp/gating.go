package dsp

import "math"

// Gates of BS.1770-4: blocks below the absolute one, in LUFS, don't count, nor do those that lie more than the relative one, in
// LU, below the loudness of the others.
const (
	absoluteGate = -70
	relativeGate = -10
)

// The gate sorts blocks into classes of loudness, of which it keeps number and exact energy. Only for the class in which the
// relative gate lies does it matter that it is counted as a whole: at 1/16 LU wide that is far below the 0.1 LU that
// EBU Tech 3341 allows.
const (
	classesPerLU = 16
	gateClasses  = (30 - absoluteGate) * classesPerLU // up to +30 LUFS; what is louder goes into the last
)

// gating is the integrated loudness of blocks of 400 ms. The zero value holds none.
type gating struct {
	blocks [gateClasses]uint32
	energy [gateClasses]float64
}

// add takes the weighted mean square of a block.
func (g *gating) add(meanSquare float64) {
	loudness := lufs(meanSquare)
	if !(loudness >= absoluteGate) {
		return
	}
	class := gateClass(loudness)
	g.blocks[class]++
	g.energy[class] += meanSquare
}

func gateClass(loudness float64) int {
	class := math.Floor((loudness - absoluteGate) * classesPerLU)
	return int(max(0, min(class, gateClasses-1)))
}

// mean returns the mean square of the blocks that pass both gates, 0 for none.
func (g *gating) mean() float64 {
	all := g.meanFrom(0)
	if all == 0 {
		return 0
	}
	return g.meanFrom(gateClass(lufs(all) + relativeGate))
}

func (g *gating) meanFrom(class int) float64 {
	blocks, energy := uint64(0), 0.0
	for i := class; i < gateClasses; i++ {
		blocks += uint64(g.blocks[i])
		energy += g.energy[i]
	}
	if blocks == 0 {
		return 0
	}
	return energy / float64(blocks)
}
