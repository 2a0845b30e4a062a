package remotemedia_test

import (
	"context"
	"encoding/json"
	"fmt"

	remotemedia "github.com/remotemedia/remotemedia-go"
	"github.com/remotemedia/remotemedia-go/fault"
)

func ExampleCompile() {
	_, err := remotemedia.Compile(`
version: v1
nodes:
  - id: resample
    node_type: AudioResampel
`, remotemedia.WithName("speech.yaml"))
	for _, p := range fault.From(err).Problems {
		fmt.Printf("line %d, column %d: %s: %s\n", p.Line, p.Column, p.Code, p.Hint)
	}
	// Output: line 5, column 16: unknown_node_type: did you mean AudioResample?
}

func ExamplePipeline_Run() {
	p, err := remotemedia.Compile(`{
		"version": "v1",
		"nodes": [{"id": "calc", "node_type": "CalculatorNode", "params": {"operation": "add", "value": 5.0}}]
	}`)
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := p.Run(context.Background(), remotemedia.Inputs{
		Data: map[string]json.RawMessage{"calc": json.RawMessage(`{"value": 10.0}`)},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(result.Status, string(result.Data["calc"]))
	// Output: success 15.0
}

func ExamplePipeline_Open() {
	p, err := remotemedia.Compile(`{"version": "v1", "nodes": [{"id": "resample", "node_type": "AudioResample"}]}`)
	if err != nil {
		fmt.Println(err)
		return
	}
	s, err := p.Open()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()
	frames := 0
	for range 100 { // blocks of 10 ms, as they would come from a microphone
		r, err := s.Push(context.Background(), remotemedia.Inputs{
			Audio: map[string]remotemedia.Audio{"resample": remotemedia.Planar(48000, make([]float32, 480))},
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		frames += r.Audio["resample"].Frames()
	}
	rest, err := s.Flush(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(frames+rest.Audio["resample"].Frames(), "frames")
	// Output: 16000 frames
}
