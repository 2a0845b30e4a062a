// Package pcm converts between samples as bytes, the way they travel on the wire and lie in files, and samples as
// planar float32, the way the nodes compute.
//
// The functions are plain: no state, no context, no I/O and, after the first call, no allocation. They are safe for
// concurrent use on disjoint destinations. Bytes are always little-endian and interleaved (one sample of every channel,
// then the next frame), and may start at any address. Planar means one slice per channel. Sources and destinations must
// not overlap.
//
// Lengths follow the convention of the built-in copy: a function converts as many whole frames as both sides hold and
// never looks at the bytes of an incomplete frame at the end. An Encoding that isn't one of the three has no size, so
// nothing is converted.
//
// Integers become floats by a division by 2^15 or 2^31, which is exact for I16 and for 24-bit samples; I32 keeps the 24
// most significant bits. Floats become integers by a multiplication with the same factor, rounded half to even and
// saturated; NaN becomes 0. I16 to F32 and back is therefore the identity.
package pcm

import (
	"fmt"
	"strings"
)

// Encoding is the form of one sample in bytes. The values are those of AudioFormat on the wire, so a conversion between
// the two types is a cast.
type Encoding uint8

// The encodings of the wire. The zero value is no encoding.
const (
	// F32 is an IEEE 754 float of 32 bits, full scale at -1 and 1.
	F32 Encoding = 1
	// I16 is a signed integer of 16 bits, full scale at -32768.
	I16 Encoding = 2
	// I32 is a signed integer of 32 bits, full scale at -2147483648.
	I32 Encoding = 3
)

// Bytes returns the size of one sample in bytes, 0 for what isn't an encoding.
func (e Encoding) Bytes() int {
	switch e {
	case F32, I32:
		return 4
	case I16:
		return 2
	}
	return 0
}

// Valid reports whether e is one of F32, I16 and I32.
func (e Encoding) Valid() bool { return e.Bytes() != 0 }

// String returns the name that manifests and flags use: f32, i16 or i32.
func (e Encoding) String() string {
	switch e {
	case F32:
		return "f32"
	case I16:
		return "i16"
	case I32:
		return "i32"
	case 0:
		return "unspecified"
	}
	return fmt.Sprintf("encoding(%d)", uint8(e))
}

// Parse returns the encoding called name, in any case. The names of raw formats (f32le, s16le, s16, s32le, s32) are
// accepted as well.
func Parse(name string) (Encoding, error) {
	switch strings.ToLower(name) {
	case "f32", "f32le":
		return F32, nil
	case "i16", "s16", "s16le":
		return I16, nil
	case "i32", "s32", "s32le":
		return I32, nil
	}
	return 0, fmt.Errorf("unknown sample encoding %q: expected f32, i16 or i32", name)
}
