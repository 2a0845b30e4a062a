package plot

import (
	"fmt"
	"image/color"
	"io"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Load is what is drawn of a load test: the latency by percentile, and latency and throughput over time.
type Load struct {
	Title    string // above everything
	Subtitle string // below it; may be empty
	Unit     string // what is counted, e.g. "calls"

	Curves []Curve
	Points []LoadPoint // in the order of time; times that nothing is told of stay empty
	Mark   float64     // a latency in ms to be marked as the deadline; 0 for none
}

// Curve is the distribution of a measure.
type Curve struct {
	Name string
	At   func(share float64) float64 // the latency in ms that a share, 0 to 1, doesn't exceed
	Most float64                     // the largest share that At knows something of, below 1: 1 - 1/n for n values
}

// LoadPoint is an interval.
type LoadPoint struct {
	Start, Length float64 // s
	Right, Failed float64 // a second
	P50, P99, Max float64 // ms; 0 where nothing was measured
}

// Formats of [Load.Write].
const (
	PNG = "png"
	SVG = "svg"
)

const (
	loadWidth, loadHeight = 1200, 1150 // pixels
	leastLatency          = 1e-4       // ms; what is below is drawn there, as the axis is logarithmic
	curvePoints           = 400
)

var loadColors = []color.RGBA{
	{0x2b, 0x5f, 0x9e, 0xff}, {0xc4, 0x4e, 0x30, 0xff}, {0x3a, 0x8f, 0x53, 0xff}, {0x80, 0x56, 0xa3, 0xff}, {0x7a, 0x7a, 0x7a, 0xff},
}

// Write draws it in a format, [PNG] or [SVG].
func (l Load) Write(w io.Writer, format string) error {
	width, height := pixels(loadWidth), pixels(loadHeight)
	var canvas interface {
		vg.CanvasSizer
		io.WriterTo
	}
	switch format {
	case PNG:
		canvas = vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(dpi), vgimg.UseBackgroundColor(color.White))}
	case SVG:
		canvas = vgsvg.New(width, height)
	default:
		return fmt.Errorf("plot: %q is no format: expected %s or %s", format, PNG, SVG)
	}
	if err := l.draw(draw.New(canvas)); err != nil {
		return err
	}
	if _, err := canvas.WriteTo(w); err != nil {
		return fmt.Errorf("plot: write %s: %w", format, err)
	}
	return nil
}

// loadRow is one of the plots below each other.
type loadRow struct {
	title string
	make  func() (*plot.Plot, error)
	share vg.Length // of the height
}

func (l Load) draw(page draw.Canvas) error {
	page.SetColor(color.White)
	page.Fill(page.Rectangle.Path()) // SVG has no background of its own
	page = draw.Crop(page, margin, -margin, margin, -margin)
	page.FillText(textStyle(sansBold(15), draw.XLeft, draw.YTop), vg.Point{X: page.Min.X, Y: page.Max.Y}, l.Title)
	page = draw.Crop(page, 0, 0, 0, -titleHeight)
	page.FillText(textStyle(sans(9.5), draw.XLeft, draw.YTop), vg.Point{X: page.Min.X, Y: page.Max.Y}, l.Subtitle)
	page = draw.Crop(page, 0, 0, 0, -titleHeight*0.7)
	rows := []loadRow{
		{"latency by percentile", l.percentiles, 0.42},
		{"latency over time", l.latencies, 0.32},
		{l.Unit + " a second over time", l.throughput, 0.26},
	}
	return arrangeRows(page, rows)
}

// arrangeRows draws plots below each other with their left and right ends aligned.
func arrangeRows(page draw.Canvas, rows []loadRow) error {
	height, top := page.Max.Y-page.Min.Y, page.Max.Y
	plots, places := make([]*plot.Plot, len(rows)), make([]draw.Canvas, len(rows))
	left, right := page.Min.X, page.Max.X
	for i, r := range rows {
		p, err := r.make()
		if err != nil {
			return err
		}
		plots[i], places[i] = p, page
		places[i].Min.Y, places[i].Max.Y = top-r.share*height+gap, top-headHeight
		top -= r.share * height
		data := p.DataCanvas(places[i])
		left, right = max(left, data.Min.X), min(right, data.Max.X)
	}
	for i, p := range plots {
		data := p.DataCanvas(places[i])
		place := draw.Crop(places[i], left-data.Min.X, right-data.Max.X, 0, 0)
		legend := p.Legend
		p.Legend = plot.NewLegend()
		p.Draw(place)
		area := p.DataCanvas(place)
		legend.Draw(area) // the plot itself would place it by its outer edge, over the title
		area.FillText(textStyle(sansBold(11), draw.XLeft, draw.YBottom), vg.Point{X: area.Min.X, Y: area.Max.Y + 5}, rows[i].title)
	}
	return nil
}

// depth is where a share stands on the axis of percentiles: each nine takes the same room.
func depth(share float64) float64 { return -math.Log10(1 - share) }

// percentileTicks are labels at the nines.
type percentileTicks struct{}

// Ticks implements plot.Ticker.
func (percentileTicks) Ticks(lo, hi float64) (ticks []plot.Tick) {
	for _, t := range []struct {
		share float64
		label string
	}{{0, "0"}, {0.5, "50"}, {0.75, "75"}, {0.9, "90"}, {0.95, "95"}, {0.99, "99"}, {0.999, "99.9"}, {0.9999, "99.99"}, {0.99999, "99.999"}, {0.999999, "99.9999"}} {
		if d := depth(t.share); d >= lo && d <= hi+1e-9 {
			ticks = append(ticks, plot.Tick{Value: d, Label: t.label})
		}
	}
	return ticks
}

