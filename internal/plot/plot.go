// Package plot draws audio as a PNG: the waveform with the segments of speech, and below it one spectrogram per signal,
// all on the same axes, so that what a pipeline did to the sound can be seen (for instance the band that a resampler
// removed).
//
// The work and the memory depend on the size of the picture, not on the length of the audio: each column looks at no more
// than a few windows of the signal.
package plot

import (
	"errors"
	"fmt"
	"io"
	"math"

	"gonum.org/v1/plot/vg/vgimg"
)

// The bounds of a picture, in pixels, and of its content.
const (
	MinSide   = 400
	MaxSide   = 4096
	MaxPanels = 4
	MaxRate   = 768000 // Hz

	defaultWidth = 1400
)

// Options says what to draw. Render only reads it.
type Options struct {
	Title string // above everything; may be empty

	// Panels are the signals, 1 to MaxPanels of them, usually before and after. The waveform is that of the first.
	Panels []Panel

	// Segments are shaded in the waveform. Parts beyond the audio are cut off.
	Segments []Segment

	// Width and Height are in pixels, MinSide to MaxSide; 0 chooses. A picture of several panels needs about 230 pixels of
	// height for each.
	Width, Height int
}

// Panel is a signal with its name.
type Panel struct {
	Title   string // e.g. "before: 44.1 kHz"
	Rate    int    // in Hz, 1 to MaxRate
	Samples [][]float32
	// Samples is planar: one slice per channel, full scale at 1. The spectrogram is that of their mean. No channels or no
	// samples give an empty panel that says so. What isn't finite is drawn as 0.
}

// Segment is a stretch of speech, in seconds from the start.
type Segment struct{ Start, End float64 }

// Render draws opts and writes a PNG to w.
func Render(w io.Writer, opts Options) error {
	f, err := compose(opts)
	if err != nil {
		return err
	}
	if _, err := (vgimg.PngCanvas{Canvas: f.canvas}).WriteTo(w); err != nil {
		return fmt.Errorf("plot: write PNG: %w", err)
	}
	return nil
}

// complete checks the options and fills in what was left to choose.
func (o *Options) complete() error {
	if len(o.Panels) < 1 || len(o.Panels) > MaxPanels {
		return fmt.Errorf("plot: %d panels, expected 1 to %d", len(o.Panels), MaxPanels)
	}
	for i, p := range o.Panels {
		if p.Rate < 1 || p.Rate > MaxRate {
			return fmt.Errorf("plot: panel %d (%q) has a sample rate of %d Hz, expected 1 to %d", i, p.Title, p.Rate, MaxRate)
		}
	}
	for i, s := range o.Segments {
		if !(s.Start <= s.End) || math.IsInf(s.Start, 0) || math.IsInf(s.End, 0) {
			return fmt.Errorf("plot: segment %d goes from %v s to %v s, expected finite times in order", i, s.Start, s.End)
		}
	}
	if o.Width == 0 {
		o.Width = defaultWidth
	}
	if o.Height == 0 {
		o.Height = 340 + 280*len(o.Panels)
	}
	if min(o.Width, o.Height) < MinSide || max(o.Width, o.Height) > MaxSide {
		return fmt.Errorf("plot: a picture of %dx%d pixels, expected %d to %d for each side", o.Width, o.Height, MinSide, MaxSide)
	}
	if o.Height < 170+80*len(o.Panels) {
		return errors.New("plot: the picture is too low for so many panels")
	}
	return nil
}

// frames returns the length of the signal: that of its shortest channel.
func (p Panel) frames() int {
	if len(p.Samples) == 0 {
		return 0
	}
	n := len(p.Samples[0])
	for _, c := range p.Samples {
		n = min(n, len(c))
	}
	return n
}

// seconds returns the duration.
func (p Panel) seconds() float64 { return float64(p.frames()) / float64(p.Rate) }

// mono returns the mean of the channels at a frame, 0 outside of the signal.
func (p Panel) mono(frame, frames int) float64 {
	if frame < 0 || frame >= frames {
		return 0
	}
	var sum float64
	for _, c := range p.Samples {
		sum += finite(c[frame])
	}
	return sum / float64(len(p.Samples))
}

func finite(x float32) float64 {
	if v := float64(x); v-v == 0 { // neither NaN nor infinite
		return v
	}
	return 0
}
