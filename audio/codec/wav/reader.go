package wav

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/remotemedia/remotemedia-go/audio/pcm"
)

// bufferSize is the number of bytes that are read at a time where the samples must be converted.
const bufferSize = 32 << 10

// Reader reads the samples of a WAV file from start to end. It must not be used concurrently.
type Reader struct {
	r        io.Reader
	hdr      header
	warnings []string

	read    int64 // bytes of samples taken so far
	clipped int64
	done    error // what the next read returns: io.EOF or the reader's error

	raw, wide []byte // bytes as in the file, and in its native encoding
	windows   [][]float32
}

// NewReader reads the header from r, up to the first sample. What isn't a WAV file, or is one of a form that this package
// doesn't read, gives a [FormatError] that names the offset; errors of r are wrapped. The Reader reads from r no more than
// the samples, in pieces as large as its callers ask for, and doesn't close it.
func NewReader(r io.Reader) (*Reader, error) {
	p := parser{r: r}
	if err := p.parse(); err != nil {
		return nil, err
	}
	return &Reader{r: r, hdr: p.hdr, warnings: p.warnings}, nil
}

// Rate returns the sample rate in Hz, 1 to MaxRate.
func (r *Reader) Rate() int { return r.hdr.rate }

// Channels returns the number of channels, 1 to MaxChannels.
func (r *Reader) Channels() int { return r.hdr.channels }

// Format returns the form of the samples in the file.
func (r *Reader) Format() Format { return r.hdr.format }

// Encoding returns the encoding to read in to lose nothing (of 64-bit floats: the least).
func (r *Reader) Encoding() pcm.Encoding { return r.hdr.format.Encoding() }

// Frames returns how many frames the file claims to have. It is for progress bars, not for allocations: the claim may be
// false. known is false if the header says nothing, as in a pipe.
func (r *Reader) Frames() (n int64, known bool) {
	if r.hdr.dataSize < 0 {
		return 0, false
	}
	return r.hdr.dataSize / r.frameSize(), true
}

// Warnings returns what was wrong with the file so far and could be mended. It is complete once a read has returned
// io.EOF.
func (r *Reader) Warnings() []string { return slices.Clone(r.warnings) }

// Clipped returns how many samples were saturated so far because they lay beyond the range of the encoding asked for.
func (r *Reader) Clipped() int64 { return r.clipped }

func (r *Reader) frameSize() int64 { return int64(r.hdr.channels * r.hdr.format.Bytes()) }

// Read fills dst with interleaved samples of the encoding enc and returns the number of frames. It waits until dst is full
// and returns fewer frames only at the end of the file or when the underlying reader fails; then comes io.EOF or that
// error, with 0 frames. A dst that is too short for one frame is an error.
func (r *Reader) Read(dst []byte, enc pcm.Encoding) (frames int, err error) {
	if !enc.Valid() {
		return 0, fmt.Errorf("wav: can't read as %v: expected f32, i16 or i32", enc)
	}
	size := r.hdr.channels * enc.Bytes()
	want := len(dst) / size
	if want == 0 {
		return 0, fmt.Errorf("wav: a buffer of %d bytes is too short for a frame of %d", len(dst), size)
	}
	if enc == r.Encoding() && formats[r.hdr.format].widen == nil {
		return r.result(r.fill(dst[:want*size]))
	}
	return r.each(want, func(native []byte, at, n int) {
		r.clipped += int64(pcm.Convert(dst[at*size:(at+n)*size], native, enc, r.Encoding()))
	})
}

