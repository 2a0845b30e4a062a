// Package dsp holds plain streaming kernels for the nodes: filters, spectra, levels, loudness, dynamics, delays and fades.
//
// A kernel works on planar float32, keeps its state in its receiver, allocates nothing once it is made, starts no goroutine
// and isn't safe for concurrent use. How audio is cut into calls doesn't change a bit of what comes out. Where a function has
// dst and src, it converts as many samples as both have, and they may be the same slice but not overlap otherwise.
//
// Kernels expect finite samples: nodes replace others where they take audio in. One that isn't finite never panics and
// doesn't spoil a stream for good: recursive state is checked every 256 samples, and what isn't finite or is too small to be
// heard becomes 0, so that denormal numbers, which some processors take a hundred times longer for, don't arise.
//
// Dither is part of [github.com/remotemedia/remotemedia-go/audio/pcm], where samples become integers.
package dsp

import "math"

// settled is how many samples pass at most between two looks at recursive state. They are counted from the start of the
// stream, so that the cut into calls doesn't show.
const settled = 256

// The magnitudes that recursive state may have.
const tiny, huge = 1e-30, 1e30

// settle returns v, or 0 where it is inaudible or isn't a number that a filter recovers from.
func settle(v float64) float64 {
	if a := math.Abs(v); a >= tiny && a <= huge {
		return v
	}
	return 0
}

// finite reports whether v is a number.
func finite(v float64) bool { return v-v == 0 }

// shortest returns the number of frames that all channels have.
func shortest(x [][]float32) int {
	if len(x) == 0 {
		return 0
	}
	n := len(x[0])
	for _, channel := range x[1:] {
		n = min(n, len(channel))
	}
	return n
}

// loudest returns the largest magnitude of a frame. What isn't finite counts nothing.
func loudest(x [][]float32, frame int) (level float64) {
	for _, channel := range x {
		if a := math.Abs(float64(channel[frame])); a > level && a <= math.MaxFloat32 {
			level = a
		}
	}
	return level
}

// onePole returns the factor by which the rest of a step remains after a sample, for a time constant in ms; 0 for none.
func onePole(millis float64, rate int) float64 {
	if millis <= 0 {
		return 0
	}
	return math.Exp(-1000 / (millis * float64(rate)))
}
