package contract

import (
	"fmt"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// Fill gives every field of m a value that isn't its default, down through sub-messages: lists and maps get two elements, values differ from
// field to field, and of a oneof with n cases it sets case variant mod n. Variants of one message differ in every value too.
func Fill(m protoreflect.Message, variant int) {
	f := &filler{variant: variant, next: uint64(variant)*1_000_003 + 1}
	f.message(m)
}

// Variants is the number of variants that reach every case of every oneof below md.
func Variants(md protoreflect.MessageDescriptor) int {
	most := 1
	visit(md, map[protoreflect.FullName]bool{}, func(m protoreflect.MessageDescriptor) {
		for i := range m.Oneofs().Len() {
			most = max(most, m.Oneofs().Get(i).Fields().Len())
		}
	})
	return most
}

func visit(md protoreflect.MessageDescriptor, seen map[protoreflect.FullName]bool, f func(protoreflect.MessageDescriptor)) {
	if seen[md.FullName()] {
		return
	}
	seen[md.FullName()] = true
	f(md)
	for i := range md.Fields().Len() {
		if sub := md.Fields().Get(i).Message(); sub != nil {
			visit(sub, seen, f)
		}
	}
}

type filler struct {
	variant int
	next    uint64
}

func (f *filler) message(m protoreflect.Message) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		if fd := fields.Get(i); f.wanted(fd) {
			f.field(m, fd)
		}
	}
}

// wanted says whether a field is to be set: all are, except the cases of a oneof that aren't this variant's.
func (f *filler) wanted(fd protoreflect.FieldDescriptor) bool {
	o := fd.ContainingOneof()
	return o == nil || o.IsSynthetic() || o.Fields().Get(f.variant%o.Fields().Len()) == fd
}

func (f *filler) field(m protoreflect.Message, fd protoreflect.FieldDescriptor) {
	switch {
	case fd.IsMap():
		entries := m.Mutable(fd).Map()
		for range 2 {
			key := f.scalar(fd.MapKey()).MapKey()
			entries.Set(key, f.value(fd.MapValue(), entries.NewValue))
		}
	case fd.IsList():
		list := m.Mutable(fd).List()
		for range 2 {
			list.Append(f.value(fd, list.NewElement))
		}
	default:
		m.Set(fd, f.value(fd, func() protoreflect.Value { return m.NewField(fd) }))
	}
}

// value makes one value: a scalar, or a message from empty, filled.
func (f *filler) value(fd protoreflect.FieldDescriptor, empty func() protoreflect.Value) protoreflect.Value {
	if fd.Message() == nil {
		return f.scalar(fd)
	}
	v := empty()
	f.message(v.Message())
	return v
}

// scalar makes a value that isn't the default and that no other field has, as far as its type allows.
func (f *filler) scalar(fd protoreflect.FieldDescriptor) protoreflect.Value {
	f.next++
	n := f.next
	switch fd.Kind() {
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(true)
	case protoreflect.EnumKind:
		last := fd.Enum().Values().Len() - 1
		return protoreflect.ValueOfEnum(fd.Enum().Values().Get(1 + int(n)%last).Number())
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(fmt.Sprintf("text-%d-\u00e9\u65e5", n))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes([]byte{0, 0xff, byte(n), byte(n >> 8)})
	case protoreflect.Uint32Kind:
		return protoreflect.ValueOfUint32(1<<31 + uint32(n))
	case protoreflect.Uint64Kind:
		return protoreflect.ValueOfUint64(1<<63 + n)
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(-int32(n))
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(-int64(n) << 32)
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(float64(n) + 0.1)
	}
	panic(fmt.Sprintf("%s: no value for kind %s; the contract has none of it, add one to scalar", fd.FullName(), fd.Kind()))
}
