package main

import (
	"strings"
	"testing"

	"github.com/remotemedia/remotemedia-go/conformance/local"
)

func TestMultinode(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), local.Serve(t, nil), &out); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"pcm        32000 frames, ", "music      88200 frames, ", "telephone  32000 frames, ", "speech     96000 frames, ",
		"input      success, ", "192000 samples in", "refused, as it should be: resample: bad_parameter",
	} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("%q isn't in\n%s", line, out.String())
		}
	}
}
