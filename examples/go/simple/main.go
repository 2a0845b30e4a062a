// Simple resamples a WAV file on a service and tells where somebody speaks:
//
//	go run ./examples/go/simple testdata/speech/two-sentences-44k1.wav
//
// The service's address is in GRPC_SERVER_ADDR; without it, localhost:50051.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/remotemedia/remotemedia-go/client"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: simple INPUT.wav")
	}
	address := cmp.Or(os.Getenv("GRPC_SERVER_ADDR"), "localhost:50051")
	if err := run(context.Background(), address, os.Args[1], os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// found is what the detector tells of an item, as far as this program wants it.
type found struct {
	Events []struct {
		Type string  `json:"type"`
		At   float64 `json:"timestamp_ms"`
	} `json:"events"`
}

func run(ctx context.Context, address, path string, out io.Writer) error {
	c, err := client.Dial(address)
	if err != nil {
		return err
	}
	defer c.Close()
	speech, err := client.NewPipeline("speech",
		client.Node{Type: "AudioResample", Params: client.Params{"target_sample_rate": 16000}},
		client.Node{Type: "VAD"},
	)
	if err != nil {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	in, err := client.ReadWAV(file)
	if err != nil {
		return err
	}
	result, err := c.Run(ctx, speech, in)
	if err != nil {
		return err
	}
	heard := result.Audio["vad"]
	fmt.Fprintf(out, "%.2f s of %v\n", heard.Duration().Seconds(), heard.Format)
	for _, item := range result.Lists["vad"].Data {
		var f found
		if err := json.Unmarshal(item, &f); err != nil {
			return err
		}
		for _, event := range f.Events {
			fmt.Fprintf(out, "%12s at %.2f s\n", event.Type, event.At/1000)
		}
	}
	return nil
}
