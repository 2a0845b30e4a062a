package dsp

import "math"

// Curve is the course of a fade.
type Curve uint8

// The curves. EqualPower keeps the loudness of unrelated signals, Linear the amplitude of equal ones. SCurve is as Linear at
// its ends and in the middle, and has no corners.
const (
	Linear Curve = iota
	EqualPower
	SCurve
)

// Gains returns the gains of what goes and of what comes at a time from 0 to 1. They add up to 1, for EqualPower in their
// squares.
func (c Curve) Gains(t float64) (out, in float64) {
	if !(t > 0) {
		return 1, 0
	}
	if t >= 1 {
		return 0, 1
	}
	switch c {
	case EqualPower:
		in, out = math.Sincos(t * math.Pi / 2)
		return out, in
	case SCurve:
		t = t * t * (3 - 2*t)
	}
	return 1 - t, t
}

// Crossfade mixes from, which goes, and to, which comes, into dst. The slices begin at sample at of a fade of total samples;
// what is beyond it is to alone. So is everything for a fade of no samples.
func (c Curve) Crossfade(dst, from, to []float32, at, total int) {
	for i := range min(len(dst), len(from), len(to)) {
		out, in := c.Gains(float64(at+i) / float64(max(1, total)))
		if at+i >= total {
			out, in = 0, 1
		}
		dst[i] = float32(out*float64(from[i]) + in*float64(to[i]))
	}
}

// Ramp is a gain that goes from one value to another in a straight line, so that a change doesn't click.
type Ramp struct {
	from, to  float64
	at, total int
}

// NewRamp returns a ramp that stays at a gain.
func NewRamp(gain float64) *Ramp { return &Ramp{from: gain, to: gain} }

// Set makes the gain go to another within a number of samples, from where it is.
func (r *Ramp) Set(gain float64, samples int) {
	*r = Ramp{from: r.Gain(), to: gain, total: max(0, samples)}
}

// Gain returns the gain of the next sample.
func (r *Ramp) Gain() float64 {
	if r.at >= r.total {
		return r.to
	}
	return r.from + (r.to-r.from)*float64(r.at)/float64(r.total)
}

// Process multiplies the channels of audio, slices of the same length, in place.
func (r *Ramp) Process(x [][]float32) {
	for i := range shortest(x) {
		gain := float32(r.Gain())
		for _, channel := range x {
			channel[i] *= gain
		}
		if r.at < r.total {
			r.at++
		}
	}
}
