package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/client"
	"github.com/remotemedia/remotemedia-go/conformance/local"
	"github.com/remotemedia/remotemedia-go/fault"
)

var ctx = context.Background()

// exampleService starts a service for an example.
func exampleService() (address string, stop func()) {
	address, end, err := local.Start(nil)
	if err != nil {
		log.Fatal(err)
	}
	return address, func() {
		if err := end(); err != nil {
			log.Fatal(err)
		}
	}
}

func ExampleClient_Run() {
	address, stop := exampleService()
	defer stop()

	c, err := client.Dial(address)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	speech, err := client.NewPipeline("speech",
		client.Node{Type: "AudioResample", ID: "resample", Params: client.Params{"target_sample_rate": 16000}},
		client.Node{Type: "VAD", ID: "vad"},
	)
	if err != nil {
		log.Fatal(err)
	}
	file, err := os.Open("../testdata/speech/two-sentences-44k1.wav")
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	in, err := client.ReadWAV(file)
	if err != nil {
		log.Fatal(err)
	}
	result, err := c.Run(ctx, speech, in)
	if err != nil {
		log.Fatal(err)
	}
	out := result.Audio["vad"] // by node id
	samples := client.Samples[int16](out)
	fmt.Println(out.Format.Rate, len(samples) == out.Frames())

	var told struct {
		HasSpeech bool `json:"has_speech"`
	}
	if err := json.Unmarshal(result.Lists["vad"].Data[0], &told); err != nil {
		log.Fatal(err)
	}
	fmt.Println(told.HasSpeech, result.Status, len(result.Nodes))
	// Output:
	// 16000 true
	// true success 2
}

