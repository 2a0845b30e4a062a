package suite

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
)

// soundPattern is what is expected of the audio of a node.
type soundPattern struct {
	Same     string   `json:"same"`
	Golden   string   `json:"golden"`
	Within   float64  `json:"within"`
	Skip     int      `json:"skip"`
	Rate     *int     `json:"rate"`
	Channels *int     `json:"channels"`
	Format   *string  `json:"format"`
	Frames   *float64 `json:"frames"`
}

// observedAudio is audio as a runner tells it.
type observedAudio struct {
	File     string `json:"file"`
	First    int    `json:"first"`
	Bytes    *int   `json:"bytes"`
	Rate     int    `json:"rate"`
	Channels int    `json:"channels"`
	Format   string `json:"format"`
}

func (m *matcher) audio(at string, want map[string]any, got any) {
	object, ok := got.(map[string]any)
	if !ok && len(want) > 0 {
		m.fail(at, "got %s, want audio of %v", short(got), slices.Sorted(maps.Keys(want)))
		return
	}
	for _, id := range slices.Sorted(maps.Keys(want)) {
		place := at + "." + id
		var pattern soundPattern
		if err := remarshal(want[id], &pattern); err != nil {
			m.fail(place, "the expectation can't be read: %v", err)
			continue
		}
		s, err := observed(object[id])
		if err != nil {
			m.fail(place, "%v", err)
			continue
		}
		m.sound(place, pattern, s)
	}
}

// remarshal decodes a value of JSON into a struct, strictly.
func remarshal(v, into any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// observed reads what a runner received.
func observed(v any) (*sound, error) {
	if v == nil {
		return nil, fmt.Errorf("no audio came")
	}
	var o observedAudio
	if err := remarshal(v, &o); err != nil {
		return nil, fmt.Errorf("the runner's audio can't be read: %w", err)
	}
	data, err := os.ReadFile(o.File)
	if err != nil {
		return nil, err
	}
	end := len(data)
	if o.Bytes != nil {
		end = o.First + *o.Bytes
	}
	if o.First < 0 || end < o.First || end > len(data) {
		return nil, fmt.Errorf("the runner names bytes %d to %d of a file of %d", o.First, end, len(data))
	}
	s := &sound{Rate: o.Rate, Channels: o.Channels, Format: o.Format, Bytes: data[o.First:end]}
	if size := frameBytes(s.Format, s.Channels); size == 0 || len(s.Bytes)%size != 0 {
		return nil, fmt.Errorf("%d bytes aren't whole frames of %d channels of %q", len(s.Bytes), s.Channels, s.Format)
	}
	return s, nil
}

func (m *matcher) sound(at string, want soundPattern, got *sound) {
	different(m, at+".rate", want.Rate, got.Rate)
	different(m, at+".channels", want.Channels, got.Channels)
	different(m, at+".format", want.Format, got.Format)
	different(m, at+".frames", want.Frames, float64(got.frames()))
	if want.Same != "" {
		m.same(at, want.Same, got)
	}
	if want.Golden != "" {
		m.compareGolden(at, want, got)
	}
}

func different[T comparable](m *matcher, at string, want *T, got T) {
	if want != nil && *want != got {
		m.fail(at, "got %v, want %v", got, *want)
	}
}

func (m *matcher) same(at, name string, got *sound) {
	want, ok := m.sounds[name]
	switch {
	case !ok:
		m.fail(at, "the expectation names an unknown signal %q", name)
	case want.Rate != got.Rate || want.Channels != got.Channels || want.Format != got.Format:
		m.fail(at, "got %d Hz, %d channels, %s: want %d Hz, %d channels, %s", got.Rate, got.Channels, got.Format, want.Rate, want.Channels, want.Format)
	case !bytes.Equal(want.Bytes, got.Bytes):
		m.fail(at, "got %d bytes, want the %d of %q: the first difference is at byte %d", len(got.Bytes), len(want.Bytes), name, firstDifference(want.Bytes, got.Bytes))
	}
}

func firstDifference(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// compareGolden compares with float32 samples at full scale 1, interleaved.
func (m *matcher) compareGolden(at string, want soundPattern, got *sound) {
	data, err := os.ReadFile(filepath.Join(m.golden, want.Golden+".f32"))
	if err != nil {
		m.fail(at, "%v", err)
		return
	}
	golden := (&sound{Format: "f32", Channels: 1, Bytes: data}).floats()
	samples := got.floats()
	if len(golden) != len(samples) {
		m.fail(at, "got %d samples, want %d", len(samples), len(golden))
		return
	}
	skip := want.Skip * got.Channels
	if 2*skip >= len(golden) {
		m.fail(at, "the expectation skips all %d samples", len(golden))
		return
	}
	worst, place := 0.0, 0
	for i := skip; i < len(golden)-skip; i++ {
		if d := math.Abs(golden[i] - samples[i]); !(d <= worst) {
			worst, place = d, i
		}
	}
	if !(worst <= want.Within) {
		m.fail(at, "it differs from %s by up to %.3g (at sample %d), want at most %.3g", want.Golden, worst, place, want.Within)
	}
}
