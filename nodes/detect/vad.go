package detect

import (
	"fmt"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/node"
)

// VADParams are the parameters of VAD.
type VADParams struct {
	FrameDuration int     `param:"frame_duration_ms" default:"30" min:"5" max:"100" unit:"ms" doc:"The length of a frame."`
	Threshold     float64 `param:"energy_threshold" alias:"threshold" default:"0.02" min:"0" doc:"A frame above it is speech: RMS of full scale 1 for rms, energy of the spectrum for fft."`
	Rate          *int    `param:"sample_rate" min:"1" max:"768000" unit:"Hz" doc:"The sample rate that must come in; any where it isn't given."`
	Method        string  `param:"method" enum:"rms,fft" default:"rms" doc:"What is measured: the RMS of a frame, or the energy in the lower half of its spectrum under a Hamming window."`
	MinSpeech     int     `param:"min_speech_ms" default:"60" min:"0" max:"60000" unit:"ms" doc:"How long speech lasts before speech_start is told."`
	MinSilence    int     `param:"min_silence_ms" default:"200" min:"0" max:"60000" unit:"ms" doc:"How long silence lasts before speech_end is told."`
}

// Output implements node.Formatter.
func (p VADParams) Output(in audio.Format) (audio.Format, error) {
	if p.Rate != nil && in.Rate != 0 && in.Rate != *p.Rate {
		return in, fmt.Errorf("sample_rate is %d Hz, but the audio has %d Hz", *p.Rate, in.Rate)
	}
	return in, nil
}

func vadSpec() node.Spec {
	return node.Define(node.Spec{
		Name: "VAD", Aliases: []string{"VADNode", "RustVADNode", "FastVADNode"}, Category: Category,
		Summary: "Detects speech by its energy.",
		Doc: "Every audio item goes on unchanged, followed by one object that covers the frames completed in it: `has_speech` and " +
			"`is_speech` (at least one frame is speech), `confidence` and `speech_ratio`, `speech_frames`, `total_frames`, " +
			"`avg_energy`, `frame_duration_ms`, `vad_results` (per frame), `is_speech_start`, `is_speech_end`, `timestamp_ms` and " +
			"`events`. Frames go on across items; channels are averaged.\n\n" +
			"`events` lists the starts and ends of segments of speech, " +
			"`{\"type\": \"speech_start\" | \"speech_end\", \"position_frames\": n, \"timestamp_ms\": x}`, smoothed by `min_speech_ms` and " +
			"`min_silence_ms`: a start is dated back to its first frame, an end to the end of the last frame of speech. The list " +
			"over a stream doesn't depend on how the audio is cut. `timestamp_ms` is that of the item's first event, else of the " +
			"item. At the end of the input an open segment ends with one more object.",
		Accepts: node.Audio, Produces: node.Audio | node.JSON, Granularity: node.PerItem, Stateful: true, MultiOutput: true,
		LatencyClass: "realtime", Example: `{"energy_threshold": 0.01, "min_silence_ms": 300}`,
		Fails: "audio of another rate than `sample_rate`, where that is given.",
	}, newVAD)
}

// vadReport is the object that is told of an item.
type vadReport struct {
	HasSpeech     bool    `json:"has_speech"`
	IsSpeech      bool    `json:"is_speech"`
	Confidence    float64 `json:"confidence"`
	SpeechFrames  int     `json:"speech_frames"`
	TotalFrames   int     `json:"total_frames"`
	SpeechRatio   float64 `json:"speech_ratio"`
	AvgEnergy     float64 `json:"avg_energy"`
	FrameDuration int     `json:"frame_duration_ms"`
	Results       []bool  `json:"vad_results"`
	IsSpeechStart bool    `json:"is_speech_start"`
	IsSpeechEnd   bool    `json:"is_speech_end"`
	Timestamp     float64 `json:"timestamp_ms"`
	Events        []event `json:"events"`
}

type vad struct {
	VADParams
	frames  framer
	measure meter
	speech  segmenter
	report  vadReport // of the item at hand; its slices are used again

	total, spoken int64 // frames of the whole session
	segments      int64
}

