package cli

import (
	"io"
	"path/filepath"
	"strings"

	"github.com/remotemedia/remotemedia-go/internal/load"
	"github.com/remotemedia/remotemedia-go/internal/plot"
)

// plotFormat is that of a file by its name; standard output gets SVG.
func plotFormat(path string) (string, error) {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".png":
		return plot.PNG, nil
	case ".svg":
		return plot.SVG, nil
	}
	if path == "" || path == stdio {
		return plot.SVG, nil
	}
	return "", usagef("--plot %s: expected a name that ends with .svg or .png", path)
}

// plot draws the result.
func (b *benchReport) plot(w io.Writer) error {
	format, err := plotFormat(b.cmd.Plot)
	if err != nil {
		return err
	}
	r := b.result
	out := plot.Load{Title: b.title(), Subtitle: b.subtitle(), Unit: r.Kind.String(), Mark: inMillis(r.Deadline)}
	for _, m := range []load.Measure{load.Latency, load.Service, load.First, load.Final, load.Failed} {
		h := r.Of(m)
		if h.Count() == 0 || m == load.Service && !r.OpenLoop && !b.cmd.Realtime {
			continue
		}
		out.Curves = append(out.Curves, plot.Curve{
			Name: m.String(), Most: 1 - 1/float64(h.Count()),
			At: func(share float64) float64 { return inMillis(h.Quantile(share)) },
		})
	}
	for _, i := range r.Series {
		seconds := i.Length.Seconds()
		// The last interval ends with the run; a short rest of one says nothing of a rate.
		if seconds = min(seconds, (r.Elapsed - i.Start).Seconds()); seconds < i.Length.Seconds()/2 && len(out.Points) > 0 {
			continue
		}
		out.Points = append(out.Points, plot.LoadPoint{
			Start: i.Start.Seconds(), Length: seconds, Right: float64(i.Units) / seconds, Failed: float64(i.Failures) / seconds,
			P50: inMillis(i.Latency.Quantile(0.5)), P99: inMillis(i.Latency.Quantile(0.99)), Max: inMillis(i.Latency.Max()),
		})
	}
	return out.Write(w, format)
}
