package plot

import (
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/palette"
	"gonum.org/v1/plot/palette/moreland"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

const (
	dpi = 110
	// dynamics is how far below the loudest level the colours reach, in dB.
	dynamics = 90
	// shades is the number of colours.
	shades = 256
)

// figure is a picture while it is drawn.
type figure struct {
	opts    Options
	canvas  *vgimg.Canvas
	seconds float64 // length of the time axis
	top     float64 // of the frequency axis, in Hz
	lo, hi  float64 // level axis, in dBFS

	plots  []*plot.Plot  // from top to bottom
	titles []string      // of the plots
	legend string        // of the shaded segments, if there are any
	areas  []draw.Canvas // where the plots' data was drawn
}

// compose draws everything.
func compose(opts Options) (*figure, error) {
	if err := opts.complete(); err != nil {
		return nil, err
	}
	f := &figure{opts: opts}
	for _, p := range opts.Panels {
		f.seconds, f.top = max(f.seconds, p.seconds()), max(f.top, float64(p.Rate)/2)
	}
	if f.seconds == 0 {
		f.seconds = 1
	}
	f.canvas = vgimg.NewWith(vgimg.UseWH(pixels(opts.Width), pixels(opts.Height)), vgimg.UseDPI(dpi), vgimg.UseBackgroundColor(color.White))
	wave, err := f.waveform(opts.Width)
	if err != nil {
		return nil, err
	}
	f.plots = append(f.plots, wave)
	if err := f.spectrograms(); err != nil {
		return nil, err
	}
	f.arrange()
	return f, nil
}

// pixels returns n pixels as a length. The half keeps the canvas from losing one by rounding.
func pixels(n int) vg.Length { return vg.Length(float64(n)+0.01) * vg.Inch / dpi }

// grid returns about the size in pixels that a spectrogram will have, so that the picture neither blurs nor skips rows.
func (f *figure) grid() (columns, rows int) {
	const labels = 200 // pixels at the left and the right
	return f.opts.Width - labels, f.opts.Height / len(f.opts.Panels) / 2
}

// spectrograms adds a plot for each panel. The colours are common to all.
func (f *figure) spectrograms() error {
	columns, rows := f.grid()
	grids := make([]spectrogram, len(f.opts.Panels))
	loudest := float64(floorDB)
	for i, p := range f.opts.Panels {
		grids[i] = p.analyze(columns, rows, f.seconds, f.top)
		loudest = max(loudest, grids[i].max())
	}
	f.hi = max(-60, min(20, 10*math.Ceil(loudest/10)))
	f.lo = f.hi - dynamics
	colors := f.colors().Palette(shades)
	for i, panel := range f.opts.Panels {
		p := newPlot(f.seconds)
		p.Y.Min, p.Y.Max = 0, f.top/1000
		p.Y.Label.Text = "frequency (kHz)"
		p.Add(plotter.NewImage(grids[i].image(colors, f.lo, f.hi), 0, 0, f.seconds, f.top/1000))
		if err := f.annotate(p, panel); err != nil {
			return err
		}
		f.plots, f.titles = append(f.plots, p), append(f.titles, panel.Title)
	}
	f.plots[len(f.plots)-1].X.Label.Text = "time (s)"
	return nil
}

// annotate marks the band that a panel's rate can't hold.
func (f *figure) annotate(p *plot.Plot, panel Panel) error {
	if panel.frames() == 0 {
		return f.note(p, "no samples", f.seconds/2, float64(panel.Rate)/4000, color.White)
	}
	nyquist := float64(panel.Rate) / 2
	if nyquist > 0.95*f.top {
		return nil
	}
	text := fmt.Sprintf("nothing above %s kHz, half the sample rate", kilo(nyquist))
	return f.note(p, text, f.seconds/2, (nyquist+f.top)/2000, colorText)
}

// note writes text centred at a point of p.
func (f *figure) note(p *plot.Plot, text string, x, y float64, ink color.Color) error {
	labels, err := plotter.NewLabels(plotter.XYLabels{XYs: plotter.XYs{{X: x, Y: y}}, Labels: []string{text}})
	if err != nil {
		return err
	}
	style := &labels.TextStyle[0]
	style.Font, style.Color = sans(10), ink
	style.XAlign, style.YAlign = draw.XCenter, draw.YCenter
	p.Add(labels)
	return nil
}

// colors maps levels to colours.
func (f *figure) colors() palette.ColorMap {
	m := moreland.ExtendedBlackBody()
	m.SetMin(f.lo)
	m.SetMax(f.hi)
	return m
}

// Lengths of the layout, in points.
const (
	margin      = 12
	titleHeight = 26 // of the picture
	headHeight  = 20 // of the line above each plot
	gap         = 6  // below each plot
	barWidth    = 62 // of the scale with its labels
	barGap      = 12 // before it
)

// arrange draws the plots below each other with their axes aligned, and the scale of levels at the right.
func (f *figure) arrange() {
	page := draw.Crop(draw.New(f.canvas), margin, -margin, margin, -margin)
	if f.opts.Title != "" {
		page.FillText(textStyle(sansBold(15), draw.XLeft, draw.YTop), vg.Point{X: page.Min.X, Y: page.Max.Y}, f.opts.Title)
		page = draw.Crop(page, 0, 0, 0, -titleHeight)
	}
	rows := f.rows(draw.Crop(page, 0, -barWidth-barGap, 0, 0))
	left, right := rows[0].Min.X, rows[0].Max.X
	for i, p := range f.plots {
		data := p.DataCanvas(rows[i])
		left, right = max(left, data.Min.X), min(right, data.Max.X)
	}
	for i, p := range f.plots {
		data := p.DataCanvas(rows[i])
		row := draw.Crop(rows[i], left-data.Min.X, right-data.Max.X, 0, 0)
		p.Draw(row)
		f.areas = append(f.areas, p.DataCanvas(row))
	}
	f.heads()
	f.scale(page)
}

// rows divides the page: the waveform takes a little less than a spectrogram. Above each row is room for its head.
func (f *figure) rows(c draw.Canvas) []draw.Canvas {
	height := c.Max.Y - c.Min.Y
	wave := min(height*0.3, 150)
	each := (height - wave) / vg.Length(len(f.plots)-1)
	rows := make([]draw.Canvas, len(f.plots))
	top := c.Max.Y
	for i := range rows {
		h := each
		if i == 0 {
			h = wave
		}
		below := vg.Length(gap)
		if i == len(rows)-1 {
			below = 0
		}
		rows[i] = draw.Crop(c, 0, 0, top-h-c.Min.Y+below, top-c.Max.Y-headHeight)
		top -= h
	}
	return rows
}

// heads writes the titles above the plots and the legend of the waveform at its right.
func (f *figure) heads() {
	const above = 5
	for i, area := range f.areas {
		area.FillText(textStyle(sansBold(11), draw.XLeft, draw.YBottom), vg.Point{X: area.Min.X, Y: area.Max.Y + above}, f.titles[i])
	}
	if f.legend == "" {
		return
	}
	area := f.areas[0]
	style := textStyle(sans(9.5), draw.XRight, draw.YBottom)
	corner := vg.Point{X: area.Max.X, Y: area.Max.Y + above}
	area.FillText(style, corner, f.legend)
	const width, height = 14, 9
	x := corner.X - style.Width(f.legend) - width - 5
	box := []vg.Point{{X: x, Y: corner.Y + 1}, {X: x + width, Y: corner.Y + 1}, {X: x + width, Y: corner.Y + 1 + height}, {X: x, Y: corner.Y + 1 + height}}
	area.FillPolygon(colorSpeech, box)
	area.StrokeLines(draw.LineStyle{Color: colorSpeechEdge, Width: vg.Points(0.8)}, append(box, box[0]))
}

// scale draws the colours with their levels beside the spectrograms.
func (f *figure) scale(page draw.Canvas) {
	p := newPlot(1)
	p.Add(&plotter.ColorBar{ColorMap: f.colors(), Vertical: true, Colors: shades})
	p.HideX()
	p.Y.Label.Text = "level (dBFS)"
	p.Y.Min, p.Y.Max = f.lo, f.hi
	p.Y.Tick.Marker = decimalTicks(dynamics / 10)
	top, bottom := f.areas[1].Max.Y, f.areas[len(f.areas)-1].Min.Y
	c := draw.Crop(page, page.Max.X-page.Min.X-barWidth, 0, bottom-page.Min.Y, top-page.Max.Y)
	data := p.DataCanvas(c)
	p.Draw(draw.Crop(c, 0, 0, bottom-data.Min.Y, top-data.Max.Y))
}
