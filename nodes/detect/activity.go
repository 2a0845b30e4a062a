package detect

import (
	"slices"

	"github.com/remotemedia/remotemedia-go/node"
)

// ActivityParams are the parameters of VoiceActivityDetector.
type ActivityParams struct {
	FrameDuration   int     `param:"frame_duration_ms" default:"30" min:"5" max:"100" unit:"ms" doc:"The length of a frame."`
	Threshold       float64 `param:"energy_threshold" alias:"threshold" default:"0.02" min:"0" doc:"The RMS above which a frame is speech while nothing is known of the noise."`
	SpeechThreshold float64 `param:"speech_threshold" default:"0.3" min:"0" max:"1" doc:"The share of frames that makes an item speech."`
	FilterMode      bool    `param:"filter_mode" default:"false" doc:"Hands on only the items that are speech, and tells nothing."`
	IncludeMetadata bool    `param:"include_metadata" default:"true" doc:"Tells the verdict on every item, unless filter_mode is set."`
}

func activitySpec() node.Spec {
	return node.Define(node.Spec{
		Name: "VoiceActivityDetector", Category: Category, Summary: "Tells items with speech by a threshold that follows the noise.",
		Doc: "A frame is speech when its RMS is above a threshold that is the same for all frames of an item: `energy_threshold` at " +
			"first, then 0.7 x 2.5 x the 30th percentile of the last 100 frames before the item + 0.3 x `energy_threshold`. An item " +
			"is speech when the share of such frames reaches `speech_threshold`; an item in which no frame ends is what the one " +
			"before was. The audio goes on unchanged, followed by `{\"is_speech\", \"speech_ratio\", \"avg_energy\", " +
			"\"frame_duration_ms\"}`; in filter mode only the audio with speech goes on. Frames go on across items; channels are averaged.",
		Accepts: node.Audio, Produces: node.Audio | node.JSON, Granularity: node.PerItem, Stateful: true, MultiOutput: true,
		LatencyClass: "realtime", Example: `{"speech_threshold": 0.5}`,
	}, func(p ActivityParams, _ node.Env) (node.Processor, error) { return &activity{ActivityParams: p}, nil })
}

// historyFrames is how many frames the noise is estimated from.
const historyFrames = 100

type activity struct {
	ActivityParams
	frames  framer
	history []float64 // RMS of the last frames, oldest first
	sorted  []float64 // scratch
	recent  []float64 // RMS of the frames of the item at hand
	speech  bool      // the last verdict
}

type activityReport struct {
	IsSpeech      bool    `json:"is_speech"`
	SpeechRatio   float64 `json:"speech_ratio"`
	AvgEnergy     float64 `json:"avg_energy"`
	FrameDuration int     `json:"frame_duration_ms"`
}

// Process judges one item.
func (a *activity) Process(c *node.Call, in node.Item) error {
	b := in.Audio
	if !a.frames.time.Continues(b) {
		a.Reset()
	}
	if !a.frames.time.Started() {
		if err := a.frames.start(c, b.Format, a.FrameDuration, 0); err != nil {
			return err
		}
	}
	a.recent = a.recent[:0]
	err := a.frames.feed(c, b, func(f frame) { a.recent = append(a.recent, rms(f.samples)) })
	if err != nil {
		return err
	}
	report := a.judge()
	if b.Frames() > 0 && (a.speech || !a.FilterMode) {
		if err := c.Emit(in); err != nil {
			return err
		}
	}
	if a.FilterMode || !a.IncludeMetadata {
		return nil
	}
	return c.EmitJSON(report, b.Stamp)
}

// judge weighs the frames of an item and adds them to the history.
func (a *activity) judge() activityReport {
	report := activityReport{FrameDuration: a.FrameDuration}
	if n := float64(len(a.recent)); n > 0 {
		threshold, spoken := a.threshold(), 0.0
		for _, energy := range a.recent {
			report.AvgEnergy += energy / n
			if energy > threshold {
				spoken++
			}
		}
		report.SpeechRatio = spoken / n
		a.speech = report.SpeechRatio >= a.SpeechThreshold
	}
	a.remember()
	report.IsSpeech = a.speech
	return report
}

// threshold is that for the next frames.
func (a *activity) threshold() float64 {
	if len(a.history) == 0 {
		return a.Threshold
	}
	a.sorted = append(a.sorted[:0], a.history...)
	slices.Sort(a.sorted)
	noise := a.sorted[len(a.sorted)*3/10]
	return 0.7*(2.5*noise) + 0.3*a.Threshold
}

func (a *activity) remember() {
	a.history = append(a.history, a.recent...)
	if over := len(a.history) - historyFrames; over > 0 {
		a.history = a.history[:copy(a.history, a.history[over:])]
	}
}

// Reset implements node.Resetter.
func (a *activity) Reset() {
	a.frames.reset()
	a.history, a.speech = a.history[:0], false
}

// Close implements node.Closer.
func (a *activity) Close() { a.frames.memory.Release() }
