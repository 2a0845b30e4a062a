package plot

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"math"
	"strings"
	"testing"
)

func aLoad() Load {
	l := Load{
		Title: "resample on host:1", Subtitle: "calls", Unit: "calls", Mark: 20,
		Curves: []Curve{
			{Name: "latency", Most: 0.9999, At: func(q float64) float64 { return 1 / (1.0001 - q) }},
			{Name: "final", Most: 0.5, At: func(float64) float64 { return 0 }}, // nothing is below the axis
		},
	}
	for i := range 20 {
		l.Points = append(l.Points, LoadPoint{Start: float64(i), Length: 1, Right: 100, Failed: float64(i), P50: 1, P99: 5, Max: 9})
	}
	return l
}

// texts are what stands in an SVG.
func texts(t *testing.T, svg []byte) (out []string) {
	t.Helper()
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if text, ok := token.(xml.CharData); ok && strings.TrimSpace(string(text)) != "" {
			out = append(out, strings.TrimSpace(string(text)))
		}
	}
}

func TestLoadsAreDrawn(t *testing.T) {
	var b bytes.Buffer
	if err := aLoad().Write(&b, PNG); err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(&b)
	if err != nil || picture.Bounds().Dx() != loadWidth || picture.Bounds().Dy() != loadHeight {
		t.Fatalf("%v, %v", picture.Bounds(), err)
	}
	if err := aLoad().Write(&b, SVG); err != nil {
		t.Fatal(err)
	}
	got := strings.Join(texts(t, b.Bytes()), "\n") + "\n"
	for _, want := range []string{
		"resample on host:1", "calls", "latency by percentile", "latency over time", "calls a second over time",
		"latency", "final", "deadline", "p50", "p99", "max", "right", "failed", "99.99", "percentile", "latency (ms)", "time (s)",
	} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("the picture lacks the text %q:\n%s", want, got)
		}
	}
}

func TestLoadsOfNothingAreDrawn(t *testing.T) {
	for name, l := range map[string]Load{
		"nothing":  {},
		"zeros":    {Points: []LoadPoint{{Length: 1}}},
		"one call": {Curves: []Curve{{Name: "latency", At: func(float64) float64 { return 1 }}}, Points: []LoadPoint{{Length: 0.1, Right: 10, P50: 1, P99: 1, Max: 1}}},
		"failures": {Points: []LoadPoint{{Length: 1, Failed: 5}}},
	} {
		t.Run(name, func(t *testing.T) {
			if err := l.Write(io.Discard, SVG); err != nil {
				t.Error(err)
			}
			if err := l.Write(io.Discard, PNG); err != nil {
				t.Error(err)
			}
		})
	}
	if err := (Load{}).Write(io.Discard, "gif"); err == nil || !strings.Contains(err.Error(), `"gif"`) {
		t.Errorf("%v", err)
	}
}

func TestEachNineTakesTheSameRoom(t *testing.T) {
	if d := depth(0.999) - depth(0.99); math.Abs(d-1) > 1e-9 || depth(0) != 0 {
		t.Errorf("%v from 99 to 99.9, %v at 0", d, depth(0))
	}
}
