// Package audio holds the one audio type that flows through a pipeline: a [Buffer] of frames that keeps the client's
// bytes untouched until a node asks for samples, and planar float32 from then on.
package audio

import (
	"fmt"
	"sync/atomic"

	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/mem"
)

// Bounds of what a buffer may claim.
const (
	MinRate, MaxRate         = 1, 768_000
	MinChannels, MaxChannels = 1, 64
)

// Format says how samples are to be read: sample rate in Hz, number of interleaved or planar channels, and the encoding in
// which they came and in which they go out again. A zero field means unknown where a format is declared, and is invalid in
// a buffer.
type Format struct {
	Rate     int
	Channels int
	Encoding pcm.Encoding
}

// String tells the format as "44100 Hz, 2 channels, i16".
func (f Format) String() string {
	return fmt.Sprintf("%d Hz, %d channels, %s", f.Rate, f.Channels, f.Encoding)
}

// Check returns what is wrong with the format of a buffer, or nil.
func (f Format) Check() error {
	switch {
	case f.Rate < MinRate || f.Rate > MaxRate:
		return fmt.Errorf("sample_rate is %d: expected %d to %d Hz", f.Rate, MinRate, MaxRate)
	case f.Channels < MinChannels || f.Channels > MaxChannels:
		return fmt.Errorf("channels is %d: expected %d to %d", f.Channels, MinChannels, MaxChannels)
	case f.Encoding.Bytes() == 0:
		return fmt.Errorf("format is %s: expected F32, I16 or I32", f.Encoding)
	}
	return nil
}

// FrameBytes is the length of one frame on the wire.
func (f Format) FrameBytes() int { return f.Channels * f.Encoding.Bytes() }

// Stamp places the first frame of a buffer in time.
type Stamp struct {
	Position int64  // frames before it on the sample clock of its stream, at the buffer's rate
	Micros   int64  // media time in microseconds
	StreamID string // the stream it belongs to, "" for the only one
}

// Add returns the stamp n frames later at the given rate.
func (s Stamp) Add(n int64, rate int) Stamp {
	s.Position += n
	s.Micros += n * 1_000_000 / int64(rate)
	return s
}

// Buffer is a run of frames. It holds the wire's interleaved bytes, or planar float32 samples, or both (a node that only
// reads has samples made beside the bytes). It is reference-counted: a holder that keeps it longer than the call that gave
// it retains it, and everybody else may then only read. A buffer belongs to one session and isn't safe for concurrent use,
// the count excepted.
type Buffer struct {
	Format   Format
	Stamp    Stamp
	Metadata []byte // JSON that travels with the audio, nil for none

	frames   int
	wire     *mem.Block // interleaved little-endian bytes; nil once samples were written
	planar   *mem.Block // channel after channel; nil until asked for. The same block as wire for mono F32 in place
	channels [][]float32
	inline   [2][]float32
	refs     atomic.Int32
	clean    bool      // the samples are known to be finite
	replaced int       // samples replaced by 0 when they were taken in
	rendered bool      // wire was made from the samples, which are what counts
	own      mem.Block // the first memory that was made for the buffer: wire or planar
	owned    bool      // it is in use, or was
}

// FromWire makes a buffer of interleaved little-endian bytes and takes over the caller's reference to the block.
// The block's length must be a multiple of the frame's.
func FromWire(f Format, wire *mem.Block) (*Buffer, error) {
	if err := f.Check(); err != nil {
		return nil, err
	}
	frames, err := framesIn(f, len(wire.Bytes()))
	if err != nil {
		return nil, err
	}
	b := &Buffer{Format: f, frames: frames, wire: wire}
	b.refs.Store(1)
	return b, nil
}

// FromPooled is [FromWire] for bytes in a buffer of the account's own pool, which is charged and taken over. On failure, which may be a
// *mem.LimitError, it stays the caller's.
func FromPooled(f Format, a *mem.Account, buf *[]byte) (*Buffer, error) {
	if err := f.Check(); err != nil {
		return nil, err
	}
	frames, err := framesIn(f, len(*buf))
	if err != nil {
		return nil, err
	}
	b := &Buffer{Format: f, frames: frames, owned: true}
	if err := a.OwnInto(&b.own, buf); err != nil {
		return nil, err
	}
	b.wire = &b.own
	b.refs.Store(1)
	return b, nil
}

func framesIn(f Format, bytes int) (int, error) {
	if bytes%f.FrameBytes() != 0 {
		return 0, fmt.Errorf("samples has %d bytes: expected a multiple of %d (%s)", bytes, f.FrameBytes(), f)
	}
	return bytes / f.FrameBytes(), nil
}

// NewPlanar makes a buffer of undefined samples to be written by the caller, charged to the account.
func NewPlanar(a *mem.Account, f Format, frames int) (*Buffer, error) {
	if err := f.Check(); err != nil {
		return nil, err
	}
	b := &Buffer{Format: f, frames: frames, clean: true}
	b.refs.Store(1)
	return b, b.allocPlanar(a)
}

// Frames returns the number of frames.
func (b *Buffer) Frames() int { return b.frames }

// NumSamples counts the samples of all channels.
func (b *Buffer) NumSamples() int { return b.frames * b.Format.Channels }

// End returns the stamp of the frame after the last.
func (b *Buffer) End() Stamp { return b.Stamp.Add(int64(b.frames), b.Format.Rate) }

