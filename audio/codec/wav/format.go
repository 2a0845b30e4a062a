// Package wav reads and writes WAV files as streams: RIFF and RF64, plain and WAVE_FORMAT_EXTENSIBLE, PCM of 8, 16, 24
// and 32 bits, floats of 32 and 64 bits. A Reader needs no more than an io.Reader and a Writer no more than an io.Writer,
// so both work in a pipe, where no length is known.
//
// Sizes in a file are claims. A Reader allocates by what it has read, gives what is there of a truncated file, and says
// so in its warnings.
//
// Layout: "Multimedia Programming Interface and Data Specifications 1.0" (IBM and Microsoft, 1991), "Multiple Channel
// Audio Data and WAVE Files" (Microsoft, 2007), EBU Tech 3306 (RF64).
package wav

import (
	"fmt"

	"github.com/remotemedia/remotemedia-go/audio/pcm"
)

// The bounds of what a Reader and a Writer accept, those of the service.
const (
	MaxRate     = 768000 // Hz
	MaxChannels = 64
)

// Format is the form of the samples in a file.
type Format uint8

// The formats that files are read and written in.
const (
	PCM8    Format = 1 + iota // unsigned, silence at 128
	PCM16                     // signed
	PCM24                     // signed, three bytes
	PCM32                     // signed
	Float32                   // IEEE 754, full scale at 1.0
	Float64
)

// formats describes each Format: its format tag, bits, the encoding that holds it without loss (but for Float64), and
// the conversions between the two if their bytes differ.
var formats = [...]struct {
	name    string
	tag     uint16
	bits    int
	native  pcm.Encoding
	widen   func(dst, src []byte) (samples int)
	narrow  func(dst, src []byte) (clipped int)
	integer bool
}{
	PCM8:    {"8-bit PCM", tagPCM, 8, pcm.I16, pcm.U8ToI16, pcm.I16ToU8, true},
	PCM16:   {"16-bit PCM", tagPCM, 16, pcm.I16, nil, nil, true},
	PCM24:   {"24-bit PCM", tagPCM, 24, pcm.I32, pcm.I24ToI32, pcm.I32ToI24, true},
	PCM32:   {"32-bit PCM", tagPCM, 32, pcm.I32, nil, nil, true},
	Float32: {"32-bit float", tagFloat, 32, pcm.F32, nil, nil, false},
	Float64: {"64-bit float", tagFloat, 64, pcm.F32, pcm.F64ToF32, widenFloats, false},
}

func widenFloats(dst, src []byte) (clipped int) {
	pcm.F32ToF64(dst, src)
	return 0
}

// FormatOf returns the file format whose bytes are those of enc.
func FormatOf(enc pcm.Encoding) Format {
	switch enc {
	case pcm.I16:
		return PCM16
	case pcm.I32:
		return PCM32
	case pcm.F32:
		return Float32
	}
	return 0
}

// Valid reports whether f is one of the formats.
func (f Format) Valid() bool { return f != 0 && int(f) < len(formats) }

// String returns for instance "16-bit PCM".
func (f Format) String() string {
	if !f.Valid() {
		return fmt.Sprintf("format(%d)", uint8(f))
	}
	return formats[f].name
}

// Bytes returns the size of a sample in the file, 0 for what isn't a format.
func (f Format) Bytes() int {
	if !f.Valid() {
		return 0
	}
	return formats[f].bits / 8
}

// Encoding returns the encoding that keeps what the format holds: I16 for up to 16 bits, I32 for 24 and 32, F32 for
// floats.
func (f Format) Encoding() pcm.Encoding {
	if !f.Valid() {
		return 0
	}
	return formats[f].native
}

// findFormat returns the format with this tag and this number of bits, 0 if there is none.
func findFormat(tag uint16, bits int) Format {
	for f := PCM8; f.Valid(); f++ {
		if formats[f].tag == tag && formats[f].bits == bits {
			return f
		}
	}
	return 0
}

// Format tags of the fmt chunk.
const (
	tagPCM        = 1
	tagFloat      = 3
	tagExtensible = 0xfffe
)

// tagNames are forms that WAV files may have and this package doesn't read.
var tagNames = map[uint16]string{
	2: "Microsoft ADPCM", 6: "A-law", 7: "mu-law", 0x11: "IMA ADPCM", 0x31: "GSM 6.10", 0x50: "MPEG", 0x55: "MP3", 0xff: "AAC",
}

// subFormatTail is what follows the format tag in the sub-format GUID of WAVE_FORMAT_EXTENSIBLE.
const subFormatTail = "\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"

// unknownSize is what stands for a size that isn't known (a stream) or doesn't fit (RF64).
const unknownSize = 0xffffffff

// FormatError says what in a file isn't as it must be.
type FormatError struct {
	Offset   int64  // of the fault, in bytes from the start
	Found    string // what is there
	Expected string // what should be
}

// Error names the offset, what was found and what was expected.
func (e *FormatError) Error() string {
	return fmt.Sprintf("wav: at byte %d: found %s, expected %s", e.Offset, e.Found, e.Expected)
}
