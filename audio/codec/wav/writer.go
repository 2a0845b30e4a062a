package wav

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/remotemedia/remotemedia-go/audio/pcm"
)

// Config says what a Writer writes.
type Config struct {
	Rate     int    // in Hz, 1 to MaxRate
	Channels int    // 1 to MaxChannels
	Format   Format // of the samples in the file

	// Frames is the number of frames that will follow, 0 if it isn't known. With it, the header is right from the start,
	// even in a pipe.
	Frames int64
}

func (c Config) validate() error {
	switch {
	case c.Rate < 1 || c.Rate > MaxRate:
		return fmt.Errorf("wav: a sample rate of %d Hz can't be written, expected 1 to %d", c.Rate, MaxRate)
	case c.Channels < 1 || c.Channels > MaxChannels:
		return fmt.Errorf("wav: %d channels can't be written, expected 1 to %d", c.Channels, MaxChannels)
	case !c.Format.Valid():
		return fmt.Errorf("wav: can't write %v, expected one of this package's formats", c.Format)
	case c.Frames < 0:
		return fmt.Errorf("wav: %d frames can't be written, expected 0 (unknown) or more", c.Frames)
	}
	return nil
}

// Writer writes a WAV file. It must not be used concurrently.
//
// If the destination can seek, the sizes in the header are put right by Close, as RF64 if they exceed 4 GiB. If it can't
// and the number of frames wasn't given, the header has the sizes of a stream, 0xFFFFFFFF, which readers take for "until
// the end".
type Writer struct {
	w      io.Writer
	seeker io.WriteSeeker // nil if w can't seek
	start  int64          // offset of the header in seeker
	cfg    Config

	headerLen int

	data        int64 // bytes of samples written
	clipped     int64
	closed      bool
	wide, final []byte // a block in the native encoding, and as in the file
}

// NewWriter checks cfg and writes the header to w. The caller closes w after the Writer.
func NewWriter(w io.Writer, cfg Config) (*Writer, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	out := &Writer{w: w, cfg: cfg}
	if s, ok := w.(io.WriteSeeker); ok {
		if at, err := s.Seek(0, io.SeekCurrent); err == nil { // a pipe has the method and fails
			out.seeker, out.start = s, at
		}
	}
	size := int64(-1)
	if cfg.Frames > 0 {
		size = cfg.Frames * out.frameSize()
	}
	header := out.header(size)
	out.headerLen = len(header)
	if _, err := w.Write(header); err != nil {
		return nil, fmt.Errorf("wav: write header: %w", err)
	}
	return out, nil
}

func (w *Writer) frameSize() int64 { return int64(w.cfg.Channels * w.cfg.Format.Bytes()) }

// Clipped returns how many samples were saturated so far.
func (w *Writer) Clipped() int64 { return w.clipped }

// Write appends interleaved samples of the encoding enc, converted to the file's format. src must hold whole frames.
func (w *Writer) Write(src []byte, enc pcm.Encoding) error {
	if !enc.Valid() {
		return fmt.Errorf("wav: can't write from %v: expected f32, i16 or i32", enc)
	}
	if size := w.cfg.Channels * enc.Bytes(); len(src)%size != 0 {
		return fmt.Errorf("wav: %d bytes aren't whole frames of %d (%d channels of %v)", len(src), size, w.cfg.Channels, enc)
	}
	native := w.cfg.Format.Encoding()
	for len(src) > 0 {
		n := min(len(src), w.blockFrames()*w.cfg.Channels*enc.Bytes())
		block := src[:n]
		if enc != native {
			block = grow(&w.wide, n/enc.Bytes()*native.Bytes())
			w.clipped += int64(pcm.Convert(block, src[:n], native, enc))
		}
		if err := w.emit(block); err != nil {
			return err
		}
		src = src[n:]
	}
	return nil
}

// WriteFloats appends planar samples, one slice of equal length per channel.
func (w *Writer) WriteFloats(src [][]float32) error {
	if len(src) != w.cfg.Channels {
		return fmt.Errorf("wav: %d channels given, expected %d", len(src), w.cfg.Channels)
	}
	frames := len(src[0])
	for c, samples := range src {
		if len(samples) != frames {
			return fmt.Errorf("wav: channel %d has %d samples, expected %d as in channel 0", c, len(samples), frames)
		}
	}
	native := w.cfg.Format.Encoding()
	windows := make([][]float32, len(src))
	for at := 0; at < frames; {
		n := min(frames-at, w.blockFrames())
		for c := range src {
			windows[c] = src[c][at : at+n]
		}
		block := grow(&w.wide, n*w.cfg.Channels*native.Bytes())
		w.clipped += int64(pcm.Encode(block, windows, native))
		if err := w.emit(block); err != nil {
			return err
		}
		at += n
	}
	return nil
}

// blockFrames is the number of frames that are converted at a time.
func (w *Writer) blockFrames() int { return max(1, bufferSize/int(w.frameSize())) }

// emit writes samples of the native encoding.
func (w *Writer) emit(block []byte) error {
	if w.closed {
		return errors.New("wav: write after Close")
	}
	form := formats[w.cfg.Format]
	if form.narrow != nil {
		final := grow(&w.final, len(block)/form.native.Bytes()*w.cfg.Format.Bytes())
		w.clipped += int64(form.narrow(final, block))
		block = final
	}
	n, err := w.w.Write(block)
	w.data += int64(n)
	if err != nil {
		return fmt.Errorf("wav: write samples: %w", err)
	}
	return nil
}

