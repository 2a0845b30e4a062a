package detect

import (
	"encoding/json"
	"fmt"
	"math"
	"math/cmplx"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/node"
	"github.com/remotemedia/remotemedia-go/node/nodetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func rig(t *testing.T, name, params string) *nodetest.Rig {
	t.Helper()
	return nodetest.New(t, nodetest.Find(t, Nodes(), name), params)
}

var voice = audio.Format{Rate: 16_000, Channels: 1, Encoding: pcm.I16}

// stretch is a level that lasts.
type stretch struct {
	millis int
	level  float64
}

// square returns a square wave of the stretches, whose RMS is its level.
func square(f audio.Format, stretches ...stretch) []byte {
	var x []float32
	for _, s := range stretches {
		for i := range f.Rate * s.millis / 1000 {
			x = append(x, float32(s.level*math.Copysign(1, math.Sin(float64(i)+0.5))))
		}
	}
	planar := make([][]float32, f.Channels)
	for c := range planar {
		planar[c] = x
	}
	bytes := make([]byte, len(x)*f.FrameBytes())
	pcm.Encode(bytes, planar, f.Encoding)
	return bytes
}

func reports(t *testing.T, r *nodetest.Rig) []vadReport {
	t.Helper()
	var all []vadReport
	for _, text := range r.Data() {
		var one vadReport
		if err := json.Unmarshal([]byte(text), &one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

func events(t *testing.T, r *nodetest.Rig) []event {
	t.Helper()
	var all []event
	for _, one := range reports(t, r) {
		all = append(all, one.Events...)
	}
	return all
}

func TestVADAnswersWithTheAudioAndOneObject(t *testing.T) {
	r := rig(t, "VAD", `{"frame_duration_ms": 30, "threshold": 0.1}`)
	item := r.Wire(voice, 160_000, square(voice, stretch{30, 0.25}, stretch{60, 0.5}, stretch{30, 0.0625}, stretch{10, 0.5}))
	b := item.Audio
	r.Run(item)
	if len(r.Items) != 3 || r.Items[0].Audio != b || r.Items[1].Stamp != b.Stamp {
		t.Fatalf("got %d items, expected the very audio, its report, and one at the end", len(r.Items))
	}
	want := []string{
		`{"has_speech":true,"is_speech":true,"confidence":0.75,"speech_frames":3,"total_frames":4,"speech_ratio":0.75,"avg_energy":0.328125,` +
			`"frame_duration_ms":30,"vad_results":[true,true,true,false],"is_speech_start":true,"is_speech_end":false,"timestamp_ms":10000,` +
			`"events":[{"type":"speech_start","position_frames":160000,"timestamp_ms":10000}]}`,
		`{"has_speech":false,"is_speech":false,"confidence":0,"speech_frames":0,"total_frames":0,"speech_ratio":0,"avg_energy":0,` +
			`"frame_duration_ms":30,"vad_results":[],"is_speech_start":false,"is_speech_end":true,"timestamp_ms":10090,` +
			`"events":[{"type":"speech_end","position_frames":161440,"timestamp_ms":10090}]}`,
	}
	if got := r.Data(); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if m := r.Metrics(); m["vad_segments"] != int64(1) || m["silence_ratio"] != 0.25 {
		t.Errorf("metrics %v", m)
	}
}

func TestVADSmoothsItsEvents(t *testing.T) {
	at := func(kind string, millis int) event { return event{kind, int64(millis) * 16, float64(millis)} }
	for _, c := range []struct {
		name, params string
		stretches    []stretch
		want         []event
	}{
		{"speech between silences", `{}`, []stretch{{300, 0}, {600, 0.1}, {300, 0}}, []event{at("speech_start", 300), at("speech_end", 900)}},
		{"a click is too short", `{}`, []stretch{{300, 0}, {30, 0.1}, {300, 0}}, nil},
		{"a click may count", `{"min_speech_ms": 30}`, []stretch{{300, 0}, {30, 0.1}, {300, 0}}, []event{at("speech_start", 300), at("speech_end", 330)}},
		{"a short gap doesn't end", `{}`, []stretch{{300, 0.1}, {180, 0}, {300, 0.1}, {300, 0}}, []event{at("speech_start", 0), at("speech_end", 780)}},
		{"a long gap does", `{}`, []stretch{{300, 0.1}, {210, 0}, {300, 0.1}, {300, 0}},
			[]event{at("speech_start", 0), at("speech_end", 300), at("speech_start", 510), at("speech_end", 810)}},
		{"no smoothing", `{"min_speech_ms": 0, "min_silence_ms": 0}`, []stretch{{30, 0.1}, {30, 0}, {30, 0.1}, {30, 0}},
			[]event{at("speech_start", 0), at("speech_end", 30), at("speech_start", 60), at("speech_end", 90)}},
		{"open at the end", `{}`, []stretch{{90, 0}, {90, 0.1}, {90, 0}}, []event{at("speech_start", 90), at("speech_end", 180)}},
		{"the threshold itself isn't speech", `{"energy_threshold": 0.125}`, []stretch{{300, 0.125}}, nil},
		{"another frame", `{"frame_duration_ms": 10, "min_speech_ms": 15, "min_silence_ms": 15}`, []stretch{{10, 0}, {20, 0.1}, {10, 0}, {10, 0.1}, {20, 0}},
			[]event{at("speech_start", 10), at("speech_end", 50)}},
	} {
		signal := square(voice, c.stretches...)
		random := rand.New(rand.NewPCG(1, 1))
		for name, size := range map[string]func() int{
			"all": func() int { return 1 << 20 }, "1": func() int { return 1 }, "7": func() int { return 7 }, "160": func() int { return 160 }, "479": func() int { return 479 },
			"random": func() int { return 1 + random.IntN(2000) },
		} {
			if name == "1" && len(signal) > 6000 {
				continue // the short signals show it as well
			}
			r := rig(t, "VAD", c.params)
			r.Run(r.Cut(voice, signal, size)...)
			if got := events(t, r); fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("%s, in items of %s: %v, expected %v", c.name, name, got, c.want)
			}
		}
	}
}

func TestVADAnswersOncePerItem(t *testing.T) {
	r := rig(t, "FastVADNode", `{"energy_threshold": 0.01}`)
	r.Run(append(r.Cut(voice, square(voice, stretch{300, 0.1}), func() int { return 320 }), r.Wire(voice, 4800, nil))...)
	all := reports(t, r)
	if len(all) != 15+1+1 {
		t.Fatalf("%d reports of 16 items and the end", len(all))
	}
	frames := 0
	for _, one := range all {
		frames += one.TotalFrames
	}
	if frames != 10 || all[0].TotalFrames != 0 || all[0].HasSpeech || all[1].TotalFrames != 1 || !all[1].HasSpeech {
		t.Errorf("%d frames, the first reports %+v %+v", frames, all[0], all[1])
	}
	for _, item := range r.Items {
		if item.Audio != nil && item.Audio.Frames() == 0 {
			t.Error("it emitted audio without frames")
		}
	}
}

func TestVADStartsAnewForAnotherFormatOrStream(t *testing.T) {
	stereo := audio.Format{Rate: 8_000, Channels: 2, Encoding: pcm.F32}
	r := rig(t, "VAD", `{}`)
	other := r.Wire(voice, 0, square(voice, stretch{90, 0.1}))
	other.Audio.Stamp.StreamID = "b"
	r.Run(
		r.Wire(voice, 0, square(voice, stretch{100, 0.1})), other,
		r.Wire(stereo, 0, square(stereo, stretch{120, 0.1})),
	)
	want := []event{
		{"speech_start", 0, 0}, {"speech_end", 90 * 16, 90}, {"speech_start", 0, 0}, {"speech_end", 90 * 16, 90},
		{"speech_start", 0, 0}, {"speech_end", 120 * 8, 120},
	}
	if got := events(t, r); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, expected %v", got, want)
	}
}

// TestVADTellsMediaTimeOfTheClient: the client's clock jumps between two items.
func TestVADTellsMediaTimeOfTheClient(t *testing.T) {
	r := rig(t, "VAD", `{"min_silence_ms": 30}`)
	first := r.Wire(voice, 0, square(voice, stretch{300, 0}))
	second := r.Wire(voice, 4800, square(voice, stretch{30, 0}, stretch{90, 0.1}, stretch{90, 0}))
	second.Audio.Stamp.Micros = 5_000_500
	r.Run(first, second)
	want := []event{{"speech_start", 5280, 5030.5}, {"speech_end", 6720, 5120.5}}
	if got := events(t, r); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, expected %v", got, want)
	}
}

