package audio

import (
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/mem"
)

// Checker is asked whether to go on.
type Checker interface{ Check() error }

// PartSamples is how many samples, over all channels, are made in one part. It takes a tenth of a millisecond, most of it for memory that wasn't
// used for long.
const PartSamples = 32_768

// decode makes the planar samples from the wire's bytes: in place for aligned mono F32 that is clean, else converted.
func (b *Buffer) decode(a *mem.Account, c Checker) error {
	if b.Format.Encoding == pcm.F32 && b.Format.Channels == 1 {
		if x, ok := b.wire.Float32s(); ok && pcm.IsClean(x) {
			b.planar, b.clean = b.wire.Retain(), true
			b.slice([][]float32{x})
			return nil
		}
	}
	wire := b.wire
	if err := b.allocPlanar(a); err != nil {
		return err
	}
	if err := b.decodeParts(wire.Bytes(), c); err != nil {
		b.planar.Release()
		b.planar, b.channels, b.replaced = nil, nil, 0
		return err
	}
	b.clean = true
	return nil
}

func (b *Buffer) decodeParts(wire []byte, c Checker) error {
	part := PartSamples / b.Format.Channels
	if b.frames <= part || c == nil {
		b.decodePart(b.channels, wire)
		return nil
	}
	views, size := make([][]float32, len(b.channels)), b.Format.FrameBytes()
	for from := 0; from < b.frames; from += part {
		if from > 0 {
			if err := c.Check(); err != nil {
				return err
			}
		}
		to := min(b.frames, from+part)
		for i, x := range b.channels {
			views[i] = x[from:to]
		}
		b.decodePart(views, wire[from*size:to*size])
	}
	return nil
}

func (b *Buffer) decodePart(channels [][]float32, wire []byte) {
	pcm.Decode(channels, wire, b.Format.Encoding)
	if b.Format.Encoding == pcm.F32 {
		for _, x := range channels {
			b.replaced += pcm.Sanitize(x)
		}
	}
}
