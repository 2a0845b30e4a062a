package wav

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// header is what a Reader learns before the first sample.
type header struct {
	rate, channels int
	format         Format
	dataOffset     int64
	dataSize       int64 // as claimed; negative if unknown
}

// parser walks over the chunks up to the data.
type parser struct {
	r        io.Reader
	offset   int64
	warnings []string

	riffEnd int64  // as claimed by the RIFF header
	ds64    uint64 // size of the data by the ds64 chunk
	rf64    bool
	hdr     header
	buf     [40]byte
}

func (p *parser) warn(format string, args ...any) {
	p.warnings = append(p.warnings, fmt.Sprintf(format, args...))
}

func (p *parser) fault(offset int64, expected, found string, args ...any) error {
	return &FormatError{Offset: offset, Found: fmt.Sprintf(found, args...), Expected: expected}
}

// read reads n <= len(p.buf) bytes; what names them in the error.
func (p *parser) read(n int, what string) ([]byte, error) {
	got, err := io.ReadFull(p.r, p.buf[:n])
	p.offset += int64(got)
	if err != nil {
		return nil, p.ended(err, what)
	}
	return p.buf[:n], nil
}

// ended makes a FormatError of an early end and leaves errors of the reader as they are.
func (p *parser) ended(err error, what string) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return p.fault(p.offset, what, "the end of the file")
	}
	return fmt.Errorf("wav: at byte %d: %w", p.offset, err)
}

func (p *parser) skip(n int64, what string) error {
	got, err := io.CopyN(io.Discard, p.r, n)
	p.offset += got
	if err != nil {
		return p.ended(err, what)
	}
	return nil
}

// parse reads up to the first byte of the samples.
func (p *parser) parse() error {
	if err := p.riff(); err != nil {
		return err
	}
	for {
		start := p.offset
		b, err := p.read(8, p.nextChunk())
		if err != nil {
			return err
		}
		id, size := string(b[:4]), binary.LittleEndian.Uint32(b[4:])
		switch id {
		case "data":
			return p.data(start, size)
		case "fmt ":
			err = p.fmt(start, size)
		case "ds64":
			err = p.sizes(start, size)
		default:
			err = p.skip(padded(size), fmt.Sprintf("%d bytes of the chunk %q", size, id))
		}
		if err != nil {
			return err
		}
	}
}

func (p *parser) nextChunk() string {
	if p.hdr.format == 0 {
		return "a fmt chunk and a data chunk"
	}
	return "a data chunk"
}

// padded returns the space that a chunk of this size takes: an even number of bytes.
func padded(size uint32) int64 { return int64(size) + int64(size&1) }

func (p *parser) riff() error {
	const what = `a WAV file, which begins with "RIFF" or "RF64", a size, and "WAVE"`
	b, err := p.read(12, what)
	if err != nil {
		return err
	}
	magic := string(b[:4])
	switch magic {
	case "RIFF":
		p.riffEnd = 8 + int64(binary.LittleEndian.Uint32(b[4:]))
	case "RF64", "BW64":
		p.rf64 = true
	default:
		return p.fault(0, what, "%q", magic)
	}
	if form := string(b[8:12]); form != "WAVE" {
		return p.fault(8, what, "%q", form)
	}
	return nil
}

// sizes reads the 64-bit sizes of RF64. The table of further sizes is of no use here.
func (p *parser) sizes(start int64, size uint32) error {
	const need = 28
	if size < need {
		return p.fault(start+4, "at least 28", "a ds64 chunk of %d bytes", size)
	}
	b, err := p.read(need, "a ds64 chunk of 28 bytes")
	if err != nil {
		return err
	}
	p.ds64 = binary.LittleEndian.Uint64(b[8:])
	return p.skip(padded(size)-need, "the rest of the ds64 chunk")
}

// fmt reads the format of the samples.
func (p *parser) fmt(start int64, size uint32) error {
	if size < 16 {
		return p.fault(start+4, "at least 16", "a fmt chunk of %d bytes", size)
	}
	n := min(size, 40)
	b, err := p.read(int(n), fmt.Sprintf("a fmt chunk of %d bytes", size))
	if err != nil {
		return err
	}
	if p.hdr.format != 0 {
		p.warn("a second fmt chunk at byte %d was ignored", start)
	} else if err := p.describe(start+8, b); err != nil {
		return err
	}
	return p.skip(padded(size)-int64(n), "the rest of the fmt chunk")
}

// describe takes the fields of a fmt chunk that lies at offset at.
func (p *parser) describe(at int64, b []byte) error {
	le := binary.LittleEndian
	tag, channels, rate := le.Uint16(b), int(le.Uint16(b[2:])), le.Uint32(b[4:])
	align, bits := int(le.Uint16(b[12:])), int(le.Uint16(b[14:]))
	if channels < 1 || channels > MaxChannels {
		return p.fault(at+2, fmt.Sprintf("1 to %d", MaxChannels), "%d channels", channels)
	}
	if rate < 1 || rate > MaxRate {
		return p.fault(at+4, fmt.Sprintf("1 to %d", MaxRate), "a sample rate of %d Hz", rate)
	}
	if tag == tagExtensible {
		if len(b) < 40 || string(b[26:40]) != subFormatTail {
			return p.fault(at+24, "the sub-format of PCM or float", "an unknown sub-format of WAVE_FORMAT_EXTENSIBLE")
		}
		tag = le.Uint16(b[24:])
	}
	format := findFormat(tag, bits)
	if format == 0 {
		return p.fault(at, "PCM of 8, 16, 24 or 32 bits or floats of 32 or 64 (convert the file first)", "%s of %d bits", tagName(tag), bits)
	}
	if want := channels * format.Bytes(); align != want {
		if align != 0 {
			return p.fault(at+12, fmt.Sprintf("%d for %d channels of %v", want, channels, format), "frames of %d bytes", align)
		}
		p.warn("the fmt chunk gives no frame size; %d bytes were assumed", want)
	}
	p.hdr.rate, p.hdr.channels, p.hdr.format = int(rate), channels, format
	return nil
}

func tagName(tag uint16) string {
	switch tag {
	case tagPCM:
		return "PCM"
	case tagFloat:
		return "float"
	}
	if name := tagNames[tag]; name != "" {
		return name
	}
	return fmt.Sprintf("format tag %#04x", tag)
}

// data ends the walk: the samples follow.
func (p *parser) data(start int64, size uint32) error {
	if p.hdr.format == 0 {
		return p.fault(start, "a fmt chunk before it", "the data chunk")
	}
	p.hdr.dataOffset = p.offset
	p.hdr.dataSize = p.claim(size)
	return nil
}

// claim returns what the file says about the size of its data, negative if it says nothing. A size of 0 is a header that
// was never completed, unless the RIFF size says that something follows.
func (p *parser) claim(size uint32) int64 {
	switch {
	case size == unknownSize && p.rf64:
		if p.ds64 == 0 || p.ds64 > math.MaxInt64 {
			return -1
		}
		return int64(p.ds64)
	case size == unknownSize:
		return -1
	case size == 0 && p.riffEnd <= p.offset:
		return -1
	case size == 0 && p.riffEnd == 8+unknownSize:
		return -1
	}
	return int64(size)
}
