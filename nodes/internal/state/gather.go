package state

import (
	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/mem"
	"github.com/remotemedia/remotemedia-go/node"
)

// Gather collects pieces of audio of one format into one buffer, without a change: the bytes as they came, or the samples
// where the first piece has no bytes of its own. Its memory grows with what is there, not with what is announced. The zero
// value is empty.
type Gather struct {
	format   audio.Format
	stamp    audio.Stamp
	metadata []byte
	frames   int
	bytes    *mem.Block    // has room; nil where samples are collected
	samples  *audio.Buffer // has room; nil where bytes are collected
}

// Frames counts what was collected.
func (g *Gather) Frames() int { return g.frames }

// Add appends the frames of b from one to another, which are at most as many as a node processes between two checks. The
// collected audio begins at the stamp of the first piece. Most is how many frames it will have at the end, 0 for unknown.
func (g *Gather) Add(c *node.Call, b *audio.Buffer, from, to, most int) error {
	if g.bytes == nil && g.samples == nil {
		g.begin(b, from)
	}
	raw, untouched := b.Raw()
	if untouched && g.samples == nil {
		return g.addBytes(c, raw, from, to, most)
	}
	if g.bytes != nil { // the rare mix: the bytes set the precision
		wire, _, err := b.Wire(c.Account())
		if err != nil {
			return err
		}
		return g.addBytes(c, wire, from, to, most)
	}
	return g.addSamples(c, b, from, to, most)
}

func (g *Gather) begin(b *audio.Buffer, from int) {
	g.format, g.metadata, g.frames = b.Format, b.Metadata, 0
	g.stamp = b.Stamp.Add(int64(from), b.Format.Rate)
}

// room returns the capacity to grow to for n more frames, or have if that does.
func (g *Gather) room(have, n, most int) int {
	need := g.frames + n
	if need <= have {
		return have
	}
	grown := max(need, 2*have)
	if most >= need {
		grown = min(grown, most)
	}
	return grown
}

func (g *Gather) addBytes(c *node.Call, wire []byte, from, to, most int) error {
	size := g.format.FrameBytes()
	have := 0
	if g.bytes != nil {
		have = len(g.bytes.Bytes()) / size
	}
	if room := g.room(have, to-from, most); room > have || g.bytes == nil {
		grown, err := c.Account().Alloc(room * size)
		if err != nil {
			return err
		}
		if g.bytes != nil {
			copy(grown.Bytes(), g.bytes.Bytes()[:g.frames*size])
			g.bytes.Release()
		}
		g.bytes = grown
	}
	copy(g.bytes.Bytes()[g.frames*size:], wire[from*size:to*size])
	g.frames += to - from
	return nil
}

func (g *Gather) addSamples(c *node.Call, b *audio.Buffer, from, to, most int) error {
	x, err := c.Samples(b)
	if err != nil {
		return err
	}
	have := 0
	if g.samples != nil {
		have = g.samples.Frames()
	}
	if room := g.room(have, to-from, most); room > have || g.samples == nil {
		grown, err := audio.NewPlanar(c.Account(), g.format, room)
		if err != nil {
			return err
		}
		if g.samples != nil {
			copyFrames(grown, g.samples, g.frames)
			g.samples.Release()
		}
		g.samples = grown
	}
	for i, channel := range g.samples.Samples() {
		copy(channel[g.frames:], x[i][from:to])
	}
	g.frames += to - from
	return nil
}

func copyFrames(dst, src *audio.Buffer, n int) {
	for i, channel := range dst.Samples() {
		copy(channel, src.Samples()[i][:n])
	}
}

// Take returns what was collected, as a buffer that belongs to the call, and is empty again. Without anything it is nil.
func (g *Gather) Take(c *node.Call) (*audio.Buffer, error) {
	if g.frames == 0 {
		g.Drop()
		return nil, nil
	}
	b, err := g.fitted(c)
	if err != nil {
		return nil, err
	}
	b.Stamp, b.Metadata = g.stamp, g.metadata
	g.Drop()
	return c.Adopt(b), nil
}

// fitted returns a buffer of exactly the frames collected: the memory itself where it is full.
func (g *Gather) fitted(c *node.Call) (*audio.Buffer, error) {
	if g.samples != nil {
		if g.samples.Frames() == g.frames {
			return g.samples.Retain(), nil
		}
		b, err := audio.NewPlanar(c.Account(), g.format, g.frames)
		if err == nil {
			copyFrames(b, g.samples, g.frames)
		}
		return b, err
	}
	n := g.frames * g.format.FrameBytes()
	if len(g.bytes.Bytes()) == n {
		return audio.FromWire(g.format, g.bytes.Retain())
	}
	block, err := c.Account().Alloc(n)
	if err != nil {
		return nil, err
	}
	copy(block.Bytes(), g.bytes.Bytes())
	return audio.FromWire(g.format, block)
}

// Drop lets go of everything.
func (g *Gather) Drop() {
	if g.bytes != nil {
		g.bytes.Release()
	}
	if g.samples != nil {
		g.samples.Release()
	}
	*g = Gather{}
}
