package service

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/manifest"
	"github.com/remotemedia/remotemedia-go/media"
)

// pipelines are manifests for which no file is needed. The data is the input of those that take no audio.
var pipelines = map[string]struct{ manifest, data string }{
	"passthrough": {manifest: `{"version":"v1","metadata":{"name":"passthrough"},"nodes":[{"id":"in","node_type":"PassThrough"}]}`},
	"resample": {manifest: `{"version":"v1","metadata":{"name":"resample"},"nodes":[
		{"id":"resample","node_type":"AudioResample","params":{"target_sample_rate":16000}}]}`},
	"resample-vad": {manifest: `{"version":"v1","metadata":{"name":"resample-vad"},"nodes":[
		{"id":"resample","node_type":"AudioResample","params":{"target_sample_rate":16000}},
		{"id":"vad","node_type":"VAD"}],"connections":[{"from":"resample","to":"vad"}]}`},
	"calculator": {
		manifest: `{"version":"v1","metadata":{"name":"calculator"},"nodes":[
			{"id":"calc","node_type":"CalculatorNode","params":{"operation":"add","value":5.0}}]}`,
		data: `{"value":10.0}`,
	},
}

// Pipelines names the pipelines that [Pipeline] knows, sorted.
func Pipelines() []string { return slices.Sorted(maps.Keys(pipelines)) }

// Pipeline gives one of them; data is the input of one that takes no audio, otherwise nil.
func Pipeline(name string) (m *manifest.Manifest, data json.RawMessage, err error) {
	p, ok := pipelines[name]
	if !ok {
		return nil, nil, fmt.Errorf("there is no pipeline %q: expected one of %v", name, Pipelines())
	}
	m, problems := manifest.Parse(name, []byte(p.manifest))
	if f := fault.FromProblems(problems); f != nil {
		return nil, nil, errors.Join(fmt.Errorf("pipeline %q", name), f)
	}
	if p.data != "" {
		data = json.RawMessage(p.data)
	}
	return m, data, nil
}

// Signal makes audio like speech to a detector: a tone with harmonics and noise that comes and goes four times a second, with a
// pause in every other second. Equal arguments give equal audio; no two stretches of it are the same.
func Signal(format audio.Format, frames int, seed uint64) (media.Audio, error) {
	if err := format.Check(); err != nil {
		return media.Audio{}, err
	}
	random := rand.New(rand.NewPCG(seed, seed))
	channels := make([][]float32, format.Channels)
	for c := range channels {
		channels[c] = make([]float32, frames)
	}
	var phase float64
	for i := range frames {
		t := float64(i) / float64(format.Rate)
		phase += 2 * math.Pi * (140 + 30*math.Sin(2*math.Pi*0.7*t)) / float64(format.Rate)
		level := 0.0
		if math.Mod(t, 2) < 1.5 {
			level = 0.5 - 0.5*math.Cos(2*math.Pi*4*t)
		}
		voice := level * (0.3*math.Sin(phase) + 0.15*math.Sin(3*phase) + 0.08*math.Sin(7*phase))
		for c := range channels {
			channels[c][i] = float32(voice/float64(c+1) + (0.002+0.05*level)*random.NormFloat64())
		}
	}
	a := media.Audio{Format: format, Bytes: make([]byte, frames*format.FrameBytes())}
	pcm.Encode(a.Bytes, channels, format.Encoding)
	return a, nil
}
