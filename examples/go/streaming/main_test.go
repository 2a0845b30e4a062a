package main

import (
	"strings"
	"testing"

	"github.com/remotemedia/remotemedia-go/conformance/local"
)

func TestStreaming(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), local.Serve(t, nil), "../../../testdata/speech/two-sentences-44k1.wav", &out); err != nil {
		t.Fatal(err)
	}
	got := out.String()
	if strings.Count(got, "speech_start") != 2 || !strings.Contains(got, "Client requested close: 299 chunks in, 95465 frames out") {
		t.Errorf("it printed\n%s", got)
	}
}
