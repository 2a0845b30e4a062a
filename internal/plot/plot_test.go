package plot

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/remotemedia/remotemedia-go/audio/codec/wav"
)

func tone(hz float64, rate, frames int) []float32 {
	x := make([]float32, frames)
	for i := range x {
		x[i] = float32(math.Sin(2 * math.Pi * hz * float64(i) / float64(rate)))
	}
	return x
}

// speech returns the bundled clip as a panel.
func speech(t testing.TB, name string) Panel {
	t.Helper()
	file, err := os.Open("../../testdata/speech/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	r, err := wav.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	frames, _ := r.Frames()
	p := Panel{Title: name, Rate: r.Rate(), Samples: make([][]float32, r.Channels())}
	for c := range p.Samples {
		p.Samples[c] = make([]float32, frames)
	}
	if _, err := r.ReadFloats(p.Samples); err != nil {
		t.Fatal(err)
	}
	return p
}

// drawn is a figure and its pixels.
type drawn struct {
	*figure
	img image.Image
}

// pixel returns the colour at a place in a plot: x and y from 0 (left, bottom) to 1.
func (f drawn) pixel(plot int, x, y float64) color.RGBA {
	area := f.areas[plot]
	px := (float64(area.Min.X) + x*float64(area.Max.X-area.Min.X)) * dpi / 72
	py := (float64(area.Min.Y) + y*float64(area.Max.Y-area.Min.Y)) * dpi / 72
	return color.RGBAModel.Convert(f.img.At(int(px), f.img.Bounds().Dy()-1-int(py))).(color.RGBA)
}

func picture(t *testing.T, opts Options) drawn {
	t.Helper()
	opts.Width, opts.Height = 500, 450 // small, for speed
	f, err := compose(opts)
	if err != nil {
		t.Fatal(err)
	}
	return drawn{f, f.canvas.Image()}
}

func brightness(c color.RGBA) int { return int(c.R) + int(c.G) + int(c.B) }

func TestRenderWritesAPNGOfTheSizeAskedFor(t *testing.T) {
	t.Parallel()
	clip := speech(t, "two-sentences-44k1.wav")
	for _, tc := range []struct {
		opts Options
		want image.Point
	}{
		{Options{Title: "speech", Panels: []Panel{clip}}, image.Pt(1400, 620)},
		{Options{Title: "speech", Panels: []Panel{clip, clip, clip, clip}, Width: 501, Height: 600}, image.Pt(501, 600)},
	} {
		var b bytes.Buffer
		if err := Render(&b, tc.opts); err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(&b)
		if err != nil {
			t.Fatal(err)
		}
		if got := img.Bounds().Size(); got != tc.want {
			t.Errorf("%v pixels, want %v", got, tc.want)
		}
	}
}

func TestSegmentsAreShaded(t *testing.T) {
	t.Parallel()
	f := picture(t, Options{
		Panels:   []Panel{{Rate: 8000, Samples: [][]float32{make([]float32, 8000)}}},
		Segments: []Segment{{0.25, 0.5}, {0.9, 7}, {-3, -1}, {2, 3}},
	})
	for x, want := range map[float64]bool{0.1: false, 0.27: true, 0.4: true, 0.48: true, 0.6: false, 0.85: false, 0.95: true} {
		c := f.pixel(0, x, 0.8)
		if got := int(c.G) > int(c.R)+10 && int(c.G) > int(c.B)+10; got != want {
			t.Errorf("at %v s the colour is %v, shaded %v, want %v", x, c, got, want)
		}
	}
	if want := "speech: 2 segments, 0.35 s"; f.legend != want {
		t.Errorf("the legend is %q, want %q", f.legend, want)
	}
}

func TestAToneIsTheBrightestRow(t *testing.T) {
	t.Parallel()
	for _, hz := range []float64{500, 3000, 6500} {
		f := picture(t, Options{Panels: []Panel{{Rate: 16000, Samples: [][]float32{tone(hz, 16000, 16000)}}}})
		best, at := -1, 0.0
		for y := 0.005; y < 1; y += 0.005 {
			if b := brightness(f.pixel(1, 0.5, y)); b > best {
				best, at = b, y
			}
		}
		if got := at * 8000; math.Abs(got-hz) > 100 {
			t.Errorf("a tone of %v Hz is brightest at %.0f Hz", hz, got)
		}
	}
}

func TestLevelsAreInDBFS(t *testing.T) {
	t.Parallel()
	for _, gain := range []float64{1, 0.1, 0.001} {
		x := tone(1000, 16000, 16000)
		for i := range x {
			x[i] *= float32(gain)
		}
		s := Panel{Rate: 16000, Samples: [][]float32{x}}.analyze(50, 100, 1, 8000)
		if got, want := s.max(), 20*math.Log10(gain); math.Abs(got-want) > 0.5 {
			t.Errorf("a sine of amplitude %v has %.2f dBFS, want %.2f", gain, got, want)
		}
	}
}

func TestWhatLiesAboveTheNyquistFrequencyIsLeftOut(t *testing.T) {
	t.Parallel()
	f := picture(t, Options{Panels: []Panel{
		{Rate: 48000, Samples: [][]float32{tone(10000, 48000, 48000)}}, {Rate: 16000, Samples: [][]float32{tone(1000, 16000, 16000)}},
	}})
	if got := f.pixel(2, 0.2, 0.6); got != colorNothing {
		t.Errorf("14.4 kHz at a rate of 16 kHz is %v, want %v", got, colorNothing)
	}
	if got := f.pixel(2, 0.2, 0.2); brightness(got) > 50 {
		t.Errorf("4.8 kHz without a signal is %v, want dark", got)
	}
	high := 0
	for y := 9.8; y < 10.2; y += 0.02 {
		high = max(high, brightness(f.pixel(1, 0.2, y/24)))
	}
	if low := brightness(f.pixel(1, 0.2, 0.6)); high < low+200 {
		t.Errorf("before: 10 kHz has brightness %d, 14.4 kHz %d", high, low)
	}
}

func TestTheAxesAreAligned(t *testing.T) {
	t.Parallel()
	f := picture(t, Options{Panels: []Panel{
		{Title: "a", Rate: 768000, Samples: [][]float32{tone(10, 768000, 9999)}}, {Title: "b", Rate: 8000, Samples: [][]float32{tone(10, 8000, 800)}},
	}})
	for i, a := range f.areas {
		if math.Abs(float64(a.Min.X-f.areas[0].Min.X)) > 0.01 || math.Abs(float64(a.Max.X-f.areas[0].Max.X)) > 0.01 {
			t.Errorf("plot %d goes from %v to %v, the first from %v to %v", i, a.Min.X, a.Max.X, f.areas[0].Min.X, f.areas[0].Max.X)
		}
	}
}

func TestEdgesOfTheInput(t *testing.T) {
	t.Parallel()
	nan, inf := float32(math.NaN()), float32(math.Inf(-1))
	for name, p := range map[string]Panel{
		"nothing": {Rate: 16000}, "no samples": {Rate: 16000, Samples: [][]float32{{}}}, "one sample": {Rate: 16000, Samples: [][]float32{{0.5}}},
		"ragged": {Rate: 16000, Samples: [][]float32{{1, 2}, {1}}}, "not finite": {Rate: 1, Samples: [][]float32{{nan, inf, -inf, math.MaxFloat32}}},
		"high rate": {Rate: MaxRate, Samples: [][]float32{{0, 1}}}, "silence": {Rate: 8000, Samples: [][]float32{make([]float32, 999)}},
	} {
		panels := []Panel{p, {Rate: 8000, Samples: [][]float32{{0.5, 0.25}}}}
		if err := Render(&bytes.Buffer{}, Options{Title: name, Panels: panels, Segments: []Segment{{0, 1}}, Width: 400, Height: 400}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWrongOptionsAreErrors(t *testing.T) {
	t.Parallel()
	ok := Panel{Rate: 8000}
	for want, opts := range map[string]Options{
		"0 panels, expected 1 to 4":            {},
		"5 panels":                             {Panels: []Panel{ok, ok, ok, ok, ok}},
		"panel 1 (\"x\") has a sample rate of": {Panels: []Panel{ok, {Title: "x"}}},
		"a sample rate of 768001 Hz":           {Panels: []Panel{{Rate: MaxRate + 1}}},
		"segment 0 goes from 2 s to 1 s":       {Panels: []Panel{ok}, Segments: []Segment{{2, 1}}},
		"segment 0 goes from NaN s":            {Panels: []Panel{ok}, Segments: []Segment{{math.NaN(), 1}}},
		"a picture of 300x620 pixels":          {Panels: []Panel{ok}, Width: 300},
		"a picture of 1400x5000 pixels":        {Panels: []Panel{ok}, Height: 5000},
		"too low for so many panels":           {Panels: []Panel{ok, ok, ok, ok}, Height: 400},
	} {
		if err := Render(&bytes.Buffer{}, opts); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

type broken struct{}

var errBroken = errors.New("pipe broken")

func (broken) Write([]byte) (int, error) { return 0, errBroken }

func TestWriteErrorsArePassedOn(t *testing.T) {
	t.Parallel()
	if err := Render(broken{}, Options{Panels: []Panel{{Rate: 8000}}, Width: 400, Height: 400}); !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
}

// TestMemoryDoesNotGrowWithTheLength: the columns look at parts of a long signal.
func TestMemoryDoesNotGrowWithTheLength(t *testing.T) {
	const rate = 8000
	cost := func(seconds int) uint64 {
		p := Panel{Rate: rate, Samples: [][]float32{make([]float32, seconds*rate)}}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if got := len(p.envelope(100)); got != 100 {
			t.Fatalf("%d columns, want 100", got)
		}
		p.analyze(100, 100, float64(seconds), rate/2)
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	if short, long := cost(60), cost(3600); long > short+short/4 {
		t.Errorf("%d bytes allocated for an hour, %d for a minute", long, short)
	}
}

func TestTheEnvelopeHasTheExtremes(t *testing.T) {
	t.Parallel()
	left, right := make([]float32, 1000), make([]float32, 1000)
	left[555], right[556], left[999] = 0.75, -0.5, 0.25
	env := Panel{Rate: 8000, Samples: [][]float32{left, right}}.envelope(10)
	want := []extremes{5: {-0.5, 0.75}, 9: {0, 0.25}}
	for i := range want {
		if env[i] != want[i] {
			t.Errorf("column %d is %v, want %v", i, env[i], want[i])
		}
	}
	if len(env) != 10 || peak(env) != 0.75 {
		t.Errorf("%d columns with a peak of %v, want 10 and 0.75", len(env), peak(env))
	}
}

func TestDecimalTicks(t *testing.T) {
	t.Parallel()
	labels := func(ticker decimalTicks, lo, hi float64) (s []string) {
		for _, tick := range ticker.Ticks(lo, hi) {
			if tick.Label != "" {
				s = append(s, tick.Label)
			}
		}
		return s
	}
	for _, tc := range []struct {
		n      decimalTicks
		lo, hi float64
		want   string
	}{
		{12, 0, 5.97, "0.0 0.5 1.0 1.5 2.0 2.5 3.0 3.5 4.0 4.5 5.0 5.5"},
		{6, 0, 22.05, "0 5 10 15 20"},
		{4, -0.77, 0.77, "-0.5 0.0 0.5"},
		{9, -100, -10, "-100 -90 -80 -70 -60 -50 -40 -30 -20 -10"},
		{5, 0, 0.000125, "0.00000 0.00005 0.00010"},
	} {
		if got := strings.Join(labels(tc.n, tc.lo, tc.hi), " "); got != tc.want {
			t.Errorf("%v to %v: %s, want %s", tc.lo, tc.hi, got, tc.want)
		}
	}
}

func BenchmarkRender(b *testing.B) {
	clip := speech(b, "two-sentences-44k1.wav")
	for b.Loop() {
		if err := Render(&bytes.Buffer{}, Options{Panels: []Panel{clip, clip}}); err != nil {
			b.Fatal(err)
		}
	}
}
