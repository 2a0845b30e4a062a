package plot

import (
	"image"
	"image/color"
	"math"

	"gonum.org/v1/gonum/dsp/fourier"
	"gonum.org/v1/gonum/dsp/window"
	"gonum.org/v1/plot/palette"
)

const (
	// windowSeconds is the length of a spectrum's window, the same for each rate, so that panels compare: about three
	// periods of a deep voice.
	windowSeconds = 0.03
	// minHop is the least distance of columns. Less would show nothing more.
	minHop = windowSeconds / 64
	// maxWindows is how many windows a column averages if it is wider than one.
	maxWindows = 6
	// floorDB is the level of silence.
	floorDB = -200
)

// spectrogram is a grid of levels in dBFS (a sine of full scale has 0), by column from the start and row from 0 Hz up.
type spectrogram struct {
	columns, rows int
	levels        []float32
	limit         int // rows from here on lie above the Nyquist frequency
}

func (s spectrogram) at(column, row int) float32 { return s.levels[column*s.rows+row] }

// max returns the highest level.
func (s spectrogram) max() float64 {
	top := float32(floorDB)
	for _, v := range s.levels {
		top = max(top, v)
	}
	return float64(top)
}

// analyzer computes spectra of one panel.
type analyzer struct {
	panel  Panel
	frames int
	fft    *fourier.FFT
	taper  []float64
	block  []float64
	coeff  []complex128
	power  []float64
	unit   float64 // power of a sine of full scale
}

func newAnalyzer(p Panel) *analyzer {
	n := smooth(max(16, int(windowSeconds*float64(p.Rate))))
	taper := make([]float64, n)
	for i := range taper {
		taper[i] = 1
	}
	window.Hann(taper)
	var sum float64
	for _, v := range taper {
		sum += v
	}
	return &analyzer{
		panel: p, frames: p.frames(), fft: fourier.NewFFT(n), taper: taper, unit: sum * sum / 4,
		block: make([]float64, n), coeff: make([]complex128, n/2+1), power: make([]float64, n/2+1),
	}
}

// smooth returns the first even number from n on whose prime factors are 2, 3 and 5, which is a fast length for an FFT.
func smooth(n int) int {
	for n += n % 2; ; n += 2 {
		rest := n
		for _, p := range []int{2, 3, 5} {
			for rest%p == 0 {
				rest /= p
			}
		}
		if rest == 1 {
			return n
		}
	}
}

// add adds the power spectrum of the window around a frame, times weight.
func (a *analyzer) add(center int, weight float64) {
	start := center - len(a.block)/2
	for i := range a.block {
		a.block[i] = a.panel.mono(start+i, a.frames) * a.taper[i]
	}
	a.fft.Coefficients(a.coeff, a.block)
	for i, c := range a.coeff {
		re, im := real(c), imag(c)
		a.power[i] += (re*re + im*im) / a.unit * weight
	}
}

// column computes the mean spectrum from one frame to another.
func (a *analyzer) column(start, end float64) {
	clear(a.power)
	n := min(maxWindows, 1+int((end-start)/float64(len(a.block))))
	for i := range n {
		at := start + (end-start)*(float64(i)+0.5)/float64(n)
		a.add(int(at), 1/float64(n))
	}
}

// analyze computes a spectrogram with an axis of seconds and an axis up to top Hz, with at most so many columns.
func (p Panel) analyze(columns, rows int, seconds, top float64) spectrogram {
	columns = min(columns, int(math.Ceil(seconds/minHop)))
	s := spectrogram{columns: columns, rows: rows, levels: make([]float32, columns*rows)}
	s.limit = min(rows, int(math.Ceil(float64(rows)*float64(p.Rate)/2/top)))
	a := newAnalyzer(p)
	width := seconds * float64(p.Rate) / float64(columns) // of a column, in frames
	for x := range columns {
		column := s.levels[x*rows : (x+1)*rows]
		a.column(float64(x)*width, float64(x+1)*width)
		for y := range column {
			column[y] = floorDB
			if y < s.limit {
				column[y] = a.level(float64(y)/float64(rows)*top, float64(y+1)/float64(rows)*top)
			}
		}
	}
	return s
}

// level returns the highest level between two frequencies, so that a tone doesn't vanish between the rows.
func (a *analyzer) level(low, high float64) float32 {
	perHz := float64(len(a.block)) / float64(a.panel.Rate)
	from := min(len(a.power)-1, int(math.Round(low*perHz)))
	to := min(len(a.power), max(from+1, int(math.Round(high*perHz))))
	var p float64
	for _, v := range a.power[from:to] {
		p = max(p, v)
	}
	return float32(max(floorDB, 10*math.Log10(p)))
}

// image colours the levels; what lies above the Nyquist frequency is left to the background.
func (s spectrogram) image(colors palette.Palette, lo, hi float64) image.Image {
	shades := opaque(colors)
	img := image.NewRGBA(image.Rect(0, 0, s.columns, s.rows))
	for x := range s.columns {
		for y := range s.rows {
			shade := colorNothing
			if y < s.limit {
				level := (float64(s.at(x, y)) - lo) / (hi - lo)
				shade = shades[int(min(1, max(0, level))*float64(len(shades)-1))]
			}
			img.SetRGBA(x, s.rows-1-y, shade)
		}
	}
	return img
}

// opaque returns the colours of a palette in the form that images hold.
func opaque(colors palette.Palette) []color.RGBA {
	all := colors.Colors()
	out := make([]color.RGBA, len(all))
	for i, c := range all {
		out[i] = color.RGBAModel.Convert(c).(color.RGBA)
	}
	return out
}
