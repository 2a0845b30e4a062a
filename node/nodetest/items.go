package nodetest

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/node"
)

// JSON makes an item of data.
func JSON(text string) node.Item {
	item := node.DataItem([]byte(text))
	if strings.HasPrefix(text, `{"type":"control"`) {
		item.Kind = node.Control
	}
	return item
}

// Wire makes an item of interleaved bytes at a position of its stream, with the media time that belongs to it. The bytes
// must be whole frames, and are copied.
func (h *Host) Wire(f audio.Format, position int64, bytes []byte) node.Item {
	block, err := h.account.Alloc(len(bytes))
	if err != nil {
		panic(err) // a test that needs more than Limit is wrong
	}
	copy(block.Bytes(), bytes)
	b, err := audio.FromWire(f, block)
	if err != nil {
		panic(err)
	}
	b.Stamp = audio.Stamp{Position: position, Micros: position * 1_000_000 / int64(f.Rate)}
	return node.AudioItem(b)
}

// F32 makes an item of float samples at position 0, one slice per channel.
func (h *Host) F32(rate int, channels ...[]float32) node.Item {
	f := audio.Format{Rate: rate, Channels: len(channels), Encoding: pcm.F32}
	bytes := make([]byte, len(channels[0])*f.FrameBytes())
	pcm.Encode(bytes, channels, pcm.F32)
	return h.Wire(f, 0, bytes)
}

// Signal returns frames of test audio as bytes: noise below -1 dBFS whose loudness comes and goes. Equal seeds give equal
// audio.
func Signal(f audio.Format, frames int, seed uint64) []byte {
	noise := rand.New(rand.NewPCG(seed, 0))
	x := make([][]float32, f.Channels)
	for c := range x {
		x[c] = make([]float32, frames)
	}
	for i := range frames {
		loudness := 0.45 - 0.449*math.Cos(2*math.Pi*float64(i)/float64(f.Rate)*3)
		for c := range x {
			x[c][i] = float32(loudness * (2*noise.Float64() - 1))
		}
	}
	bytes := make([]byte, frames*f.FrameBytes())
	pcm.Encode(bytes, x, f.Encoding)
	return bytes
}

// Cut makes items of a signal, which starts at a stream's position 0. Size gives the number of frames of the next item, and
// is asked until all are used.
func (h *Host) Cut(f audio.Format, signal []byte, size func() int) []node.Item {
	var items []node.Item
	position := int64(0)
	for len(signal) > 0 {
		n := min(len(signal), size()*f.FrameBytes())
		items = append(items, h.Wire(f, position, signal[:n]))
		signal, position = signal[n:], position+int64(n/f.FrameBytes())
	}
	return items
}

// Hostile returns a mono F32 signal of everything that isn't a proper sample, between some that are.
func Hostile() []byte {
	bad := []float32{
		float32(math.NaN()), math.Float32frombits(0x7f800001), float32(math.Inf(1)), float32(math.Inf(-1)),
		math.SmallestNonzeroFloat32, -1e-40, 1e-31, float32(math.Copysign(0, -1)),
	}
	var bytes []byte
	for i := range 4000 {
		v := float32(math.Sin(float64(i) / 5))
		if i%3 == 0 {
			v = bad[i/3%len(bad)]
		}
		bytes = binary.LittleEndian.AppendUint32(bytes, math.Float32bits(v))
	}
	return bytes
}
