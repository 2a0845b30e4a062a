// Streaming sends live audio: chunks of 20 ms go in as they are made, and events come out at the same time.
//
//	go run ./examples/go/streaming testdata/speech/two-sentences-44k1.wav
//
// The service's address is in GRPC_SERVER_ADDR; without it, localhost:50051.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"log"
	"os"
	"time"

	"github.com/remotemedia/remotemedia-go/client"
)

const (
	chunk = 20 * time.Millisecond
	speed = 20 // times faster than it was spoken
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: streaming INPUT.wav")
	}
	address := cmp.Or(os.Getenv("GRPC_SERVER_ADDR"), "localhost:50051")
	if err := run(context.Background(), address, os.Args[1], os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, address, path string, out io.Writer) error {
	c, err := client.Dial(address)
	if err != nil {
		return err
	}
	defer c.Close()
	live, err := client.NewPipeline("live",
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
	stream, err := c.Stream(ctx, live, client.StreamOptions{})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "session open, %d chunks may wait\n", stream.Session().Queue)
	frames := 0
	for answer, err := range stream.Pipe(microphone(stream.Context(), file)) {
		if err != nil {
			return err
		}
		frames += answer.Audio["vad"].Frames()
		if err := tell(out, answer); err != nil {
			return err
		}
	}
	closed := stream.Closed()
	_, err = fmt.Fprintf(out, "%s: %d chunks in, %d frames out\n", closed.Reason, closed.Chunks, frames)
	return err
}

// microphone stands in for one: it gives a file chunk by chunk, faster than it was spoken, until the stream has ended.
func microphone(ctx context.Context, file io.Reader) iter.Seq2[client.Chunk, error] {
	return func(yield func(client.Chunk, error) bool) {
		tick := time.NewTicker(chunk / speed)
		defer tick.Stop()
		for c, err := range client.ChunksOfWAV(file, chunk) {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
			if !yield(c, err) {
				return
			}
		}
	}
}

// tell prints the events that a chunk brought.
func tell(out io.Writer, answer *client.Answer) error {
	for _, item := range answer.Lists["vad"].Data {
		var found struct {
			Events []struct {
				Type string  `json:"type"`
				At   float64 `json:"timestamp_ms"`
			} `json:"events"`
		}
		if err := json.Unmarshal(item, &found); err != nil {
			return err
		}
		for _, event := range found.Events {
			fmt.Fprintf(out, "%12s at %.2f s, told %v after its chunk\n", event.Type, event.At/1000, answer.Took)
		}
	}
	return nil
}
