package main

import (
	"slices"
	"testing"

	"github.com/remotemedia/remotemedia-go/audio/resample"
)

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		nil,
		{"convert"},
		{"convert", "best", "44100", "16000", "0"},
		{"convert", "high", "44100", "sixteen", "0"},
		{"trace", "high", "44100", "16000", "0"},
		{"first", "high", "1", "16000"},
		{"play", "high", "44100", "16000"},
	} {
		if err := run(args); err == nil {
			t.Errorf("run(%q) succeeded, expected an error", args)
		}
	}
}

// TestPass holds what is timed: a batch pass is a whole stream, so it ends where it began, and chunks make the same sound.
func TestPass(t *testing.T) {
	t.Parallel()
	const src, dst = 44100, 16000
	s, err := open(src, dst, resample.High, src)
	if err != nil {
		t.Fatal(err)
	}
	x := noise(src)
	for range 2 {
		if _, err := s.pass(x, 0); err != nil {
			t.Fatal(err)
		}
		if n := s.FlushFrames(); n != 0 {
			t.Fatalf("%d frames are left after a batch pass, expected 0", n)
		}
	}
	whole := slices.Clone(must(t)(s.push(x)))
	whole = append(whole, must(t)(s.end())...)
	var parts []float32
	for c := range chunks(x, 480) {
		parts = append(parts, must(t)(s.push(c))...)
	}
	parts = append(parts, must(t)(s.end())...)
	if len(whole) != dst || !slices.Equal(whole, parts) {
		t.Errorf("%d samples at once, %d in chunks, expected %d equal ones", len(whole), len(parts), dst)
	}
}

func must(t *testing.T) func([]float32, error) []float32 {
	return func(x []float32, err error) []float32 {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
}