// ReadFloats fills dst, one slice per channel, and returns the number of frames; see [Reader.Read]. The shortest slice
// counts. NaN and infinite samples of float files are passed on; see [pcm.Sanitize].
func (r *Reader) ReadFloats(dst [][]float32) (frames int, err error) {
	if len(dst) != r.hdr.channels {
		return 0, fmt.Errorf("wav: %d channels given to read into, expected %d", len(dst), r.hdr.channels)
	}
	want := len(dst[0])
	for _, samples := range dst {
		want = min(want, len(samples))
	}
	if want == 0 {
		return 0, errors.New("wav: a slice of 0 samples is too short for a frame")
	}
	r.windows = slices.Grow(r.windows[:0], len(dst))[:len(dst)]
	defer clear(r.windows)
	return r.each(want, func(native []byte, at, n int) {
		for c := range dst {
			r.windows[c] = dst[c][at : at+n]
		}
		pcm.Decode(r.windows, native, r.Encoding())
	})
}

// ReadAll returns the rest of the samples, interleaved. It grows with what is read, not with what the file claims, and
// fails beyond limit bytes.
func (r *Reader) ReadAll(enc pcm.Encoding, limit int) ([]byte, error) {
	var all []byte
	size := max(1, r.hdr.channels*enc.Bytes())
	block := bufferSize / size * size
	for {
		all = slices.Grow(all, block)
		room := all[len(all):cap(all)]
		n, err := r.Read(room, enc)
		all = all[:len(all)+n*size]
		switch {
		case len(all) > limit:
			return nil, fmt.Errorf("wav: the file has more than %d bytes of %v samples, the limit of this call", limit, enc)
		case err == io.EOF:
			return all, nil
		case err != nil:
			return nil, err
		}
	}
}

// each reads up to want frames by blocks and calls use with the samples in the file's native encoding, the frame that they
// begin at, and the number of frames.
func (r *Reader) each(want int, use func(native []byte, at, n int)) (frames int, err error) {
	per := max(1, bufferSize/int(r.frameSize()))
	for frames < want {
		n := min(per, want-frames)
		if r.raw == nil {
			r.raw = make([]byte, per*int(r.frameSize()))
		}
		got := r.fill(r.raw[:n*int(r.frameSize())])
		if got > 0 {
			use(r.native(r.raw[:got*int(r.frameSize())]), frames, got)
		}
		frames += got
		if got < n {
			break
		}
	}
	return r.result(frames)
}

// native returns raw in the native encoding.
func (r *Reader) native(raw []byte) []byte {
	form := formats[r.hdr.format]
	if form.widen == nil {
		return raw
	}
	size := form.native.Bytes()
	if r.wide == nil {
		r.wide = make([]byte, len(r.raw)/r.hdr.format.Bytes()*size)
	}
	wide := r.wide[:len(raw)/r.hdr.format.Bytes()*size]
	form.widen(wide, raw)
	return wide
}

// result turns a number of frames into what a read returns: the end only after the last frame.
func (r *Reader) result(frames int) (int, error) {
	if frames > 0 {
		return frames, nil
	}
	return 0, r.done
}

// fill reads as many whole frames into b as there are and notes the end.
func (r *Reader) fill(b []byte) (frames int) {
	if r.done != nil {
		return 0
	}
	left := r.hdr.dataSize - r.read
	last := r.hdr.dataSize >= 0 && left < int64(len(b))
	if last {
		b = b[:left]
	}
	n, err := io.ReadFull(r.r, b)
	r.read += int64(n)
	if err == nil && last {
		err = io.EOF
	}
	if err != nil {
		r.end(err, int64(n)%r.frameSize())
	}
	return n / int(r.frameSize())
}

// end notes why there are no more samples. rest is the number of bytes of a frame that isn't complete.
func (r *Reader) end(err error, rest int64) {
	if err != io.EOF && err != io.ErrUnexpectedEOF {
		r.done = fmt.Errorf("wav: at byte %d: %w", r.hdr.dataOffset+r.read, err)
		return
	}
	r.done = io.EOF
	switch {
	case r.read < r.hdr.dataSize:
		r.warnings = append(r.warnings, fmt.Sprintf("the file is truncated: %d bytes of samples present, %d claimed", r.read, r.hdr.dataSize))
	case rest > 0:
		r.warnings = append(r.warnings, fmt.Sprintf("the samples end in a frame of %d bytes instead of %d, which was ignored", rest, r.frameSize()))
	}
}
