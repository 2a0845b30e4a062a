// Package work is what the servers of a benchmark are asked: pipelines, encoded requests and chunks, and the checks of what is
// answered. Every server gets the same bytes, and every answer is checked by its length and by samples of its content.
package work

import (
	"fmt"
	"math"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"

	remotemedia "github.com/remotemedia/remotemedia-go"
	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
)

// nodes of the pipelines; each pipeline is a chain.
type nodes []*pb.NodeManifest

var (
	pass     = nodes{{Id: "n", NodeType: "PassThrough"}}
	to16k    = nodes{{Id: "n", NodeType: "AudioResample", Params: `{"target_sample_rate": 16000}`}}
	to16kVAD = append(to16k[:1:1], &pb.NodeManifest{Id: "vad", NodeType: "VAD"})
	best     = nodes{
		{Id: "n", NodeType: "AudioResample", Params: `{"target_sample_rate": 16000, "quality": "very_high"}`}, {Id: "vad", NodeType: "VAD"},
	}
	to8kVAD  = nodes{{Id: "n", NodeType: "AudioResample", Params: `{"target_sample_rate": 8000}`}, {Id: "vad", NodeType: "VAD"}}
	toI16    = nodes{{Id: "n", NodeType: "AudioFormatConverter", Params: `{"target_format": "i16"}`}}
	calculus = nodes{{Id: "n", NodeType: "CalculatorNode", Params: `{"operation": "add", "value": 5.0}`}}
)

// manifest is the chain with its metadata, which makes 1 KB of it as a pipeline has that somebody has described.
func (n nodes) manifest() *pb.PipelineManifest {
	m := &pb.PipelineManifest{
		Version: "v1", Nodes: n,
		Metadata: &pb.ManifestMetadata{
			Name: "bench", CreatedAt: "2026-01-01T00:00:00Z", Description: strings.Repeat("A pipeline of the benchmarks. ", 31),
		},
	}
	for i := 1; i < len(n); i++ {
		m.Connections = append(m.Connections, &pb.Connection{From: n[i-1].Id, To: n[i].Id})
	}
	return m
}

// compile makes the same pipeline for a run in this process.
func (n nodes) compile() (*remotemedia.Pipeline, error) {
	text, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(n.manifest())
	if err != nil {
		return nil, err
	}
	p, err := remotemedia.Compile(text)
	if err != nil {
		return nil, fmt.Errorf("work: a pipeline of the benchmarks doesn't compile: %w", err)
	}
	return p, nil
}

// Tone is so many frames of what is sent: three tones and a little noise that come and go four times a second, at -9 dBFS.
func Tone(rate, frames int) []float32 {
	out := make([]float32, frames)
	seed := uint32(1)
	for i := range out {
		seed = seed*1664525 + 1013904223
		t := float64(i) / float64(rate)
		tones := math.Sin(2*math.Pi*220*t) + math.Sin(2*math.Pi*997*t) + 0.5*math.Sin(2*math.Pi*3100*t)
		noise := float64(seed)/(1<<32) - 0.5
		out[i] = float32(0.12 * (tones + 0.1*noise) * (1 - math.Cos(2*math.Pi*4*t)) / 2)
	}
	return out
}
