package detect

import (
	"encoding/json"
	"math"
	"slices"
	"testing"

	"github.com/remotemedia/remotemedia-go/node/nodetest"
)

func activityReports(t *testing.T, r *nodetest.Rig) []activityReport {
	t.Helper()
	var all []activityReport
	for _, text := range r.Data() {
		var one activityReport
		if err := json.Unmarshal([]byte(text), &one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

// TestActivityThresholdFollowsTheNoise: a level that counts as speech at first doesn't once it is known as noise.
func TestActivityThresholdFollowsTheNoise(t *testing.T) {
	r := rig(t, "VoiceActivityDetector", `{"energy_threshold": 0.03125}`)
	noise, talk := square(voice, stretch{300, 0.0625}), square(voice, stretch{120, 0.0625}, stretch{180, 0.25})
	r.Run(r.Wire(voice, 0, noise), r.Wire(voice, 4800, noise), r.Wire(voice, 9600, talk))
	want := []string{
		`{"is_speech":true,"speech_ratio":1,"avg_energy":0.0625,"frame_duration_ms":30}`,
		`{"is_speech":false,"speech_ratio":0,"avg_energy":0.0625,"frame_duration_ms":30}`, // 0.7*2.5*0.0625+0.3*0.03125 = 0.11875
		`{"is_speech":true,"speech_ratio":0.6,"avg_energy":0.175,"frame_duration_ms":30}`,
	}
	got := r.Data()
	for i := range want {
		if len(got) != len(want) || !sameButForRounding(got[i], want[i]) {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	}
	if len(r.Items) != 6 {
		t.Errorf("%d items, expected the audio before each report", len(r.Items))
	}
}

// sameButForRounding compares two objects of numbers.
func sameButForRounding(a, b string) bool {
	var x, y activityReport
	if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal([]byte(b), &y) != nil {
		return false
	}
	near := math.Abs(x.AvgEnergy-y.AvgEnergy) < 1e-12
	x.AvgEnergy = y.AvgEnergy
	return near && x == y
}

func TestActivityNoiseIsThe30thPercentileOfTheLast100Frames(t *testing.T) {
	a := &activity{ActivityParams: ActivityParams{Threshold: 1}}
	for i := range 250 {
		a.recent = append(a.recent, float64(i))
	}
	a.remember()
	if len(a.history) != 100 || a.history[0] != 150 {
		t.Fatalf("the history is %v", a.history)
	}
	if got, want := a.threshold(), 0.7*2.5*180+0.3; math.Abs(got-want) > 1e-9 {
		t.Errorf("threshold %v, expected %v", got, want)
	}
	if !slices.IsSorted(a.sorted) || a.history[99] != 249 {
		t.Error("the history itself was sorted")
	}
}

func TestActivityFilters(t *testing.T) {
	r := rig(t, "VoiceActivityDetector", `{"filter_mode": true}`)
	quiet, loud := square(voice, stretch{60, 0.001}), square(voice, stretch{60, 0.5})
	r.Run(r.Wire(voice, 0, quiet), r.Wire(voice, 960, loud), r.Wire(voice, 1920, loud[:320*2]), r.Wire(voice, 2240, quiet), r.Wire(voice, 3200, quiet))
	var positions []int64
	for _, item := range r.Items {
		if item.Audio == nil {
			t.Fatalf("it told %s in filter mode", item.Data)
		}
		positions = append(positions, item.Audio.Stamp.Position)
	}
	// The third item completes no frame and follows the second; the fourth completes the loud frame that the third began.
	if want := []int64{960, 1920, 2240}; !slices.Equal(positions, want) {
		t.Errorf("items at %v went on, expected those at %v", positions, want)
	}
}

func TestActivityMayKeepSilent(t *testing.T) {
	r := rig(t, "VoiceActivityDetector", `{"include_metadata": false}`)
	r.Run(r.Wire(voice, 0, square(voice, stretch{60, 0.001})))
	if len(r.Items) != 1 || r.Items[0].Audio == nil {
		t.Errorf("got %v, expected the audio alone", r.Items)
	}
}

func TestActivityReportsOfItemsWithoutAWholeFrame(t *testing.T) {
	r := rig(t, "VoiceActivityDetector", "{}")
	r.Run(r.Cut(voice, square(voice, stretch{60, 0.5}), func() int { return 320 })...)
	want := []activityReport{{false, 0, 0, 30}, {true, 1, 0.5, 30}, {false, 0, 0.5, 30}} // the second frame is known by then
	if got := activityReports(t, r); !slices.Equal(got, want) {
		t.Errorf("got %v, expected %v", got, want)
	}
}

func BenchmarkActivity(b *testing.B) {
	nodetest.Benchmark(b, nodetest.Find(b, Nodes(), "VoiceActivityDetector"), "{}", voice, 320)
}
