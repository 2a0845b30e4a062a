package detect

import (
	"fmt"
	"time"

	"github.com/tphakala/simd/f32"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/resample"
	"github.com/remotemedia/remotemedia-go/audio/silero"
	"github.com/remotemedia/remotemedia-go/node"
	"github.com/remotemedia/remotemedia-go/node/param"
)

// SileroParams are the parameters of SileroVADNode.
type SileroParams struct {
	Threshold    float64  `param:"threshold" default:"0.5" min:"0" max:"1" doc:"The probability from which on a window is speech, and speech begins."`
	NegThreshold *float64 `param:"neg_threshold" min:"0" max:"1" doc:"The probability from which on speech that has begun goes on, at most threshold; threshold - 0.15, at least 0, where it isn't given."`
	Rate         int      `param:"sampling_rate" enum:"8000,16000" default:"16000" unit:"Hz" doc:"Accepted for the sake of older manifests: the network runs at 16 kHz, whatever comes in."`
	MinSpeech    int      `param:"min_speech_duration_ms" default:"250" min:"0" max:"5000" unit:"ms" doc:"Shorter speech isn't told in events."`
	MinSilence   int      `param:"min_silence_duration_ms" default:"100" min:"0" max:"5000" unit:"ms" doc:"How long silence lasts before speech ends."`
	Pad          int      `param:"speech_pad_ms" default:"30" min:"0" max:"500" unit:"ms" doc:"How much earlier a start and later an end is dated in events."`
}

// Validate implements param.Validator.
func (p *SileroParams) Validate() error {
	if p.NegThreshold != nil && *p.NegThreshold > p.Threshold {
		return param.Errorf("neg_threshold", "%g is above the threshold of %g: expected at most that", *p.NegThreshold, p.Threshold)
	}
	return nil
}

// Output implements node.Formatter.
func (p SileroParams) Output(in audio.Format) (audio.Format, error) {
	if in.Rate != 0 && in.Rate < resample.MinRate {
		return in, fmt.Errorf("the audio has %d Hz: expected %d to %d Hz", in.Rate, resample.MinRate, resample.MaxRate)
	}
	return in, nil
}

// stay is the probability from which on speech goes on.
func (p SileroParams) stay() float64 {
	if p.NegThreshold != nil {
		return *p.NegThreshold
	}
	return max(p.Threshold-0.15, 0)
}

func sileroSpec() node.Spec {
	return node.Define(node.Spec{
		Name: "SileroVADNode", Aliases: []string{"SileroVAD", "candle-silero-vad"}, Category: Category,
		Summary: "Detects speech with the Silero network.",
		Doc: "The audio is averaged to mono, resampled to 16 kHz and cut into windows of 512 samples (32 ms), which go on across " +
			"items. For every window completed there is one object, in order: `has_speech` (the probability is at least " +
			"`threshold`), `speech_probability`, `is_speech_start`, `is_speech_end`, `timestamp_ms` (of the window's start), `rms` and " +
			"`peak` (of its samples at 16 kHz), `samples`, `sample_rate` and `events`. The original audio follows, once an item.\n\n" +
			"Speech starts with a window of at least `threshold`, and ends when windows below `neg_threshold` have lasted for " +
			"`min_silence_duration_ms`; `is_speech_start` and `is_speech_end` tell so at once. `events` is for those who cut audio: it " +
			"lists the starts and ends of speech, `{\"type\": \"speech_start\" | \"speech_end\", \"position_frames\": n, \"timestamp_ms\": x}`, " +
			"with a start told when speech has lasted for `min_speech_duration_ms` and dated `speech_pad_ms` before its first window, " +
			"an end dated as much after its last one, at the end of the input at most; shorter speech isn't listed. Nothing of this depends on how the audio is cut.\n\n" +
			"At the end of the input the rest is completed with silence to a window, whose `samples` tell how many were there; " +
			"speech that is open ends in it, or, where nothing is left, in an object of 0 samples and probability 0.",
		Accepts: node.Audio, Produces: node.Audio | node.JSON, Granularity: node.PerItem, Stateful: true, MultiOutput: true,
		Latency: 32 * time.Millisecond, LatencyClass: "medium", Example: `{"threshold": 0.6, "min_silence_duration_ms": 300}`,
		Fails: "audio of a rate below 8,000 or above 768,000 Hz.",
	}, newSilero)
}

