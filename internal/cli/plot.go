package cli

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"

	remotemedia "github.com/remotemedia/remotemedia-go"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/internal/plot"
	"github.com/remotemedia/remotemedia-go/media"
)

type plotCmd struct {
	Files  []string `arg:"" name:"wav" help:"One WAV file, or several to compare, such as before and after."`
	Output string   `short:"o" required:"" placeholder:"PATH" help:"Where the PNG goes, - for standard output."`
	VAD    bool     `name:"vad" help:"Mark the segments of speech in the first file."`
	Title  string   `help:"Text above the picture."`
	Width  int      `placeholder:"PIXELS" help:"Width of the picture."`
	Height int      `placeholder:"PIXELS" help:"Height of the picture."`
}

// Run reads the files and writes the picture.
func (c *plotCmd) Run(ctx context.Context, env *Env) error {
	opts := plot.Options{Title: c.Title, Width: c.Width, Height: c.Height}
	for i, path := range c.Files {
		a, err := readWAV(path, env)
		if err != nil {
			return err
		}
		title := fmt.Sprintf("%s: %s", filepath.Base(path), describe(a.Format))
		opts.Panels = append(opts.Panels, plot.Panel{Title: title, Rate: a.Format.Rate, Samples: a.Samples()})
		if i == 0 && c.VAD {
			if opts.Segments, err = findSpeech(ctx, a); err != nil {
				return err
			}
		}
	}
	return c.write(opts, env)
}

func readWAV(path string, env *Env) (media.Audio, error) {
	s, err := openSource("", path, rawFormat{format: formatWAV}, env)
	if err != nil {
		return media.Audio{}, err
	}
	defer s.close()
	a, err := s.readAll(engine.MaxLimits().Samples)
	for _, text := range s.warnings() {
		fmt.Fprintf(env.Stderr, "warning: %s\n", text)
	}
	return a, err
}

// findSpeech runs the energy detector with its defaults.
func findSpeech(ctx context.Context, a media.Audio) ([]plot.Segment, error) {
	const detector = `{"version":"v1","nodes":[{"id":"vad","node_type":"VAD"}]}`
	caps := engine.MaxLimits()
	limits := media.Limits{MemoryBytes: uint64(caps.MemoryBytes), Timeout: caps.Timeout, Samples: caps.Samples}
	p, err := remotemedia.Compile(detector, remotemedia.WithLimits(limits))
	if err != nil {
		return nil, err
	}
	result, err := p.Run(ctx, media.Inputs{Audio: map[string]media.Audio{"vad": a}})
	if err != nil {
		return nil, err
	}
	found := make(segments)
	for _, item := range result.Lists["vad"].Data {
		found.add("vad", item)
	}
	var out []plot.Segment
	if t := found["vad"]; t != nil {
		for _, s := range t.done {
			out = append(out, plot.Segment{Start: s.Start, End: math.Max(s.Start, s.End)})
		}
	}
	return out, nil
}

func (c *plotCmd) write(opts plot.Options, env *Env) error {
	if c.Output == stdio {
		return plot.Render(env.Stdout, opts)
	}
	f, err := os.Create(c.Output)
	if err != nil {
		return err
	}
	if err := plot.Render(f, opts); err != nil {
		f.Close()
		os.Remove(c.Output)
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	fmt.Fprintln(env.Stdout, c.Output)
	return nil
}