func TestVADChecksItsRate(t *testing.T) {
	spec := nodetest.Find(t, Nodes(), "VAD")
	r := nodetest.New(t, spec, `{"sample_rate": 8000}`)
	err := r.Process(r.Wire(voice, 0, nil))
	if err == nil || !strings.Contains(err.Error(), "sample_rate is 8000 Hz, but the audio has 16000 Hz") {
		t.Errorf("error %v", err)
	}
	if _, err := spec.Output(nodetest.Decode(t, spec, `{"sample_rate": 8000}`), voice); err == nil {
		t.Error("the plan doesn't see it")
	}
}

// TestSpectralIsTheSumOfTheSpectrum compares with a plain transform, for even and odd lengths.
func TestSpectralIsTheSumOfTheSpectrum(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 2))
	for _, n := range []int{1, 2, 3, 40, 41, 331, 480, 1323} {
		frame := make([]float32, n)
		for i := range frame {
			frame[i] = float32(random.NormFloat64()*0.3 + 0.2)
		}
		got, want := spectral(n)(frame), plainSpectral(frame)
		if math.Abs(got-want) > 1e-9*(1+want) {
			t.Errorf("%d samples: %v, expected %v", n, got, want)
		}
	}
}

func plainSpectral(frame []float32) float64 {
	n, sum := len(frame), 0.0
	for k := range n / 2 {
		var bin complex128
		for i, v := range frame {
			w := 1.0
			if n > 1 {
				w = 0.54 - 0.46*math.Cos(2*math.Pi*float64(i)/float64(n-1))
			}
			bin += complex(float64(v)*w, 0) * cmplx.Rect(1, -2*math.Pi*float64(k*i%n)/float64(n))
		}
		sum += real(bin)*real(bin) + imag(bin)*imag(bin)
	}
	return sum / float64(n)
}

