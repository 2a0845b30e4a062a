package plot

import (
	"fmt"
	"image/color"
	"math"
	"strconv"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

var (
	colorText       = color.RGBA{0x33, 0x38, 0x40, 0xff}
	colorGrid       = color.RGBA{0xb8, 0xbe, 0xc8, 0xff}
	colorWave       = color.RGBA{0x2b, 0x5f, 0x9e, 0xff}
	colorSpeech     = color.NRGBA{0x4c, 0xaf, 0x50, 0x48}
	colorSpeechEdge = color.NRGBA{0x38, 0x8e, 0x3c, 0xb0}
	colorNothing    = color.RGBA{0xe9, 0xeb, 0xef, 0xff}
)

func sans(size float64) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Points(size)}
}

func sansBold(size float64) font.Font {
	f := sans(size)
	f.Weight = xfont.WeightBold
	return f
}

// newPlot returns an empty plot in the common style with a time axis. The axes of all plots end where the data ends.
func newPlot(seconds float64) *plot.Plot {
	p := plot.New()
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Label.TextStyle.Font, axis.Tick.Label.Font = sans(9.5), sans(9)
		axis.Label.TextStyle.Color, axis.Tick.Label.Color = colorText, colorText
		axis.LineStyle.Color, axis.Tick.LineStyle.Color = colorText, colorText
		axis.LineStyle.Width, axis.Tick.LineStyle.Width = vg.Points(0.6), vg.Points(0.6)
		axis.Tick.Length = vg.Points(5)
		axis.Padding = 0
	}
	p.X.Tick.Marker, p.Y.Tick.Marker = decimalTicks(12), decimalTicks(6)
	p.X.Min, p.X.Max = 0, seconds
	return p
}

// decimalTicks puts labels at multiples of 1, 2 or 5 times a power of ten, at most so many, and small ticks between them.
type decimalTicks int

// Ticks implements plot.Ticker.
func (n decimalTicks) Ticks(lo, hi float64) (ticks []plot.Tick) {
	step, minor := decimalStep((hi - lo) / float64(n))
	decimals := max(0, int(-math.Floor(math.Log10(step)+1e-9)))
	for i := math.Ceil(lo/step*float64(minor) - 1e-9); i*step/float64(minor) <= hi+step*1e-9; i++ {
		tick := plot.Tick{Value: i * step / float64(minor)}
		if int(i)%minor == 0 {
			tick.Label = strconv.FormatFloat(tick.Value+0, 'f', decimals, 64)
		}
		ticks = append(ticks, tick)
	}
	return ticks
}

// decimalStep returns the first step of the form 1, 2 or 5 times a power of ten from least on, and how many parts the
// small ticks divide it into.
func decimalStep(least float64) (step float64, parts int) {
	unit := math.Pow(10, math.Floor(math.Log10(least)))
	switch {
	case least <= unit:
		return unit, 5
	case least <= 2*unit:
		return 2 * unit, 4
	case least <= 5*unit:
		return 5 * unit, 5
	}
	return 10 * unit, 5
}

// textStyle returns a style for text that belongs to no axis.
func textStyle(f font.Font, x draw.XAlignment, y draw.YAlignment) draw.TextStyle {
	return draw.TextStyle{Color: colorText, Font: f, XAlign: x, YAlign: y, Handler: plot.DefaultTextHandler}
}

func waveformTitle(p Panel) string {
	channels := "mono"
	if n := len(p.Samples); n == 2 {
		channels = "stereo"
	} else if n > 2 {
		channels = fmt.Sprintf("%d channels", n)
	}
	return fmt.Sprintf("waveform (%s kHz, %s, %.2f s)", kilo(float64(p.Rate)), channels, p.seconds())
}

func speechLegend(segments int, seconds float64) string {
	if segments == 1 {
		return fmt.Sprintf("speech: 1 segment, %.2f s", seconds)
	}
	return fmt.Sprintf("speech: %d segments, %.2f s", segments, seconds)
}

// kilo returns hz / 1000 without trailing zeros.
func kilo(hz float64) string { return strconv.FormatFloat(hz/1000, 'f', -1, 64) }