// grow returns the first n bytes of *buf, which it makes longer if need be.
func grow(buf *[]byte, n int) []byte {
	if len(*buf) < n {
		*buf = make([]byte, n)
	}
	return (*buf)[:n]
}

// Close completes the file: it pads the samples to an even length and puts the sizes in the header right. It returns an
// error if that isn't possible, that is, if Config.Frames was wrong and the destination can't seek. Close doesn't close
// the destination. Further calls do nothing.
func (w *Writer) Close() error {
	if w.closed {
		return nil
	}
	w.closed = true
	if w.data%2 != 0 {
		if _, err := w.w.Write([]byte{0}); err != nil {
			return fmt.Errorf("wav: write padding: %w", err)
		}
	}
	announced := w.cfg.Frames * w.frameSize()
	switch {
	case w.cfg.Frames > 0 && w.data == announced:
		return nil
	case w.seeker != nil:
		return w.patch()
	case w.cfg.Frames > 0:
		return fmt.Errorf("wav: %d frames written, but the header says %d and can't be changed", w.data/w.frameSize(), w.cfg.Frames)
	}
	return nil
}

// patch writes the header again and returns to the end.
func (w *Writer) patch() error {
	header := w.header(w.data)
	if len(header) != w.headerLen {
		return fmt.Errorf("wav: %d frames announced, but %d written, for which there is no room in the header", w.cfg.Frames, w.data/w.frameSize())
	}
	if _, err := w.seeker.Seek(w.start, io.SeekStart); err != nil {
		return fmt.Errorf("wav: seek to the header: %w", err)
	}
	if _, err := w.seeker.Write(header); err != nil {
		return fmt.Errorf("wav: write header: %w", err)
	}
	if _, err := w.seeker.Seek(w.start+int64(len(header))+w.data+w.data%2, io.SeekStart); err != nil {
		return fmt.Errorf("wav: seek to the end: %w", err)
	}
	return nil
}

// ds64Size is the size of the chunk that holds the sizes of RF64, without its head.
const ds64Size = 28

// header returns everything before the samples for a data size, negative if unknown. A destination that can seek gets a
// JUNK chunk in the place of the sizes of RF64, unless the number of frames was given.
func (w *Writer) header(data int64) []byte {
	fields := w.fields(data)
	le := binary.LittleEndian
	riff := 4 + int64(len(fields)) + data + data&1
	room := w.seeker != nil && w.cfg.Frames == 0
	wide := data >= 0 && riff+8+ds64Size >= unknownSize
	if room || wide {
		riff += 8 + ds64Size
	}
	if wide {
		b := le.AppendUint32([]byte("RF64"), unknownSize)
		b = le.AppendUint32(append(b, "WAVEds64"...), ds64Size)
		b = le.AppendUint64(b, uint64(riff))
		b = le.AppendUint64(b, uint64(data))
		b = le.AppendUint64(b, uint64(data/w.frameSize()))
		return append(le.AppendUint32(b, 0), fields...)
	}
	b := le.AppendUint32([]byte("RIFF"), size32(data, riff))
	b = append(b, "WAVE"...)
	if room {
		b = le.AppendUint32(append(b, "JUNK"...), ds64Size)
		b = append(b, make([]byte, ds64Size)...)
	}
	return append(b, fields...)
}

// size32 returns value for a header, or what stands for it.
func size32(data, value int64) uint32 {
	if data < 0 || value >= unknownSize {
		return unknownSize
	}
	return uint32(value)
}

// fields returns the chunks fmt, fact (required of all but PCM) and the head of data. More than two channels take
// WAVE_FORMAT_EXTENSIBLE, which says where they belong; less is left plain, which more programs read.
func (w *Writer) fields(data int64) []byte {
	le := binary.LittleEndian
	form := formats[w.cfg.Format]
	tag, size := form.tag, uint32(16)
	if w.cfg.Channels > 2 {
		tag, size = tagExtensible, 40
	} else if !form.integer {
		size = 18
	}
	b := le.AppendUint32([]byte("fmt "), size)
	b = le.AppendUint16(b, tag)
	b = le.AppendUint16(b, uint16(w.cfg.Channels))
	b = le.AppendUint32(b, uint32(w.cfg.Rate))
	b = le.AppendUint32(b, uint32(int64(w.cfg.Rate)*w.frameSize()))
	b = le.AppendUint16(b, uint16(w.frameSize()))
	b = le.AppendUint16(b, uint16(form.bits))
	if size > 16 {
		b = le.AppendUint16(b, uint16(size-18))
	}
	if tag == tagExtensible {
		b = le.AppendUint16(b, uint16(form.bits))
		b = le.AppendUint32(b, speakers(w.cfg.Channels))
		b = append(le.AppendUint16(b, form.tag), subFormatTail...)
	}
	if !form.integer || tag == tagExtensible {
		b = le.AppendUint32(append(b, "fact"...), 4)
		b = le.AppendUint32(b, size32(data, data/w.frameSize()))
	}
	b = append(b, "data"...)
	return le.AppendUint32(b, size32(data, data))
}

// speakers returns the usual positions for so many channels (3.0, quad, 5.0, 5.1, 6.1, 7.1), 0 for none in particular.
func speakers(channels int) uint32 {
	masks := [...]uint32{3: 0x7, 4: 0x33, 5: 0x37, 6: 0x3f, 7: 0x13f, 8: 0x63f}
	if channels < len(masks) {
		return masks[channels]
	}
	return 0
}
