package suite

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func loadAll(t *testing.T) []*Case {
	t.Helper()
	cases, err := Load("../cases")
	if err != nil {
		t.Fatal(err)
	}
	return cases
}

// The files are well-formed: every case names a flavour, signals and golden files that exist.
func TestCasesAreWellFormed(t *testing.T) {
	cases := loadAll(t)
	flavours, err := LoadFlavours("../servers.yaml")
	if err != nil {
		t.Fatal(err)
	}
	signals := &Signals{Root: "../..", Dir: t.TempDir()}
	if len(cases) < 60 {
		t.Errorf("%d cases, want at least 60", len(cases))
	}
	used := make(map[string]bool)
	for _, c := range cases {
		flavour, ok := flavours[c.Server]
		if !ok {
			t.Errorf("%s wants the server %q, which isn't in servers.yaml", c.Name, c.Server)
		}
		used[c.Server] = true
		if _, err := c.expand(signals, &Server{Name: c.Server, flavour: flavour}); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
		text, err := json.Marshal(c.Steps)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names(string(text), `"golden":"`) {
			if _, err := os.Stat(filepath.Join("../golden", name+".f32")); err != nil {
				t.Errorf("%s: %v", c.Name, err)
			}
		}
	}
	for name, f := range flavours {
		if !used[name] || f.About == "" {
			t.Errorf("the flavour %s is of no use, or says nothing of itself", name)
		}
	}
}

// names finds what stands between a beginning and the next quote.
func names(text, begin string) (out []string) {
	for {
		_, rest, ok := strings.Cut(text, begin)
		if !ok {
			return out
		}
		name, after, _ := strings.Cut(rest, `"`)
		out, text = append(out, name), after
	}
}

// Every kind of error that the contract has is provoked, and every flavour of misfortune.
func TestCasesCoverEveryKindOfError(t *testing.T) {
	text, err := json.Marshal(func() (all [][]Step) {
		for _, c := range loadAll(t) {
			all = append(all, c.Steps)
		}
		return all
	}())
	if err != nil {
		t.Fatal(err)
	}
	got := names(string(text), `"kind":"`)
	for _, kind := range kinds {
		if kind != "closed" && !slices.Contains(got, kind) { // closed is what a client says of its own
			t.Errorf("no case expects the kind %s", kind)
		}
	}
}

func TestMistakesInCasesAreFound(t *testing.T) {
	for says, text := range map[string]string{
		"unknown field":        "cases: [{name: a, about: b, rnu: {}}]",
		"no member":            "cases: [{name: a, about: b, run: {manifests: {}}, expect: {}}]",
		"calls nothing":        "cases: [{name: a, about: b, expect: {}}]",
		"both":                 "cases: [{name: a, about: b, run: {}, version: {}, expect: {}}]",
		"expects nothing":      "cases: [{name: a, about: b, run: {}}]",
		"a name and":           "cases: [{name: a, run: {}, expect: {}}]",
		"go together":          "cases: [{name: a, about: b, run: {}, expect: {}, expect_in: {go: {}}}]",
		"two cases":            "cases: [{name: a, about: b, run: {}, expect: {}}, {name: a, about: b, run: {}, expect: {}}]",
		"holds no cases":       "cases: []",
		"client has no member": "cases: [{name: a, about: b, client: {tokn: x}, run: {}, expect: {}}]",
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "x.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: want an error with %q, got %v", text, says, err)
		}
	}
}

func TestSignals(t *testing.T) {
	for name, c := range map[string]struct {
		signal Signal
		want   []byte
	}{
		"silence":  {Signal{Kind: "silence", Rate: 8000, Channels: 2, Frames: 1, Format: "i16"}, []byte{0, 0, 0, 0}},
		"samples":  {Signal{Kind: "samples", Rate: 8000, Format: "i16", Samples: []float64{1, -2}}, []byte{1, 0, 254, 255}},
		"impulse":  {Signal{Kind: "impulse", Rate: 8000, Frames: 2, At: 1, Amplitude: 0.5, Format: "i16"}, []byte{0, 0, 0, 0x40}},
		"clipped":  {Signal{Kind: "impulse", Rate: 8000, Frames: 1, Amplitude: 1.5, Format: "i16"}, []byte{0xff, 0x7f}},
		"bytes":    {Signal{Kind: "bytes", Rate: 8000, Format: "i16", Base64: "AQI="}, []byte{1, 2}},
		"noise":    {Signal{Kind: "noise", Seed: 0, Rate: 8000, Frames: 1, Format: "i16"}, []byte{0x05, 0x14}}, // 1442695040888963407 >> 48
		"noise 32": {Signal{Kind: "noise", Seed: 0, Rate: 8000, Frames: 1, Format: "i32"}, []byte{0x7e, 0x7b, 0x05, 0x14}},
	} {
		got, err := c.signal.make("")
		if err != nil || !bytes.Equal(got.Bytes, c.want) {
			t.Errorf("%s: %x, %v, want %x", name, got.Bytes, err, c.want)
		}
	}
	for _, wrong := range []Signal{{Kind: "hum", Frames: 1}, {Kind: "silence", Frames: 1, Format: "f64"}, {Kind: "wav", Path: "none.wav"}, {Kind: "bytes", Base64: "?"}} {
		if _, err := wrong.make(t.TempDir()); err == nil {
			t.Errorf("%+v makes a signal", wrong)
		}
	}
}
