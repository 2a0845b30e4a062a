// Package media holds the plain values that go into a pipeline and come out of one. They are the same for a pipeline that
// runs in the program's own process (package remotemedia) and for one that a service runs (package client). A value owns
// its memory: nothing in here is pooled, and nothing must be released.
package media

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
)

// Audio is a run of frames in one format.
type Audio struct {
	Format audio.Format
	Bytes  []byte // interleaved little-endian samples in Format.Encoding
}

// Planar makes float32 audio of one slice per channel, at full scale -1 to 1. The samples are copied; where the slices
// differ in length, the shortest counts.
func Planar(rate int, channels ...[]float32) Audio {
	a := Audio{Format: audio.Format{Rate: rate, Channels: len(channels), Encoding: pcm.F32}}
	if len(channels) == 0 {
		return a
	}
	frames := len(channels[0])
	for _, c := range channels {
		frames = min(frames, len(c))
	}
	a.Bytes = make([]byte, frames*a.Format.FrameBytes())
	pcm.Encode(a.Bytes, channels, pcm.F32)
	return a
}

// Interleaved makes float32 audio of samples in the order first frame, second frame and so on. The samples are copied.
func Interleaved(rate, channels int, samples []float32) Audio {
	a := Planar(rate, samples)
	a.Format.Channels = channels
	return a
}

// Sample is the Go type of a sample on the wire.
type Sample interface{ float32 | int16 | int32 }

// FromSamples makes audio of interleaved samples, first frame, second frame and so on, in the encoding of their type. They are
// copied. Floats have full scale -1 to 1.
func FromSamples[T Sample](rate, channels int, samples []T) Audio {
	a := Audio{Format: audio.Format{Rate: rate, Channels: channels, Encoding: encodingOf[T]()}}
	a.Bytes, _ = binary.Append(make([]byte, 0, binary.Size(samples)), binary.LittleEndian, samples) // fails for types without a size alone
	return a
}

// SamplesAs returns the samples interleaved, in the type asked for: as they are where the audio is in its encoding, and
// otherwise converted, integers being rounded and clipped. The caller owns them.
func SamplesAs[T Sample](a Audio) []T {
	to := encodingOf[T]()
	if !a.Format.Encoding.Valid() {
		return nil
	}
	converted, _ := a.Encode(to)
	out := make([]T, len(converted.Bytes)/to.Bytes())
	_, _ = binary.Decode(converted.Bytes, binary.LittleEndian, out) // fails for types without a size alone
	return out
}

func encodingOf[T Sample]() pcm.Encoding {
	var zero T
	switch any(zero).(type) {
	case int16:
		return pcm.I16
	case int32:
		return pcm.I32
	}
	return pcm.F32
}

// Check returns what is wrong with the format, or with a length that isn't one of whole frames; nil if nothing is.
func (a Audio) Check() error {
	if err := a.Format.Check(); err != nil {
		return err
	}
	if n, frame := len(a.Bytes), a.Format.FrameBytes(); n%frame != 0 {
		return fmt.Errorf("samples has %d bytes: expected a multiple of %d (%s)", n, frame, a.Format)
	}
	return nil
}

// Frames returns the number of whole frames, 0 where the format isn't valid.
func (a Audio) Frames() int {
	if size := a.Format.FrameBytes(); size > 0 {
		return len(a.Bytes) / size
	}
	return 0
}

// Duration returns how long the audio plays, 0 where the format isn't valid.
func (a Audio) Duration() time.Duration {
	if a.Format.Rate <= 0 {
		return 0
	}
	return time.Duration(float64(a.Frames()) / float64(a.Format.Rate) * float64(time.Second))
}

// Samples returns the samples as float32, one slice per channel, at full scale -1 to 1. The caller owns them.
func (a Audio) Samples() [][]float32 {
	frames := a.Frames()
	channels := make([][]float32, a.Format.Channels)
	all := make([]float32, frames*len(channels))
	for c := range channels {
		channels[c] = all[c*frames : (c+1)*frames : (c+1)*frames]
	}
	pcm.Decode(channels, a.Bytes, a.Format.Encoding)
	return channels
}

// Encode returns the audio in another encoding, and how many samples were beyond its full scale and were clipped. It is a
// itself where nothing is to be done.
func (a Audio) Encode(to pcm.Encoding) (converted Audio, clipped int) {
	if to == a.Format.Encoding || !to.Valid() {
		return a, 0
	}
	converted = a
	converted.Format.Encoding = to
	converted.Bytes = make([]byte, a.Frames()*converted.Format.FrameBytes())
	clipped = pcm.Convert(converted.Bytes, a.Bytes, to, a.Format.Encoding)
	return converted, clipped
}