func ExampleClient_Execute() {
	address, stop := exampleService()
	defer stop()
	c, err := client.Dial(address)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	m, err := client.ParseManifest(`
version: v1
nodes:
  - {id: both, node_type: PassThrough}
  - {id: calc, node_type: CalculatorNode, params: {operation: add, value: 5.0}}
`)
	if err != nil {
		log.Fatal(err)
	}
	left, right := []float32{0, 0.5}, []float32{1, -0.5}
	result, err := c.Execute(ctx, client.Request{
		Manifest: m,
		Inputs: client.Inputs{
			Audio: map[string]client.Audio{"both": client.FromSamples(48000, 2, []float32{left[0], right[0], left[1], right[1]})},
			Data:  map[string]json.RawMessage{"calc": json.RawMessage(`{"value": 10.0}`)},
		},
		Limits:    client.Limits{Timeout: 2 * time.Second},
		RequestID: "my-call",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Audio["both"].Samples()[1], string(result.Data["calc"]), result.RequestID)
	// Output:
	// [1 -0.5] 15.0 my-call
}

func ExampleNewPipeline() {
	m, err := client.NewPipeline("branches",
		client.Node{Type: "PassThrough", ID: "in"},
		client.Node{Type: "AudioResample", ID: "low", Params: client.Params{"target_sample_rate": 8000}, Output: true},
		client.Node{Type: "AudioFormatConverter", Params: client.Params{"target_format": "i16"}},
		client.Node{Type: "VAD", After: []string{"in"}}, // the others follow the node before them
	)
	if err != nil {
		log.Fatal(err)
	}
	for _, edge := range m.Connections {
		fmt.Println(edge.From, "->", edge.To)
	}
	// Output:
	// in -> low
	// low -> audio_format_converter
	// in -> vad
}

func ExampleStream_Pipe() {
	address, stop := exampleService()
	defer stop()
	c, err := client.Dial(address)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	speech, err := client.LoadManifest("../examples/manifests/speech.yaml")
	if err != nil {
		log.Fatal(err)
	}
	file, err := os.Open("../testdata/speech/two-sentences-44k1.wav")
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()

	stream, err := c.Stream(ctx, speech, client.StreamOptions{})
	if err != nil {
		log.Fatal(err)
	}
	events := 0
	for answer, err := range stream.Pipe(client.ChunksOfWAV(file, 20*time.Millisecond)) {
		if err != nil {
			log.Fatal(err)
		}
		for _, item := range answer.Lists["vad"].Data { // one answer for each chunk, and perhaps a last one with Final
			var found struct {
				Events []struct {
					Type string  `json:"type"`
					At   float64 `json:"timestamp_ms"`
				} `json:"events"`
			}
			if err := json.Unmarshal(item, &found); err != nil {
				log.Fatal(err)
			}
			events += len(found.Events)
		}
	}
	fmt.Println(events, "events:", stream.Closed().Reason)
	// Output:
	// 4 events: Client requested close
}

func ExampleStream_Send() {
	address, stop := exampleService()
	defer stop()
	c, err := client.Dial(address)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	m, err := client.NewPipeline("echo", client.Node{Type: "PassThrough", ID: "in"})
	if err != nil {
		log.Fatal(err)
	}

	stream, err := c.Stream(ctx, m, client.StreamOptions{Backpressure: client.DropOldest})
	if err != nil {
		log.Fatal(err)
	}
	defer stream.Cancel() // ends at once; of no effect behind a good end
	go func() {
		for i := range 3 {
			if err := stream.Send(client.Chunk{Audio: client.FromSamples(8000, 1, []int16{int16(i)})}); err != nil {
				return // the stream has ended: Recv tells why
			}
		}
		stream.Close() // what was sent is processed, and the nodes are flushed
	}()
	for {
		answer, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(answer.Sequence, client.Samples[int16](answer.Audio["in"]))
	}
	// Output:
	// 0 [0]
	// 1 [1]
	// 2 [2]
}

func ExampleReadAudio() {
	address, stop := exampleService()
	defer stop()
	c, err := client.Dial(address)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	m, err := client.NewPipeline("telephone", client.Node{Type: "AudioResample", ID: "r", Params: client.Params{"target_sample_rate": 8000}})
	if err != nil {
		log.Fatal(err)
	}
	microphone, speaker := bytes.NewReader(make([]byte, 96000)), new(bytes.Buffer)

	stream, err := c.Stream(ctx, m, client.StreamOptions{})
	if err != nil {
		log.Fatal(err)
	}
	format := audio.Format{Rate: 48000, Channels: 1, Encoding: pcm.I16}
	out := client.ReadAudio(stream.Pipe(client.ChunksOfPCM(microphone, format, 20*time.Millisecond)), "r")
	defer out.Close()
	if _, err := io.Copy(speaker, out); err != nil {
		log.Fatal(err)
	}
	fmt.Println(speaker.Len(), "bytes")
	// Output:
	// 16000 bytes
}

func Example_errors() {
	address, stop := exampleService()
	defer stop()
	c, err := client.Dial(address)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	m, err := client.NewPipeline("low", client.Node{Type: "AudioResample", ID: "low", Params: client.Params{"target_sample_rate": 7}})
	if err != nil {
		log.Fatal(err)
	}

	_, err = c.Run(ctx, m, client.FromSamples(48000, 1, []float32{0}))
	var f *fault.Error
	if errors.As(err, &f) {
		switch {
		case f.Retryable():
			fmt.Println("come again in", f.RetryAfter)
		case f.Kind == fault.Validation:
			fmt.Println(f.Code, f.NodeID, len(f.Problems), f.RequestID() != "")
		}
	}
	// Output:
	// bad_parameter low 1 true
}

func Example_connection() {
	address, stop := exampleService()
	defer stop()

	c, err := client.Dial(address,
		client.WithTokenSource(func(context.Context) (string, error) { return "read it from where it is rotated", nil }), // or WithToken
		client.WithTimeout(30*time.Second), // of a unary call with its repetitions, besides its context
		client.WithRetry(client.Retry{Attempts: 8, First: 100 * time.Millisecond, Longest: 5 * time.Second}),
	)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	version, err := c.Version(ctx)
	if err != nil {
		log.Fatal(err)
	}
	health, err := c.Health(ctx, "")
	if err != nil {
		log.Fatal(err)
	}
	metrics, err := c.Metrics(ctx, client.MetricsOptions{NodeTypes: true})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(version.Protocol, version.Compatible, health, metrics.ExecuteLatency.P95)
	// Output:
	// v1 true SERVING 0s
}

func ExampleLoadTLS() {
	config, err := client.LoadTLS(client.TLSFiles{CA: "", ServerName: "audio.example"}) // Cert and Key for mTLS
	if err != nil {
		log.Fatal(err)
	}
	c, err := client.Dial("audio.example:50051", client.WithTLS(config))
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	fmt.Println(c.Target())
	// Output:
	// audio.example:50051
}
