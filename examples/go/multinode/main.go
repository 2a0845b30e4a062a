// Multinode runs a pipeline with three branches: one input, three outputs, and the reports of all nodes.
//
//	go run ./examples/go/multinode
//
// The service's address is in GRPC_SERVER_ADDR; without it, localhost:50051.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"math"
	"os"
	"slices"
	"time"

	"github.com/remotemedia/remotemedia-go/client"
	"github.com/remotemedia/remotemedia-go/fault"
)

const rate = 48000

func main() {
	address := cmp.Or(os.Getenv("GRPC_SERVER_ADDR"), "localhost:50051")
	if err := run(context.Background(), address, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, address string, out io.Writer) error {
	c, err := client.Dial(address)
	if err != nil {
		return err
	}
	defer c.Close()
	branches, err := client.NewPipeline("branches",
		client.Node{Type: "PassThrough", ID: "input"},
		client.Node{Type: "AudioResample", ID: "telephone", Params: client.Params{"target_sample_rate": 16000}, Output: true},
		client.Node{Type: "AudioFormatConverter", ID: "pcm", Params: client.Params{"target_format": "i16"}},
		client.Node{Type: "AudioResample", ID: "music", Params: client.Params{"target_sample_rate": 44100, "quality": "very_high"}, After: []string{"input"}},
		client.Node{Type: "VAD", ID: "speech", After: []string{"input"}},
	)
	if err != nil {
		return err
	}
	result, err := c.Execute(ctx, client.Request{
		Manifest: branches, Inputs: client.Inputs{Audio: map[string]client.Audio{"input": chirp(2)}}, Limits: client.Limits{Timeout: 3 * time.Second},
	})
	if err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(result.Audio)) {
		fmt.Fprintf(out, "%-10s %d frames, %v\n", id, result.Audio[id].Frames(), result.Audio[id].Format)
	}
	for _, n := range result.Nodes {
		fmt.Fprintf(out, "%-10s %s, %v, %d samples in\n", n.ID, n.Status, n.Time, n.Samples)
	}
	return refused(ctx, c, out)
}

// chirp is stereo audio: a rising tone on the left, and a falling one on the right.
func chirp(seconds int) client.Audio {
	samples := make([]float32, 0, 2*rate*seconds)
	for i := range rate * seconds {
		t := float64(i) / rate
		left, right := math.Sin(2*math.Pi*(200+400*t)*t), math.Sin(2*math.Pi*(2000-400*t)*t)
		samples = append(samples, float32(left/2), float32(right/2))
	}
	return client.FromSamples(rate, 2, samples)
}

// refused shows what a wrong parameter gives.
func refused(ctx context.Context, c *client.Client, out io.Writer) error {
	wrong, err := client.NewPipeline("", client.Node{Type: "AudioResample", ID: "resample", Params: client.Params{"target_sample_rate": 1}})
	if err != nil {
		return err
	}
	_, err = c.Run(ctx, wrong, chirp(1))
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Validation {
		return fmt.Errorf("a sample rate of 1 Hz should be refused, got %v", err)
	}
	_, err = fmt.Fprintf(out, "refused, as it should be: %s: %s\n", f.NodeID, f.Code)
	return err
}
