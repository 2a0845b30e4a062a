package media_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/media"
)

func TestPlanarAndInterleavedAgree(t *testing.T) {
	left, right := []float32{1, 2, 3}, []float32{-1, -2, -3, -4}
	planar := media.Planar(8000, left, right)
	interleaved := media.Interleaved(8000, 2, []float32{1, -1, 2, -2, 3, -3})
	if string(planar.Bytes) != string(interleaved.Bytes) || planar.Format != interleaved.Format {
		t.Fatalf("planar %v %x, interleaved %v %x", planar.Format, planar.Bytes, interleaved.Format, interleaved.Bytes)
	}
	got := planar.Samples()
	if !slices.Equal(got[0], left) || !slices.Equal(got[1], right[:3]) {
		t.Errorf("samples came back as %v", got)
	}
	if planar.Frames() != 3 || planar.Duration() != 375*time.Microsecond {
		t.Errorf("3 frames at 8 kHz are %d frames of %v", planar.Frames(), planar.Duration())
	}
}

func TestCheckTellsWhatIsWrong(t *testing.T) {
	good := media.Planar(16000, make([]float32, 10))
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	cases := map[string]func(*media.Audio){
		"sample_rate": func(a *media.Audio) { a.Format.Rate = 0 },
		"channels":    func(a *media.Audio) { a.Format.Channels = 65 },
		"format":      func(a *media.Audio) { a.Format.Encoding = 9 },
		"multiple":    func(a *media.Audio) { a.Bytes = a.Bytes[:7] },
	}
	for want, spoil := range cases {
		bad := good
		spoil(&bad)
		if err := bad.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error about %s, got %v", want, err)
		}
	}
}

func TestTheZeroAudioHasNoFrames(t *testing.T) {
	var a media.Audio
	if a.Frames() != 0 || a.Duration() != 0 || len(a.Samples()) != 0 || a.Check() == nil {
		t.Errorf("%d frames, %v, %v", a.Frames(), a.Duration(), a.Check())
	}
	if got := media.Planar(8000); got.Check() == nil {
		t.Error("audio without channels passes the check")
	}
}

func TestEncodeCountsWhatItClips(t *testing.T) {
	a := media.Planar(8000, []float32{0.5, 2, -2})
	b, clipped := a.Encode(pcm.I16)
	if clipped != 2 || b.Format != (audio.Format{Rate: 8000, Channels: 1, Encoding: pcm.I16}) || b.Frames() != 3 {
		t.Fatalf("clipped %d, %v, %d frames", clipped, b.Format, b.Frames())
	}
	if got := b.Samples()[0]; got[0] != 0.5 || got[2] != -1 {
		t.Errorf("samples are %v", got)
	}
	if same, n := a.Encode(pcm.F32); n != 0 || &same.Bytes[0] != &a.Bytes[0] {
		t.Error("an encoding that is there already was converted")
	}
}

func TestSamplesOfEachTypeSurvive(t *testing.T) {
	floats := []float32{0, 0.5, -1, 1}
	if a := media.FromSamples(8000, 2, floats); a.Frames() != 2 || a.Check() != nil || !slices.Equal(media.SamplesAs[float32](a), floats) {
		t.Errorf("floats: %v %x", a.Format, a.Bytes)
	}
	shorts := []int16{0, 1, -32768, 32767}
	if a := media.FromSamples(8000, 1, shorts); a.Format.Encoding != pcm.I16 || !slices.Equal(media.SamplesAs[int16](a), shorts) {
		t.Errorf("int16: %v %x", a.Format, a.Bytes)
	}
	longs := []int32{0, 1, -1 << 31, 1<<31 - 1}
	if a := media.FromSamples(8000, 4, longs); a.Format.Encoding != pcm.I32 || !slices.Equal(media.SamplesAs[int32](a), longs) {
		t.Errorf("int32: %v %x", a.Format, a.Bytes)
	}
	if got := media.SamplesAs[int16](media.FromSamples(8000, 1, floats)); !slices.Equal(got, []int16{0, 16384, -32768, 32767}) {
		t.Errorf("floats as int16: %v", got)
	}
	if got := media.SamplesAs[int16](media.Audio{Bytes: []byte{1, 2}}); got != nil {
		t.Errorf("audio without a format: %v", got)
	}
}
