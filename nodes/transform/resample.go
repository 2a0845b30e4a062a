package transform

import (
	"fmt"
	"time"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/resample"
	"github.com/remotemedia/remotemedia-go/node"
	"github.com/remotemedia/remotemedia-go/node/param"
)

// ResampleParams are the parameters of AudioResample.
type ResampleParams struct {
	TargetRate int `param:"target_sample_rate" alias:"target_rate,sample_rate" default:"16000" min:"8000" max:"768000" unit:"Hz" doc:"The sample rate that goes out."`
	ResampleOptions
}

// ResamplerParams are those of AudioResampler, which had another default.
type ResamplerParams struct {
	TargetRate int `param:"target_sample_rate" alias:"target_rate,sample_rate" default:"44100" min:"8000" max:"768000" unit:"Hz" doc:"The sample rate that goes out."`
	ResampleOptions
}

// ResampleOptions are what the two have in common.
type ResampleOptions struct {
	SourceRate SourceRate `param:"source_rate" default:"auto" unit:"Hz" doc:"The sample rate that must come in, or auto for any."`
	Quality    string     `param:"quality" enum:"low,medium,high,very_high" default:"high" doc:"The filter: bandwidth and rejection against cost."`
	Channels   *int       `param:"channels" min:"1" max:"8" doc:"The number of channels that goes out; as many as came in where it isn't given."`
	_          struct{}   `param:"runtime_hint" ignored:"true"`
}

// SourceRate is a sample rate in Hz, 0 for auto.
type SourceRate int

// DecodeParam implements param.Union.
func (r *SourceRate) DecodeParam(raw []byte) error {
	if text, ok := param.ParseString(raw); ok && text == "auto" {
		*r = 0
		return nil
	}
	n, ok := param.ParseInt(raw)
	if !ok || n < resample.MinRate || n > resample.MaxRate {
		return fmt.Errorf(`expected "auto" or an integer, %d to %d Hz`, resample.MinRate, resample.MaxRate)
	}
	*r = SourceRate(n)
	return nil
}

// ParamSchema implements param.Union.
func (r *SourceRate) ParamSchema() []byte {
	return fmt.Appendf(nil, `{"oneOf":[{"const":"auto"},{"type":"integer","minimum":%d,"maximum":%d}]}`, resample.MinRate, resample.MaxRate)
}

// Output implements node.Formatter.
func (p ResampleParams) Output(in audio.Format) (audio.Format, error) {
	return p.settings(p.TargetRate).output(in)
}

// Output implements node.Formatter.
func (p ResamplerParams) Output(in audio.Format) (audio.Format, error) {
	return p.settings(p.TargetRate).output(in)
}

func (o ResampleOptions) settings(target int) conversion {
	c := conversion{rate: target, source: int(o.SourceRate)}
	c.quality, _ = resample.ParseQuality(o.Quality) // the enum admits nothing else
	if o.Channels != nil {
		c.channels = *o.Channels
	}
	return c
}

const resampleDoc = "Audio of any length comes in; of the N frames since the start, floor(N L/M + 1/2) go out (L/M is the reduced " +
	"ratio of the rates), the last of them at the end of the input. The filter is of linear phase and its delay is " +
	"compensated: an event stays at its media time. How the audio is cut into items doesn't change a bit of it. Equal " +
	"rates pass the bytes on untouched. The encoding stays.\n\n" +
	"With `channels`, many become one by their mean, one becomes many by copies; otherwise the first ones stay, missing ones " +
	"are silent, and a warning tells.\n\nAnother format or stream id ends the audio before it and starts anew."

func resampleSpec() node.Spec {
	return node.Define(resampling(node.Spec{
		Name:    "AudioResample",
		Aliases: []string{"AudioResampleNode", "RustResampleNode", "FastResampleNode", "AutoResampleNode", "Resample"},
		Example: `{"target_sample_rate": 16000, "quality": "high"}`,
	}), func(p ResampleParams, _ node.Env) (node.Processor, error) {
		return newResampler(p.settings(p.TargetRate)), nil
	})
}

func resamplerSpec() node.Spec {
	return node.Define(resampling(node.Spec{
		Name: "AudioResampler", Aliases: []string{"audio-resampler"}, Example: `{"target_sample_rate": 48000}`,
	}), func(p ResamplerParams, _ node.Env) (node.Processor, error) {
		return newResampler(p.settings(p.TargetRate)), nil
	})
}

func resampling(s node.Spec) node.Spec {
	s.Category, s.Summary, s.Doc = Category, "Changes the sample rate.", resampleDoc
	s.Accepts, s.Produces = node.Audio, node.Audio
	s.Granularity, s.Stateful = node.PerSample, true
	s.Fails = "audio of another rate than `source_rate`, where that is given, and of a rate that isn't 8,000 to 768,000 Hz."
	s.Latency, s.LatencyClass = 3500*time.Microsecond, "fast" // 56 samples at 16 kHz
	return s
}
