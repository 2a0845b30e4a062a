// Package manifests_test runs every example: each file here has a row in the table, and the other way round.
package manifests_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	remotemedia "github.com/remotemedia/remotemedia-go"
	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/codec/wav"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/manifest"
	"github.com/remotemedia/remotemedia-go/media"
)

// example says what a manifest gets and what must come out: the audio as "rate, channels, encoding, frames", the data in
// full or, where it ends in "...", its beginning.
type example struct {
	audio map[string]string // node to file below testdata/speech
	data  map[string]string
	wants map[string]string
	warns []string // parts of the warnings
}

const (
	sentences = "two-sentences-44k1.wav"
	austen    = "austen-0880-16k.wav"
	dialogue  = "dialogue-stereo-22k.wav"
)

var examples = map[string]example{
	"speech.yaml": {
		audio: map[string]string{"resample": sentences},
		wants: map[string]string{"vad": "16000 Hz, 1 channels, i16, 95465 frames", "data of vad": `[{"has_speech":true...`},
	},
	"calculator.json": {
		data:  map[string]string{"calc": `{"value": 10.0}`},
		wants: map[string]string{"data of calc": "15.0"},
	},
	"passthrough-echo.json": {
		audio: map[string]string{"passthrough": austen},
		wants: map[string]string{
			"echo":         "16000 Hz, 1 channels, i16, 47840 frames",
			"data of echo": `{"input":{"type":"audio","sample_rate":16000,"channels":1,"num_samples":47840},"counter":1,"node":"Echo"}`,
		},
	},
	"convert.yaml": {
		audio: map[string]string{"to-float": austen},
		wants: map[string]string{"to-float": "16000 Hz, 1 channels, f32, 47840 frames"},
	},
	"camel-case.json": {
		audio: map[string]string{"in": dialogue},
		wants: map[string]string{"convert": "8000 Hz, 2 channels, i32, 19731 frames"},
	},
	"anchors.yaml": {
		audio: map[string]string{"input": sentences},
		wants: map[string]string{
			"telephone": "8000 Hz, 1 channels, i16, 47733 frames",
			"wideband":  "16000 Hz, 1 channels, i16, 95465 frames",
			"studio":    "48000 Hz, 1 channels, i16, 286396 frames",
		},
	},
	"legacy.json": {
		audio: map[string]string{"resample": sentences},
		wants: map[string]string{"vad": "16000 Hz, 1 channels, i16, 95465 frames", "data of vad": `[{"has_speech":true...`},
		warns: []string{"runtime_hint", "execution has no effect"},
	},
	"arithmetic.yaml": {
		data:  map[string]string{"times": "100"},
		wants: map[string]string{"data of plus": "212"},
	},
	"both.yaml": {
		audio: map[string]string{"resample": dialogue},
		data:  map[string]string{"calc": `{"a": 6, "b": 7}`},
		wants: map[string]string{
			"resample":     "16000 Hz, 1 channels, i16, 39462 frames",
			"echo":         "16000 Hz, 1 channels, i16, 39462 frames",
			"data of echo": `[{"input":{"type":"audio",...`,
			"data of calc": "42",
		},
	},
}

func TestFR001_EveryExampleRuns(t *testing.T) {
	files, err := filepath.Glob("*.*")
	if err != nil {
		t.Fatal(err)
	}
	files = slices.DeleteFunc(files, func(f string) bool { return filepath.Ext(f) == ".go" })
	if rows := slices.Sorted(maps.Keys(examples)); !slices.Equal(files, rows) {
		t.Errorf("the files are %v, the table has %v", files, rows)
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) { runExample(t, file, examples[file]) })
	}
}

func runExample(t *testing.T, file string, e example) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	p, err := remotemedia.Compile(text, remotemedia.WithName(file))
	if err != nil {
		t.Fatal(manifest.Render(file, fault.From(err).Problems, false))
	}
	r, err := p.Run(context.Background(), inputs(t, e))
	if err != nil {
		t.Fatal(err)
	}
	if r.Status != media.Success {
		t.Errorf("the status is %q", r.Status)
	}
	if got := told(r); !matches(got, e.wants) {
		t.Errorf("it gave\n%v\nwant\n%v", got, e.wants)
	}
	if !warned(r.Warnings, e.warns) {
		t.Errorf("warnings are %q, want %q", r.Warnings, e.warns)
	}
}

func inputs(t *testing.T, e example) media.Inputs {
	t.Helper()
	in := media.Inputs{Audio: make(map[string]media.Audio), Data: make(map[string]json.RawMessage)}
	for node, text := range e.data {
		in.Data[node] = json.RawMessage(text)
	}
	for node, name := range e.audio {
		in.Audio[node] = read(t, filepath.Join("..", "..", "testdata", "speech", name))
	}
	return in
}

func read(t *testing.T, path string) media.Audio {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := wav.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	bytes, err := r.ReadAll(r.Encoding(), 1<<24)
	if err != nil {
		t.Fatal(err)
	}
	return media.Audio{Format: audio.Format{Rate: r.Rate(), Channels: r.Channels(), Encoding: r.Encoding()}, Bytes: bytes}
}

// told renders the outputs as the table does.
func told(r *media.Result) map[string]string {
	out := make(map[string]string)
	for id, a := range r.Audio {
		out[id] = fmt.Sprintf("%s, %d frames", a.Format, a.Frames())
	}
	for id, text := range r.Data {
		out["data of "+id] = string(text)
	}
	return out
}

func matches(got, want map[string]string) bool {
	return maps.EqualFunc(got, want, func(got, want string) bool {
		if beginning, cut := strings.CutSuffix(want, "..."); cut {
			return strings.HasPrefix(got, beginning)
		}
		return got == want
	})
}

func warned(got, want []string) bool {
	return slices.EqualFunc(got, want, strings.Contains)
}

// What the wire has a place for survives the way there and back, and the text of a manifest its own syntax.
func TestFR001_NothingIsLostOnTheWay(t *testing.T) {
	for file := range examples {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m, problems := manifest.Parse(file, text)
		if fail := fault.FromProblems(problems); fail != nil {
			t.Fatalf("%s: %v", file, fail)
		}
		sent := wire.ManifestToProto(m)
		back, problems := wire.ManifestFromProto(sent)
		if fail := fault.FromProblems(problems); fail != nil {
			t.Fatalf("%s: %v", file, fail)
		}
		if again := wire.ManifestToProto(back); !proto.Equal(sent, again) {
			t.Errorf("%s changed on the wire:\n%v\n%v", file, sent, again)
		}
		for i := range m.Nodes {
			m.Nodes[i].Execution = nil // the wire has no place for it
		}
		if got, want := canonical(t, back), canonical(t, m); got != want {
			t.Errorf("%s came back as\n%s\nwant\n%s", file, got, want)
		}
	}
}

func canonical(t *testing.T, m *manifest.Manifest) string {
	t.Helper()
	text, err := m.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
