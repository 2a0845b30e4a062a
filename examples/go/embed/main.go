// Embed runs a pipeline inside a Go program, without a service: it resamples a tone from 44.1 to 16 kHz, once as a whole and
// once block by block, as live audio would come in, and compares the two.
package main

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"log"
	"math"

	remotemedia "github.com/remotemedia/remotemedia-go"
)

//go:embed pipeline.yaml
var pipeline []byte

const rate = 44100

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	p, err := remotemedia.Compile(pipeline, remotemedia.WithName("pipeline.yaml"))
	if err != nil {
		return err
	}
	tone := sine(440, rate)
	whole, err := p.Run(ctx, input(tone))
	if err != nil {
		return err
	}
	out := whole.Audio["resample"]
	fmt.Printf("%s: %d frames at %d Hz became %d at %d Hz\n", p.Name(), len(tone), rate, out.Frames(), out.Format.Rate)

	streamed, err := stream(ctx, p, tone)
	if err != nil {
		return err
	}
	fmt.Println("streaming gives the same bytes:", bytes.Equal(streamed, out.Bytes))
	return nil
}

// stream feeds the samples in blocks and collects what comes out.
func stream(ctx context.Context, p *remotemedia.Pipeline, samples []float32) ([]byte, error) {
	s, err := p.Open()
	if err != nil {
		return nil, err
	}
	defer s.Close()
	var out []byte
	for len(samples) > 0 {
		n := min(479, len(samples))
		r, err := s.Push(ctx, input(samples[:n]))
		if err != nil {
			return nil, err
		}
		out = append(out, r.Audio["resample"].Bytes...)
		samples = samples[n:]
	}
	r, err := s.Flush(ctx)
	if err != nil {
		return nil, err
	}
	return append(out, r.Audio["resample"].Bytes...), nil
}

// input addresses mono audio to the one node at the start of the pipeline.
func input(samples []float32) remotemedia.Inputs {
	return remotemedia.Inputs{Audio: map[string]remotemedia.Audio{"": remotemedia.Planar(rate, samples)}}
}

// sine is one second of a tone at -6 dBFS.
func sine(hz float64, rate int) []float32 {
	out := make([]float32, rate)
	for i := range out {
		out[i] = float32(0.5 * math.Sin(2*math.Pi*hz*float64(i)/float64(rate)))
	}
	return out
}