// Retain adds a holder and returns b.
func (b *Buffer) Retain() *Buffer {
	b.refs.Add(1)
	return b
}

// Release drops a holder; the memory goes back with the last.
func (b *Buffer) Release() {
	switch n := b.refs.Add(-1); {
	case n > 0:
		return
	case n < 0:
		panic("audio: buffer released twice")
	}
	b.dropWire()
	if b.planar != nil {
		b.planar.Release()
		b.planar, b.channels = nil, nil
	}
}

// Planar returns the samples channel by channel, for reading only. Samples that aren't finite, and denormal ones, read as
// 0 (Replaced counts them). Where the samples have to be made first, their memory is charged to the account.
func (b *Buffer) Planar(a *mem.Account) ([][]float32, error) { return b.PlanarInParts(a, nil) }

// PlanarInParts is [Buffer.Planar] for work that is to be interrupted: where many samples have to be made, c, unless it is nil, is asked after every
// part of [PartSamples], and its error ends it.
func (b *Buffer) PlanarInParts(a *mem.Account, c Checker) ([][]float32, error) {
	if b.planar == nil {
		if err := b.decode(a, c); err != nil {
			return nil, err
		}
	}
	return b.channels, nil
}

// Writable returns the samples for writing and lets the wire's bytes go. Where another holder could see the change, or the
// bytes belong to the caller's message, the samples are copied first and the returned buffer is another one, which the caller
// owns besides b.
func (b *Buffer) Writable(a *mem.Account) (*Buffer, [][]float32, error) {
	samples, err := b.Planar(a)
	if err != nil {
		return nil, nil, err
	}
	if b.refs.Load() == 1 && !b.planar.Shared() {
		b.dropWire()
		return b.Retain(), samples, nil
	}
	c, err := NewPlanar(a, b.Format, b.frames)
	if err != nil {
		return nil, nil, err
	}
	c.Stamp, c.Metadata = b.Stamp, b.Metadata
	for i := range samples {
		copy(c.channels[i], samples[i])
	}
	return c, c.channels, nil
}

// Samples returns the channels of a buffer made by [NewPlanar], for its maker to write.
func (b *Buffer) Samples() [][]float32 { return b.channels }

// Replaced returns how many samples were replaced by 0 when they were taken in.
func (b *Buffer) Replaced() int { return b.replaced }

// Wire returns the interleaved bytes in the buffer's encoding, in a block that lives as long as b, and how many samples
// were clipped to make them. Untouched bytes are returned as they came.
func (b *Buffer) Wire(a *mem.Account) (bytes []byte, clipped int, err error) {
	if b.wire != nil {
		return b.wire.Bytes(), 0, nil
	}
	if b.Format.Encoding == pcm.F32 && b.Format.Channels == 1 {
		if raw, ok := mem.BytesOf(b.channels[0]); ok {
			return raw, 0, nil
		}
	}
	block, err := b.alloc(a, b.frames*b.Format.FrameBytes())
	if err != nil {
		return nil, 0, err
	}
	clipped = pcm.Encode(block.Bytes(), b.channels, b.Format.Encoding)
	b.wire, b.rendered = block, true
	return block.Bytes(), clipped, nil
}

// Raw returns the interleaved bytes as they came, for nodes that move samples without reading them; ok is false where the
// samples are what counts (they were written or made here) and bytes would have to be made from them, see Wire.
func (b *Buffer) Raw() (bytes []byte, ok bool) {
	if b.wire == nil || b.rendered {
		return nil, false
	}
	return b.wire.Bytes(), true
}

// WithEncoding returns a buffer of the same frames that goes out in another encoding; the caller owns it besides b.
// Where the encodings are the same that is b itself.
func (b *Buffer) WithEncoding(a *mem.Account, e pcm.Encoding) (*Buffer, error) {
	if e == b.Format.Encoding {
		return b.Retain(), nil
	}
	if _, err := b.Planar(a); err != nil {
		return nil, err
	}
	c := &Buffer{Format: b.Format, Stamp: b.Stamp, Metadata: b.Metadata, frames: b.frames, clean: true}
	c.Format.Encoding = e
	c.planar = b.planar.Retain()
	c.slice(b.channels)
	c.refs.Store(1)
	return c, nil
}

func (b *Buffer) dropWire() {
	if b.wire != nil {
		b.wire.Release()
		b.wire = nil
	}
}

// alloc makes memory for the buffer, the first without an allocation of its own.
func (b *Buffer) alloc(a *mem.Account, n int) (*mem.Block, error) {
	if b.owned {
		return a.Alloc(n)
	}
	if err := a.AllocInto(&b.own, n); err != nil {
		return nil, err
	}
	b.owned = true
	return &b.own, nil
}

func (b *Buffer) allocPlanar(a *mem.Account) error {
	block, err := b.alloc(a, 4*b.NumSamples())
	if err != nil {
		return err
	}
	all, _ := mem.Float32s(block.Bytes()) // a pool's buffer is aligned, and these are the machine's own samples
	b.planar = block
	channels := b.inline[:0]
	for c := range b.Format.Channels {
		channels = append(channels, all[c*b.frames:(c+1)*b.frames:(c+1)*b.frames])
	}
	b.channels = channels
	return nil
}

func (b *Buffer) slice(channels [][]float32) { b.channels = append(b.inline[:0], channels...) }
