package dsp

import "fmt"

// MaxDelay is the longest delay in samples: a minute at 192 kHz.
const MaxDelay = 60 * 192_000

// DelayLine keeps the last samples of a channel.
type DelayLine struct {
	ring []float32
	at   int // where the next sample goes
}

// NewDelayLine returns a line that holds delays of up to longest samples, 0 to MaxDelay, at first of silence.
func NewDelayLine(longest int) (*DelayLine, error) {
	if longest < 0 || longest > MaxDelay {
		return nil, fmt.Errorf("dsp: a delay of %d samples: expected 0 to %d", longest, MaxDelay)
	}
	return &DelayLine{ring: make([]float32, longest+1)}, nil
}

// Longest returns the longest delay in samples.
func (d *DelayLine) Longest() int { return len(d.ring) - 1 }

// Write adds a sample.
func (d *DelayLine) Write(x float32) {
	d.ring[d.at] = x
	if d.at++; d.at == len(d.ring) {
		d.at = 0
	}
}

// Read returns the sample written a delay before the last one; 0 is the last one. The delay is limited to what the line
// holds.
func (d *DelayLine) Read(delay int) float32 {
	i := d.at - 1 - max(0, min(delay, len(d.ring)-1))
	if i < 0 {
		i += len(d.ring)
	}
	return d.ring[i]
}

// ReadBetween is Read with a delay in fractions of samples, between which it draws straight lines: a gentle low-pass at
// fractions, 3 dB down at half the Nyquist frequency for a half.
func (d *DelayLine) ReadBetween(delay float64) float32 {
	if !(delay > 0) {
		return d.Read(0)
	}
	delay = min(delay, float64(len(d.ring)-1))
	whole := int(delay)
	near, far := float64(d.Read(whole)), float64(d.Read(whole+1))
	return float32(near + (delay-float64(whole))*(far-near))
}

// Process writes src to the line and what is a fixed delay older to dst.
func (d *DelayLine) Process(dst, src []float32, delay int) {
	for i := range min(len(dst), len(src)) {
		d.Write(src[i])
		dst[i] = d.Read(delay)
	}
}

// Reset returns to silence.
func (d *DelayLine) Reset() {
	clear(d.ring)
	d.at = 0
}
