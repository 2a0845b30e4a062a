package wire

import (
	"math/bits"

	grpcmem "google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
)

// cursor reads an encoded message out of the pieces in which it came, without joining them. What it can't read in the plainest form it
// reports as not ok: the caller then leaves the whole message to the standard codec.
type cursor struct {
	pieces grpcmem.BufferSlice
	piece  []byte // what is left of the piece at hand
	next   int    // the piece after it
	left   int    // bytes left in all
}

func newCursor(data grpcmem.BufferSlice) cursor { return cursor{pieces: data, left: data.Len()} }

// advance takes the next piece that has bytes; there must be one.
func (c *cursor) advance() {
	for len(c.piece) == 0 {
		c.piece = c.pieces[c.next].ReadOnlyData()
		c.next++
	}
}

// varint reads a number in its shortest form, which ends where end bytes are left or before.
func (c *cursor) varint(end int) (v uint64, ok bool) {
	for shift := 0; c.left > end && shift < 64; shift += 7 {
		c.advance()
		b := c.piece[0]
		c.piece = c.piece[1:]
		c.left--
		v |= uint64(b&0x7F) << shift
		if b < 0x80 {
			return v, (b != 0 || shift == 0) && bits.Len8(b)+shift <= 64
		}
	}
	return 0, false
}

// copy reads len(into) bytes; there must be so many.
func (c *cursor) copy(into []byte) {
	c.left -= len(into)
	for len(into) > 0 {
		c.advance()
		n := copy(into, c.piece)
		into, c.piece = into[n:], c.piece[n:]
	}
}

// field is the head of a field: all that comes before the value, and of a value that is a number also that.
type field struct {
	number protowire.Number
	typ    protowire.Type
	value  uint64 // of a varint
	size   int    // of the bytes that follow: the length of a BytesType, 4 or 8 of a fixed number, else 0
}

// field reads the head of the next field of a message that ends where end bytes are left. It answers only for what is there in full.
func (c *cursor) field(end int) (f field, ok bool) {
	tag, ok := c.varint(end)
	if !ok || tag>>3 < uint64(protowire.MinValidNumber) || tag>>3 > uint64(protowire.MaxValidNumber) {
		return field{}, false
	}
	f.number, f.typ = protowire.Number(tag>>3), protowire.Type(tag&7)
	switch f.typ {
	case protowire.VarintType:
		f.value, ok = c.varint(end)
		return f, ok
	case protowire.Fixed32Type:
		f.size = 4
	case protowire.Fixed64Type:
		f.size = 8
	case protowire.BytesType:
		n, ok := c.varint(end)
		if !ok || n > uint64(c.left-end) {
			return field{}, false
		}
		f.size = int(n)
		return f, true
	default:
		return field{}, false
	}
	return f, f.size <= c.left-end
}

// keep appends a field whose head was read, as it came, to an encoded message.
func (c *cursor) keep(to []byte, f field) []byte {
	to = protowire.AppendTag(to, f.number, f.typ)
	switch f.typ {
	case protowire.VarintType:
		return protowire.AppendVarint(to, f.value)
	case protowire.BytesType:
		to = protowire.AppendVarint(to, uint64(f.size))
	}
	return c.append(to, f.size)
}

// append reads n bytes behind others; there must be so many.
func (c *cursor) append(to []byte, n int) []byte {
	at := len(to)
	to = grow(to, n)
	c.copy(to[at:])
	return to
}

// grow makes a slice n bytes longer, whose content is undefined.
func grow(b []byte, n int) []byte {
	if len(b)+n <= cap(b) {
		return b[:len(b)+n]
	}
	return append(b, make([]byte, n)...)
}
