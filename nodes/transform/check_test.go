package transform_test

import (
	"testing"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/node"
	"github.com/remotemedia/remotemedia-go/node/nodetest"
)

// TestRel8_ChecksFollowTheWork: with many channels, or many samples that go out for one that comes in, a node checks more often, so that a live
// chunk never waits long for it.
func TestRel8_ChecksFollowTheWork(t *testing.T) {
	const frames = 20_000
	for _, x := range []struct {
		node, params string
		rate         int
		out          float64 // frames that go out for one that comes in
	}{
		{"AudioResample", `{"target_sample_rate": 192000, "quality": "very_high"}`, 8000, 24},
		{"AudioResample", `{"target_sample_rate": 44101}`, 48_000, 1},
		{"AudioResample", `{"target_sample_rate": 8000}`, 192_000, 1},
		{"AudioFormatConverter", `{"target_format": "i32"}`, 48_000, 1},
		{"AudioFormatConverter", `{"target_format": "i16", "dither": "tpdf"}`, 48_000, 1},
	} {
		for _, channels := range []int{1, 8} {
			r := rig(t, x.node, x.params)
			f := audio.Format{Rate: x.rate, Channels: channels, Encoding: pcm.F32}
			r.Run(r.Wire(f, 0, nodetest.Signal(f, frames, 1)))
			if least := int(x.out * float64(frames*channels) / node.CheckFrames); r.Checks < least {
				t.Errorf("%s %s of %d channels at %d Hz: %d checks, want %d", x.node, x.params, channels, x.rate, r.Checks, least)
			}
		}
	}
}