func (l Load) percentiles() (*plot.Plot, error) {
	deepest := 2.0
	for _, c := range l.Curves {
		deepest = max(deepest, min(depth(c.Most), 6))
	}
	p := newPlot(deepest)
	p.X.Tick.Marker = percentileTicks{}
	p.X.Label.Text = "percentile"
	var lines []namedLine
	for _, c := range l.Curves {
		line := namedLine{name: c.Name}
		end := max(min(depth(c.Most), deepest), 0.3)
		for i := range curvePoints {
			x := end * float64(i) / (curvePoints - 1)
			line.points = append(line.points, plotter.XY{X: x, Y: c.At(1 - math.Pow(10, -x))})
		}
		lines = append(lines, line)
	}
	return p, l.logarithmic(p, lines)
}

// namedLine is a line with its name in the legend.
type namedLine struct {
	name   string
	points plotter.XYs
}

// logarithmic draws latencies with their deadline on a logarithmic axis.
func (l Load) logarithmic(p *plot.Plot, lines []namedLine) error {
	p.Y.Scale, p.Y.Tick.Marker, p.Y.Label.Text = plot.LogScale{}, logTicks{}, "latency (ms)"
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, line := range lines {
		for i := range line.points {
			y := &line.points[i].Y
			*y = max(*y, leastLatency)
			lo, hi = min(lo, *y), max(hi, *y)
		}
	}
	if l.Mark > 0 && len(lines) > 0 {
		lo, hi = min(lo, l.Mark), max(hi, l.Mark)
		lines = append(lines, namedLine{"deadline", plotter.XYs{{X: p.X.Min, Y: l.Mark}, {X: p.X.Max, Y: l.Mark}}})
	}
	if lo > hi {
		lo, hi = 1, 10 // nothing was measured
	}
	p.Y.Min, p.Y.Max = lo/1.15, hi*1.3
	return l.lines(p, lines)
}

// lines draws a grid and lines, the deadline dashed.
func (l Load) lines(p *plot.Plot, lines []namedLine) error {
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = colorGrid, colorGrid
	grid.Horizontal.Width, grid.Vertical.Width = vg.Points(0.4), vg.Points(0.4)
	p.Add(grid)
	p.Legend.Top, p.Legend.Left = true, true
	p.Legend.TextStyle.Font, p.Legend.TextStyle.Color = sans(9.5), colorText
	p.Legend.XOffs, p.Legend.YOffs, p.Legend.ThumbnailWidth, p.Legend.Padding = 8, -6, 18, 2
	for i, named := range lines {
		line, err := plotter.NewLine(named.points)
		if err != nil {
			return err
		}
		line.Color, line.Width = loadColors[i%len(loadColors)], vg.Points(1.3)
		if named.name == "deadline" {
			line.Color, line.Width, line.Dashes = colorText, vg.Points(0.8), []vg.Length{4, 3}
		}
		p.Add(line)
		p.Legend.Add(named.name, line)
	}
	return nil
}

// over makes a line of the intervals in which something was measured, none where there are none.
func (l Load) over(name string, value func(LoadPoint) float64) []namedLine {
	line := namedLine{name: name}
	for _, p := range l.Points {
		if v := value(p); v > 0 {
			line.points = append(line.points, plotter.XY{X: p.Start + p.Length/2, Y: v})
		}
	}
	if len(line.points) == 0 {
		return nil
	}
	return []namedLine{line}
}

func (l Load) seconds() float64 {
	if len(l.Points) == 0 {
		return 1
	}
	last := l.Points[len(l.Points)-1]
	return last.Start + last.Length
}

func (l Load) latencies() (*plot.Plot, error) {
	p := newPlot(l.seconds())
	return p, l.logarithmic(p, slices.Concat(
		l.over("p50", func(p LoadPoint) float64 { return p.P50 }),
		l.over("p99", func(p LoadPoint) float64 { return p.P99 }),
		l.over("max", func(p LoadPoint) float64 { return p.Max }),
	))
}

func (l Load) throughput() (*plot.Plot, error) {
	p := newPlot(l.seconds())
	p.X.Label.Text, p.Y.Label.Text = "time (s)", l.Unit+" / s"
	right, failed := namedLine{name: "right"}, namedLine{name: "failed"}
	most := 0.0
	failures := false
	for _, i := range l.Points {
		x := i.Start + i.Length/2
		right.points = append(right.points, plotter.XY{X: x, Y: i.Right})
		failed.points = append(failed.points, plotter.XY{X: x, Y: i.Failed})
		most, failures = max(most, i.Right, i.Failed), failures || i.Failed > 0
	}
	p.Y.Min, p.Y.Max = 0, max(most*1.25, 1)
	var lines []namedLine
	if len(right.points) > 0 {
		lines = append(lines, right)
	}
	if failures {
		lines = append(lines, failed)
	}
	return p, l.lines(p, lines)
}

// logTicks are labels at 1, 2 and 5 times the powers of ten, or at the powers alone where those are many.
type logTicks struct{}

// Ticks implements plot.Ticker.
func (logTicks) Ticks(lo, hi float64) (ticks []plot.Tick) {
	many := math.Log10(hi/lo) > 3
	for e := math.Floor(math.Log10(lo)); e <= math.Ceil(math.Log10(hi)); e++ {
		for m := 1.0; m < 10; m++ {
			v := m * math.Pow(10, e)
			if v < lo || v > hi {
				continue
			}
			t := plot.Tick{Value: v}
			if m == 1 || !many && (m == 2 || m == 5) {
				t.Label = fmt.Sprintf("%g", math.Round(v*1e6)/1e6)
			}
			ticks = append(ticks, t)
		}
	}
	return ticks
}
