package main

import (
	"strings"
	"testing"

	"github.com/remotemedia/remotemedia-go/conformance/local"
)

func TestSimple(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), local.Serve(t, nil), "../../../testdata/speech/two-sentences-44k1.wav", &out); err != nil {
		t.Fatal(err)
	}
	got := out.String()
	if !strings.Contains(got, "16000 Hz") || strings.Count(got, "speech_start") != 2 || strings.Count(got, "speech_end") != 2 {
		t.Errorf("it printed\n%s", got)
	}
	if err := run(t.Context(), "127.0.0.1:1", "missing.wav", &out); err == nil {
		t.Error("a file that isn't there is no error")
	}
}
