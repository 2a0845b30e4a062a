package plot

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// extremes is the lowest and the highest sample in a column of the picture.
type extremes struct{ lo, hi float64 }

// maxLooks bounds how many samples of a column are looked at. It is a prime, so that a stride doesn't fall into step with
// a periodic signal.
const maxLooks = 4093

// envelope returns the extremes over all channels in each of so many columns, fewer if there are fewer frames. In columns
// of more than maxLooks frames it looks at every n-th.
func (p Panel) envelope(columns int) []extremes {
	frames := p.frames()
	columns = min(columns, frames)
	out := make([]extremes, columns)
	for i := range out {
		start, end := i*frames/columns, (i+1)*frames/columns
		out[i] = p.extremes(start, end, 1+(end-start)/maxLooks)
	}
	return out
}

func (p Panel) extremes(start, end, stride int) extremes {
	e := extremes{math.Inf(1), math.Inf(-1)}
	for _, c := range p.Samples {
		for i := start; i < end; i += stride {
			v := finite(c[i])
			e.lo, e.hi = min(e.lo, v), max(e.hi, v)
		}
	}
	return e
}

// peak returns the largest magnitude.
func peak(env []extremes) (v float64) {
	for _, e := range env {
		v = max(v, -e.lo, e.hi)
	}
	return v
}

// outline returns the envelope as a closed line: the maxima forth and the minima back.
func outline(env []extremes, seconds float64) plotter.XYs {
	n := len(env)
	xy := make(plotter.XYs, 2*n)
	for i, e := range env {
		x := (float64(i) + 0.5) / float64(n) * seconds
		xy[i] = plotter.XY{X: x, Y: e.hi}
		xy[2*n-1-i] = plotter.XY{X: x, Y: e.lo}
	}
	return xy
}

// waveform returns the plot of the first panel's envelope over the shaded segments.
func (f *figure) waveform(columns int) (*plot.Plot, error) {
	panel := f.opts.Panels[0]
	p := newPlot(f.seconds)
	f.titles = append(f.titles, waveformTitle(panel))
	p.Y.Tick.Marker = decimalTicks(4)
	env := panel.envelope(columns)
	limit := peak(env) * 1.08
	if limit == 0 {
		limit = 1
	}
	p.Y.Min, p.Y.Max = -limit, limit
	p.Y.Label.Text = "amplitude"
	if err := f.shade(p, limit); err != nil {
		return nil, err
	}
	zero, err := plotter.NewLine(plotter.XYs{{X: 0, Y: 0}, {X: f.seconds, Y: 0}})
	if err != nil {
		return nil, err
	}
	zero.Color, zero.Width = colorGrid, vg.Points(0.5)
	p.Add(zero)
	if len(env) == 0 {
		return p, f.note(p, "no samples", f.seconds/2, 0, colorText)
	}
	return p, addOutline(p, outline(env, panel.seconds()))
}

func addOutline(p *plot.Plot, xy plotter.XYs) error {
	shape, err := plotter.NewPolygon(xy)
	if err != nil {
		return err
	}
	// The line keeps columns visible in which all samples are equal.
	shape.Color, shape.LineStyle.Color, shape.LineStyle.Width = colorWave, colorWave, vg.Points(0.6)
	p.Add(shape)
	return nil
}

// shade adds the segments and counts them for the legend.
func (f *figure) shade(p *plot.Plot, limit float64) error {
	var total float64
	count := 0
	for _, s := range f.opts.Segments {
		start, end := max(0, s.Start), min(f.seconds, s.End)
		if end <= start {
			continue
		}
		box, err := plotter.NewPolygon(plotter.XYs{{X: start, Y: -limit}, {X: end, Y: -limit}, {X: end, Y: limit}, {X: start, Y: limit}})
		if err != nil {
			return err
		}
		box.Color, box.LineStyle.Color, box.LineStyle.Width = colorSpeech, colorSpeechEdge, vg.Points(0.8)
		p.Add(box)
		count, total = count+1, total+end-start
	}
	if count > 0 {
		f.legend = speechLegend(count, total)
	}
	return nil
}