// sileroReport is the object that is told of a window.
type sileroReport struct {
	HasSpeech     bool    `json:"has_speech"`
	Probability   float64 `json:"speech_probability"`
	IsSpeechStart bool    `json:"is_speech_start"`
	IsSpeechEnd   bool    `json:"is_speech_end"`
	Timestamp     float64 `json:"timestamp_ms"`
	RMS           float64 `json:"rms"`
	Peak          float64 `json:"peak"`
	Samples       int     `json:"samples"`
	Rate          int     `json:"sample_rate"`
	Events        []event `json:"events"`
}

type sileroVAD struct {
	SileroParams
	windows windower
	model   *silero.Model
	state   silero.State
	speech  hysteresis
	report  sileroReport // of the window at hand; its slice is used again
	last    audio.Stamp  // where the last window ended

	total, spoken int64 // windows of the whole session
	segments      int64
}

func newSilero(p SileroParams, _ node.Env) (node.Processor, error) {
	const perMilli = silero.Rate / 1000
	return &sileroVAD{SileroParams: p, model: silero.Default(), speech: hysteresis{
		start: p.Threshold, stay: p.stay(),
		minSpeech: p.MinSpeech * perMilli, minSilence: p.MinSilence * perMilli, pad: p.Pad,
	}}, nil
}

// Process tells what it found and hands the audio on.
func (v *sileroVAD) Process(c *node.Call, in node.Item) error {
	b := in.Audio
	if !v.windows.time.Continues(b) {
		if err := v.Flush(c); err != nil {
			return err
		}
	}
	if !v.windows.time.Started() {
		if _, err := v.Output(b.Format); err != nil {
			return err
		}
		if err := v.windows.start(c, b.Format); err != nil {
			return err
		}
	}
	if err := v.windows.feed(c, b, v.window); err != nil {
		return err
	}
	if b.Frames() == 0 {
		return nil
	}
	return c.Emit(in)
}

// window judges one window and tells of it.
func (v *sileroVAD) window(c *node.Call, w frame) error {
	p := float64(v.model.Process(&v.state, w.samples))
	v.begin(w.samples)
	v.report.Probability, v.report.HasSpeech = p, p >= v.Threshold
	if v.total++; v.report.HasSpeech {
		v.spoken++
	}
	rate := v.windows.format.Rate
	v.report.IsSpeechStart, v.report.IsSpeechEnd = v.speech.next(p, w, rate)
	if v.windows.ending && v.speech.finish(rate) {
		v.report.IsSpeechEnd = true
	}
	v.last = w.end
	return v.tell(c, w.start)
}

// begin fills the report with what the samples alone tell.
func (v *sileroVAD) begin(samples []float32) {
	v.report = sileroReport{RMS: rms(samples), Peak: peak(samples), Samples: len(samples), Rate: silero.Rate, Events: v.report.Events[:0]}
}

func peak(samples []float32) float64 {
	if len(samples) == 0 {
		return 0
	}
	return float64(f32.MaxAbs(samples))
}

// tell completes the report of the window that starts at a stamp and emits it.
func (v *sileroVAD) tell(c *node.Call, at audio.Stamp) error {
	v.report.Timestamp = millis(at)
	v.report.Events = append(v.report.Events, v.speech.events...)
	v.speech.events = v.speech.events[:0]
	for _, e := range v.report.Events {
		if e.Type == "speech_start" {
			v.segments++
		}
	}
	return c.EmitJSON(&v.report, at)
}

// Flush judges what is left, ends speech that is open and makes ready for another stream.
func (v *sileroVAD) Flush(c *node.Call) error {
	if v.windows.time.Started() {
		v.speech.bound, v.speech.bounded = v.windows.time.End(), true
	}
	if err := v.windows.flush(c, v.window); err != nil {
		return err
	}
	if v.speech.finish(v.windows.format.Rate) {
		v.begin(nil)
		v.report.IsSpeechEnd = true
		if err := v.tell(c, v.last); err != nil {
			return err
		}
	}
	v.Reset()
	return nil
}

// Reset implements node.Resetter. Speech that was open is forgotten with the audio that would have ended it.
func (v *sileroVAD) Reset() {
	v.windows.reset()
	v.state.Reset()
	v.speech.reset()
}

// Report implements node.Reporter.
func (v *sileroVAD) Report(m map[string]any) {
	m["vad_segments"] = v.segments
	m["silence_ratio"] = 0.0
	if v.total > 0 {
		m["silence_ratio"] = 1 - float64(v.spoken)/float64(v.total)
	}
}

// Close implements node.Closer.
func (v *sileroVAD) Close() { v.windows.memory.Release() }