func TestVADByTheSpectrum(t *testing.T) {
	frame := make([]float32, 480)
	for i := range frame {
		frame[i] = float32(0.1 * math.Sin(2*math.Pi*440*float64(i)/16_000))
	}
	energy := plainSpectral(frame)
	for _, c := range []struct {
		threshold float64
		speech    bool
	}{{energy * 0.999, true}, {energy * 1.001, false}} {
		r := rig(t, "VAD", fmt.Sprintf(`{"method": "FFT", "energy_threshold": %v}`, c.threshold))
		r.Run(r.F32(16_000, frame))
		if got := reports(t, r)[0]; got.HasSpeech != c.speech || math.Abs(got.AvgEnergy-energy) > 1e-9 {
			t.Errorf("threshold %v: %+v, energy %v", c.threshold, got, energy)
		}
	}
}

func BenchmarkVAD(b *testing.B) {
	for name, f := range map[string]audio.Format{"mono": voice, "stereo": {Rate: 16_000, Channels: 2, Encoding: pcm.I16}} {
		for _, method := range []string{"rms", "fft"} {
			b.Run(name+"/"+method, func(b *testing.B) {
				nodetest.Benchmark(b, nodetest.Find(b, Nodes(), "VAD"), `{"method": "`+method+`"}`, f, 320)
			})
		}
	}
}

var _ node.Formatter = VADParams{}
