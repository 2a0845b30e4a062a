package wire_test

import (
	"google.golang.org/protobuf/encoding/protowire"
	"pgregory.net/rapid"
)

// rawField is one field of an encoded message, as it came.
type rawField struct {
	number protowire.Number
	typ    protowire.Type
	value  []byte // as encoded; of a BytesType without its length
}

// fieldsOf cuts a message into its fields; nil where the bytes aren't one.
func fieldsOf(raw []byte) (out []rawField) {
	for len(raw) > 0 {
		number, typ, n := protowire.ConsumeTag(raw)
		if n < 0 {
			return nil
		}
		raw = raw[n:]
		length := protowire.ConsumeFieldValue(number, typ, raw)
		if length < 0 {
			return nil
		}
		value := raw[:length]
		if typ == protowire.BytesType {
			value, _ = protowire.ConsumeBytes(raw)
		}
		out = append(out, rawField{number, typ, value})
		raw = raw[length:]
	}
	return out
}

// encoding says in what unusual ways fields are written.
type encoding struct {
	longTag, longLength bool // more bytes than a number needs
	lie                 int  // added to the length
}

func (f rawField) append(to []byte, e encoding) []byte {
	to = appendVarint(to, protowire.EncodeTag(f.number, f.typ), e.longTag)
	if f.typ == protowire.BytesType {
		to = appendVarint(to, uint64(len(f.value)+e.lie), e.longLength)
	}
	return append(to, f.value...)
}

func appendVarint(to []byte, v uint64, long bool) []byte {
	to = protowire.AppendVarint(to, v)
	if long {
		to[len(to)-1] |= 0x80
		to = append(to, 0)
	}
	return to
}

// mutate changes a message in one of the ways in which encoders, peers of other versions and attackers differ.
func mutate(t *rapid.T, raw []byte) []byte {
	fields := fieldsOf(raw)
	if len(fields) == 0 || rapid.IntRange(0, 9).Draw(t, "bytes") == 0 {
		return mutateBytes(t, raw)
	}
	at := rapid.IntRange(0, len(fields)-1).Draw(t, "field")
	one := fields[at]
	var instead []byte
	switch kind := rapid.IntRange(0, 9).Draw(t, "kind"); {
	case kind <= 3 && one.typ == protowire.BytesType: // something within it
		one.value = mutate(t, one.value)
		instead = one.append(nil, encoding{})
	case kind == 4 && one.typ == protowire.BytesType: // in two parts
		cut := rapid.IntRange(0, len(one.value)).Draw(t, "cut")
		instead = rawField{one.number, one.typ, one.value[:cut]}.append(nil, encoding{})
		instead = rawField{one.number, one.typ, one.value[cut:]}.append(instead, encoding{})
	case kind == 5: // twice, next to each other or apart
		instead = one.append(nil, encoding{})
		fields = append(fields, one)
	case kind == 6: // not at all
	case kind == 7: // as a field that nobody knows, or of another type than it has
		one.number += protowire.Number(rapid.SampledFrom([]int{0, 1, 1000}).Draw(t, "further"))
		one.typ = rapid.SampledFrom([]protowire.Type{one.typ, 0, 1, 2, 3, 4, 5, 6}).Draw(t, "type")
		instead = one.append(nil, encoding{})
	case kind == 8: // in a form that isn't the shortest
		instead = one.append(nil, encoding{longTag: rapid.Bool().Draw(t, "tag"), longLength: true})
	default: // with a length that lies
		instead = one.append(nil, encoding{lie: rapid.SampledFrom([]int{-1, 1, 100, 1 << 40}).Draw(t, "lie")})
	}
	var out []byte
	for i, f := range fields {
		if i == at {
			out = append(out, instead...)
		} else {
			out = f.append(out, encoding{})
		}
	}
	return out
}

func mutateBytes(t *rapid.T, raw []byte) []byte {
	out := append([]byte{}, raw...)
	if len(out) == 0 || rapid.Bool().Draw(t, "add") {
		return append(out, rapid.SliceOfN(rapid.Byte(), 1, 12).Draw(t, "behind")...)
	}
	at := rapid.IntRange(0, len(out)-1).Draw(t, "at")
	if rapid.Bool().Draw(t, "cut") {
		return out[:at]
	}
	out[at] = rapid.Byte().Draw(t, "byte")
	return out
}