func newVAD(p VADParams, _ node.Env) (node.Processor, error) {
	v := &vad{VADParams: p, measure: rms}
	v.speech.minSpeech = framesFor(p.MinSpeech, p.FrameDuration)
	v.speech.minSilence = framesFor(p.MinSilence, p.FrameDuration)
	return v, nil
}

// Process hands the audio on and tells what it found.
func (v *vad) Process(c *node.Call, in node.Item) error {
	b := in.Audio
	if !v.frames.time.Continues(b) {
		if err := v.Flush(c); err != nil {
			return err
		}
	}
	if !v.frames.time.Started() {
		if err := v.start(c, b.Format); err != nil {
			return err
		}
	}
	if b.Frames() > 0 {
		if err := c.Emit(in); err != nil {
			return err
		}
	}
	v.begin()
	if err := v.frames.feed(c, b, v.frame); err != nil {
		return err
	}
	return v.tell(c, b.Stamp)
}

func (v *vad) start(c *node.Call, f audio.Format) error {
	if _, err := v.Output(f); err != nil {
		return err
	}
	if v.Method != "fft" {
		return v.frames.start(c, f, v.FrameDuration, 0)
	}
	before := v.frames.size
	if err := v.frames.start(c, f, v.FrameDuration, spectralBytes); err != nil {
		return err
	}
	if v.frames.size != before {
		v.measure = spectral(v.frames.size)
	}
	return nil
}

// begin empties the report.
func (v *vad) begin() {
	v.report = vadReport{FrameDuration: v.FrameDuration, Results: v.report.Results[:0], Events: v.report.Events[:0]}
}

// frame judges one frame.
func (v *vad) frame(f frame) {
	energy := v.measure(f.samples)
	speech := energy > v.Threshold
	v.report.AvgEnergy += energy
	v.report.Results = append(v.report.Results, speech)
	if speech {
		v.report.SpeechFrames++
	}
	v.note(v.speech.next(speech, f))
}

// note adds an event to the report.
func (v *vad) note(e event, ok bool) {
	if !ok {
		return
	}
	v.report.Events = append(v.report.Events, e)
	if e.Type == "speech_start" {
		v.report.IsSpeechStart = true
		v.segments++
	} else {
		v.report.IsSpeechEnd = true
	}
}

// tell completes the report of an item with a stamp and emits it.
func (v *vad) tell(c *node.Call, at audio.Stamp) error {
	r := &v.report
	if r.TotalFrames = len(r.Results); r.TotalFrames > 0 {
		r.SpeechRatio = float64(r.SpeechFrames) / float64(r.TotalFrames)
		r.AvgEnergy /= float64(r.TotalFrames)
	}
	r.Confidence = r.SpeechRatio
	r.HasSpeech = r.SpeechFrames > 0
	r.IsSpeech = r.HasSpeech
	r.Timestamp = millis(at)
	if len(r.Events) > 0 {
		r.Timestamp = r.Events[0].Millis
	}
	v.total += int64(r.TotalFrames)
	v.spoken += int64(r.SpeechFrames)
	return c.EmitJSON(r, at)
}

// Flush ends a segment that is open and makes ready for another stream. The samples of an incomplete frame are dropped.
func (v *vad) Flush(c *node.Call) error {
	e, open := v.speech.finish()
	at := v.speech.to
	v.frames.reset()
	if !open {
		return nil
	}
	v.begin()
	v.note(e, true)
	return v.tell(c, at)
}

// Reset implements node.Resetter. A segment that was open is forgotten with the audio that would have ended it.
func (v *vad) Reset() {
	v.frames.reset()
	v.speech.reset()
}

// Report implements node.Reporter.
func (v *vad) Report(m map[string]any) {
	m["vad_segments"] = v.segments
	m["silence_ratio"] = 0.0
	if v.total > 0 {
		m["silence_ratio"] = 1 - float64(v.spoken)/float64(v.total)
	}
}

// Close implements node.Closer.
func (v *vad) Close() { v.frames.memory.Release() }
