package transform

import (
	"time"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/resample"
	"github.com/remotemedia/remotemedia-go/node"
)

// TransformParams are the parameters of AudioTransform.
type TransformParams struct {
	Rate     int `param:"output_sample_rate" default:"44100" min:"8000" max:"768000" unit:"Hz" doc:"The sample rate that goes out."`
	Channels int `param:"output_channels" default:"2" min:"1" max:"8" doc:"The number of channels that goes out."`
}

// Output implements node.Formatter.
func (p TransformParams) Output(in audio.Format) (audio.Format, error) {
	return p.conversion().output(in)
}

func (p TransformParams) conversion() conversion {
	return conversion{rate: p.Rate, channels: p.Channels, quality: resample.High}
}

func transformSpec() node.Spec {
	return node.Define(node.Spec{
		Name: "AudioTransform", Aliases: []string{"audio-transform"}, Category: Category, Summary: "Brings audio to a sample rate and a number of channels.",
		Doc: "Works as AudioResample with `channels`: many channels become one by their mean, one becomes many by copies, otherwise " +
			"the first ones stay, missing ones are silent, and a warning tells. Metadata is kept. Audio that is so already " +
			"passes untouched.",
		Accepts: node.Audio, Produces: node.Audio, Granularity: node.PerSample, Stateful: true,
		Latency: 1300 * time.Microsecond, LatencyClass: "fast", // 56 samples at 44.1 kHz
		Example: `{"output_sample_rate": 48000, "output_channels": 1}`,
		Fails:   "audio of a rate that isn't 8,000 to 768,000 Hz.",
	}, func(p TransformParams, _ node.Env) (node.Processor, error) { return newResampler(p.conversion()), nil })
}
