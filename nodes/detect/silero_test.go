package detect

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/codec/wav"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/node"
	"github.com/remotemedia/remotemedia-go/node/nodetest"
)

// clip is a recording of testdata/speech with the probabilities that the original model gives for it, resampled by scipy;
// see scripts/silero_golden.py.
type clip struct {
	Wav           string
	Probabilities []float64
	format        audio.Format
	bytes         []byte
}

func clips(t testing.TB) []clip {
	t.Helper()
	text, err := os.ReadFile("testdata/silero.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []clip
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	for i := range all {
		all[i].read(t)
	}
	return all
}

func (c *clip) read(t testing.TB) {
	t.Helper()
	f, err := os.Open(filepath.Join("../../testdata/speech", c.Wav))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := wav.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	c.format = audio.Format{Rate: r.Rate(), Channels: r.Channels(), Encoding: pcm.I16}
	if c.bytes, err = r.ReadAll(pcm.I16, 1<<20); err != nil {
		t.Fatal(err)
	}
}

func sileroReports(t *testing.T, r *nodetest.Rig) []sileroReport {
	t.Helper()
	var all []sileroReport
	for _, text := range r.Data() {
		var one sileroReport
		if err := json.Unmarshal([]byte(text), &one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

func sileroEvents(reports []sileroReport) (all []event) {
	for _, one := range reports {
		all = append(all, one.Events...)
	}
	return all
}

func TestSileroAgreesWithTheOriginal(t *testing.T) {
	for _, c := range clips(t) {
		tolerance := 0.1 // another resampler, with another slope at the top of the band, which the network hears
		if c.format.Rate == 16_000 {
			tolerance = 1e-5
		}
		r := rig(t, "SileroVADNode", `{}`)
		r.Run(r.Cut(c.format, c.bytes, func() int { return c.format.Rate / 10 })...)
		got := sileroReports(t, r)
		if len(got) < len(c.Probabilities) {
			t.Fatalf("%s: %d windows, expected %d", c.Wav, len(got), len(c.Probabilities))
		}
		worst := 0.0
		for i, want := range c.Probabilities {
			apart := math.Abs(got[i].Probability - want)
			worst = max(worst, apart)
			if apart > tolerance || got[i].HasSpeech != (want >= 0.5) {
				t.Errorf("%s, window %d: %.6f, expected %.6f", c.Wav, i, got[i].Probability, want)
			}
		}
		t.Logf("%s: %d windows, at most %.2g apart", c.Wav, len(got), worst)
		if audio, _ := r.Audio(); !slices.Equal(audio, c.bytes) {
			t.Errorf("%s: the audio that goes out isn't the one that came in", c.Wav)
		}
	}
}

func TestSileroDoesNotDependOnTheCut(t *testing.T) {
	for _, c := range clips(t) {
		c.bytes = c.bytes[:min(len(c.bytes), c.format.Rate*c.format.FrameBytes())]
		whole := rig(t, "SileroVADNode", `{}`)
		whole.Run(whole.Wire(c.format, 0, c.bytes))
		random := rand.New(rand.NewPCG(7, 7))
		for name, size := range map[string]func() int{
			"7": func() int { return 7 }, "512": func() int { return 512 }, "479": func() int { return 479 },
			"random": func() int { return 1 + random.IntN(5000) },
		} {
			r := rig(t, "SileroVADNode", `{}`)
			r.Run(r.Cut(c.format, c.bytes, size)...)
			if !reflect.DeepEqual(r.Data(), whole.Data()) {
				t.Errorf("%s in items of %s: other objects than of one item", c.Wav, name)
			}
		}
	}
}

// TestSileroTellsInOrder holds the shape of an object, the order of the items and the times.
func TestSileroTellsInOrder(t *testing.T) {
	f := audio.Format{Rate: 16_000, Channels: 2, Encoding: pcm.F32}
	r := rig(t, "SileroVADNode", `{}`)
	left, right := make([]float32, 1300), make([]float32, 1300)
	for i := range left {
		left[i], right[i] = 0.5, -1
	}
	bytes := make([]byte, 1300*8)
	pcm.Encode(bytes, [][]float32{left, right}, pcm.F32)
	item := r.Wire(f, 16_000, bytes)
	b := item.Audio
	r.Run(item)
	if len(r.Items) != 4 || r.Items[2].Audio != b {
		t.Fatalf("%d items: expected two windows, the audio and the rest", len(r.Items))
	}
	for i, at := range []int{0, 1, 3} {
		want := audio.Stamp{Position: 16_000 + int64(512*i), Micros: 1_000_000 + int64(32_000*i)}
		if got := r.Items[at].Stamp; got != want {
			t.Errorf("window %d has stamp %v: expected %v", i, got, want)
		}
	}
	samples := []int{512, 512, 276}
	for i, got := range sileroReports(t, r) {
		if got.Timestamp != 1000+32*float64(i) || got.RMS != 0.25 || got.Peak != 0.25 || got.Samples != samples[i] || got.Rate != 16_000 {
			t.Errorf("window %d: %+v", i, got)
		}
	}
	const shape = `{"has_speech":false,"speech_probability":P,"is_speech_start":false,"is_speech_end":false,"timestamp_ms":1000,` +
		`"rms":0.25,"peak":0.25,"samples":512,"sample_rate":16000,"events":[]}`
	p, _ := json.Marshal(sileroReports(t, r)[0].Probability)
	if got := strings.Replace(r.Data()[0], string(p), "P", 1); got != shape {
		t.Errorf("got  %s\nwant %s", got, shape)
	}
}

// TestSileroTimesOfOtherRates: windows of audio at 44.1 kHz start on the sample clock of 44.1 kHz and every 32 ms.
func TestSileroTimesOfOtherRates(t *testing.T) {
	f := audio.Format{Rate: 44_100, Channels: 1, Encoding: pcm.I16}
	r := rig(t, "SileroVADNode", `{}`)
	r.Run(r.Cut(f, nodetest.Signal(f, 44_100, 1), func() int { return 4410 })...)
	i := int64(0)
	for _, item := range r.Items {
		if item.Audio != nil {
			continue
		}
		want := audio.Stamp{Position: i * 512 * 441 / 160, Micros: i * 32_000}
		if item.Stamp != want {
			t.Fatalf("window %d has stamp %v: expected %v", i, item.Stamp, want)
		}
		i++
	}
	if i != 32 { // 16,000 samples are 31.25 windows
		t.Errorf("%d windows: expected 32", i)
	}
}

// TestSileroWindowsOfAnyRate: a second of audio is 31.25 windows at any rate, however it is cut.
func TestSileroWindowsOfAnyRate(t *testing.T) {
	for _, rate := range []int{8_000, 8_001, 11_025, 15_999, 16_001, 32_000, 44_101, 96_000, 767_999, 768_000} {
		f := audio.Format{Rate: rate, Channels: 1, Encoding: pcm.I16}
		signal := nodetest.Signal(f, rate, 1)
		for _, size := range []int{rate, rate/7 + 1} {
			r := rig(t, "SileroVADNode", `{}`)
			r.Run(r.Cut(f, signal, func() int { return size })...)
			all := sileroReports(t, r)
			if len(all) != 32 || all[31].Samples != 128 {
				t.Fatalf("%d Hz in items of %d: %d windows: expected 31 and 128 samples", rate, size, len(all))
			}
		}
	}
}

// TestSileroSegments: speech in a recording, found with and without margins and with limits that drop it.
func TestSileroSegments(t *testing.T) {
	c := clips(t)[3] // "This is speech, sampled ..." and, after a second, "She sells sea shells."
	if c.Wav != "two-sentences-44k1.wav" {
		t.Fatalf("the clips are in another order: %s", c.Wav)
	}
	for _, one := range []struct {
		params string
		want   int // segments
	}{
		{`{"min_silence_duration_ms": 500}`, 2},
		{`{"min_silence_duration_ms": 500, "min_speech_duration_ms": 1500}`, 1},
		{`{"minSilenceDurationMs": 500, "minSpeechDurationMs": 5000}`, 0},
	} {
		r := rig(t, "SileroVADNode", one.params)
		r.Run(r.Wire(c.format, 0, c.bytes))
		reports := sileroReports(t, r)
		checkSegments(t, one.params, reports, one.want)
		starts := 0
		for _, w := range reports {
			if w.IsSpeechStart {
				starts++
			}
		}
		if starts != 2 {
			t.Errorf("%s: is_speech_start %d times: expected 2, whatever events are listed", one.params, starts)
		}
		if m := r.Metrics(); m["vad_segments"] != int64(one.want) {
			t.Errorf("%s: metrics %v", one.params, m)
		}
	}
}

func checkSegments(t *testing.T, params string, reports []sileroReport, want int) {
	t.Helper()
	events := sileroEvents(reports)
	if len(events) != 2*want {
		t.Errorf("%s: events %v: expected %d segments", params, events, want)
	}
	last := -1.0
	for i, e := range events {
		if e.Type != [...]string{"speech_start", "speech_end"}[i%2] || e.Millis <= last {
			t.Errorf("%s: event %d is %v after %g ms", params, i, e, last)
		}
		last = e.Millis
		if position := e.Millis * 44.1; math.Abs(position-float64(e.Position)) > 1.5 {
			t.Errorf("%s: event %v isn't at frame %.0f", params, e, position)
		}
	}
}

// window feeds a hysteresis with windows of 32 ms at 16 kHz.
func feedHysteresis(h *hysteresis, probabilities ...float64) (flags string, events []event) {
	for i, p := range probabilities {
		at := audio.Stamp{Position: int64(i) * 512, Micros: int64(i) * 32_000}
		started, ended := h.next(p, frame{make([]float32, 512), at, at.Add(512, 16_000)}, 16_000)
		switch {
		case started && ended:
			flags += "x"
		case started:
			flags += "s"
		case ended:
			flags += "e"
		default:
			flags += "."
		}
	}
	return flags, h.events
}

func TestHysteresis(t *testing.T) {
	rules := hysteresis{start: 0.5, stay: 0.35, minSpeech: 3 * 512, minSilence: 2 * 512, pad: 32}
	at := func(kind string, window int) event { return event{kind, int64(window) * 512, float64(window) * 32} }
	for _, c := range []struct {
		name  string
		p     []float64
		flags string
		want  []event
	}{
		{"speech", []float64{0, 0, .5, .4, .6, 0, 0, 0}, "..s...e.", []event{at("speech_start", 1), at("speech_end", 6)}},
		{"below the threshold it doesn't start", []float64{.49, .49, .49}, "...", nil},
		{"too short to list", []float64{0, .9, .9, 0, 0}, ".s..e", nil},
		{"a gap counts once it is bridged", []float64{.9, 0, .9, 0, 0}, "s...e", []event{at("speech_start", 0), at("speech_end", 4)}},
		{"a gap that isn't bridged doesn't", []float64{.9, .9, 0, 0}, "s..e", nil},
		{"twice, the margins don't overlap", []float64{.9, .9, .9, 0, 0, .9, .9, .9}, "s...es..",
			[]event{at("speech_start", 0), at("speech_end", 4), at("speech_start", 4)}},
	} {
		h := rules
		if flags, events := feedHysteresis(&h, c.p...); flags != c.flags || !reflect.DeepEqual(events, c.want) {
			t.Errorf("%s: %s %v: expected %s %v", c.name, flags, events, c.flags, c.want)
		}
	}
	wide := hysteresis{start: 0.5, stay: 0.35, pad: 500}
	if _, events := feedHysteresis(&wide, .9, 0, .9, 0); !reflect.DeepEqual(events, []event{
		at("speech_start", 0), {"speech_end", 8512, 532}, {"speech_start", 8512, 532}, {"speech_end", 9536, 596},
	}) {
		t.Errorf("with margins beyond the next start: %v", events)
	}
}

func TestSileroEndsWithTheInput(t *testing.T) {
	c := clips(t)[0]
	speech := c.bytes[2*16*512 : 2*20*512] // whole windows in the middle of a sentence
	for _, extra := range []int{0, 100} {
		r := rig(t, "SileroVADNode", `{"min_speech_duration_ms": 0}`)
		r.Run(r.Wire(c.format, 0, append(slices.Clone(speech), c.bytes[2*20*512:][:2*extra]...)))
		all := sileroReports(t, r)
		last := all[len(all)-1]
		if !last.IsSpeechEnd || last.Samples != extra || len(all) != 5 {
			t.Errorf("%d samples beyond the windows: %d objects, the last %+v", extra, len(all), last)
		}
		if events := sileroEvents(all); len(events) != 2 {
			t.Errorf("%d samples beyond the windows: events %v", extra, events)
		}
	}
}

// A cutter can take the events as they are: none lies behind the audio, at whatever rate and wherever the audio ends.
func TestSileroDatesNoEndBehindTheInput(t *testing.T) {
	for _, c := range clips(t) {
		for _, part := range []int{2, 3, 5} {
			bytes := c.bytes[:len(c.bytes)/part/4*4]
			r := rig(t, "SileroVADNode", `{"min_speech_duration_ms": 0, "speech_pad_ms": 500, "min_silence_duration_ms": 600}`)
			r.Run(r.Wire(c.format, 0, bytes))
			frames := int64(len(bytes) / c.format.FrameBytes())
			for _, e := range sileroEvents(sileroReports(t, r)) {
				if e.Position > frames || e.Millis > float64(frames)*1000/float64(c.format.Rate)+0.001 {
					t.Errorf("%s of %d frames: %v", c.Wav, frames, e)
				}
			}
		}
	}
}

func TestSileroStartsAnewForAnotherStream(t *testing.T) {
	c := clips(t)[0]
	r := rig(t, "SileroVADNode", `{}`)
	first, second := r.Wire(c.format, 0, c.bytes[:40_001*2]), r.Wire(c.format, 0, c.bytes)
	second.Audio.Stamp.StreamID = "b"
	alone := rig(t, "SileroVADNode", `{}`)
	alone.Run(alone.Wire(c.format, 0, c.bytes))
	r.Run(first, second)
	got, want := r.Data(), alone.Data()
	if tail := got[len(got)-len(want):]; !reflect.DeepEqual(tail, want) {
		t.Error("the second stream isn't judged as if it were alone")
	}
	if windows := len(got) - len(want); windows < 79 { // 40,001 samples are 78.1 windows
		t.Errorf("the first stream has %d windows: expected at least 79", windows)
	}
}

func TestSileroRefuses(t *testing.T) {
	spec := nodetest.Find(t, Nodes(), "candle-silero-vad")
	for params, want := range map[string]string{
		`{"threshold": 1.5}`:                      "threshold",
		`{"threshold": 0.4, "negThreshold": 0.5}`: "expected at most that",
		`{"sampling_rate": 44100}`:                "sampling_rate",
		`{"min_silence_duration_ms": 5001}`:       "min_silence_duration_ms",
		`{"speech_pad_ms": -1}`:                   "speech_pad_ms",
		`{"min_speech_duration_ms": 1.5}`:         "min_speech_duration_ms",
	} {
		if _, problems := spec.Decode([]byte(params)); !strings.Contains(fmt.Sprint(problems), want) {
			t.Errorf("%s: problems %v: expected one of %s", params, problems, want)
		}
	}
	for _, params := range []string{`{"neg_threshold": null, "samplingRate": 8000}`, `{"threshold": 0.1}`, `{"threshold": 0, "neg_threshold": 0}`} {
		nodetest.Decode(t, spec, params)
	}
	r := nodetest.New(t, spec, `{}`)
	low := audio.Format{Rate: 4000, Channels: 1, Encoding: pcm.I16}
	if err := r.Process(r.Wire(low, 0, nil)); err == nil || !strings.Contains(err.Error(), "4000 Hz: expected 8000") {
		t.Errorf("error %v", err)
	}
}

func BenchmarkSilero(b *testing.B) {
	for name, f := range map[string]audio.Format{
		"16k": voice, "48k-stereo": {Rate: 48_000, Channels: 2, Encoding: pcm.I16}, "44k1": {Rate: 44_100, Channels: 1, Encoding: pcm.F32},
	} {
		b.Run(name, func(b *testing.B) {
			nodetest.Benchmark(b, nodetest.Find(b, Nodes(), "SileroVADNode"), `{}`, f, f.Rate/50)
		})
	}
}

var _ node.Formatter = SileroParams{}
