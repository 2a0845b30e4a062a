package param

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Normalize returns valid parameters, the text of a JSON object, as they are meant: under their declared names and in the order of the
// declaration, with the defaults of those that are absent and without those that are ignored. Decoding gives the same as before. Secrets
// stay as they are. What isn't valid comes back as it came. The caller owns the bytes.
func (s *Schema) Normalize(params []byte) []byte {
	params = orEmptyObject(params)
	if checkObject(params) != nil {
		return bytes.Clone(params)
	}
	return normalObject(params, s.fields)
}

// member is one name of an object with its value.
type member struct {
	name  string
	value jsontext.Value
}

// normalValue writes a value of a field.
func normalValue(value jsontext.Value, f *Field) []byte {
	switch kind := value.Kind(); {
	case kind == jsontext.KindBeginObject && f.Type == TypeObject && f.Items != nil:
		return normalMap(value, f.Items)
	case kind == jsontext.KindBeginObject && f.Type == TypeObject:
		return normalObject(value, f.Fields)
	case kind == jsontext.KindBeginArray && f.Type == TypeArray:
		return normalArray(value, f.Items)
	case kind == jsontext.KindString && len(f.Enum) > 0:
		return normalEnum(value, f.Enum)
	}
	return bytes.TrimSpace(value)
}

func normalObject(object jsontext.Value, fields []Field) []byte {
	given, err := membersOf(object)
	if err != nil {
		return object
	}
	var out []member
	for i := range fields {
		f := &fields[i]
		if value, ok := valueOf(given, f); ok && !f.Ignored {
			out = append(out, member{f.Name, normalValue(value, f)})
		}
	}
	return appendObject(nil, out)
}

// valueOf finds what is given for a field, under any of its names, or its default.
func valueOf(given []member, f *Field) (value jsontext.Value, ok bool) {
	for _, m := range given {
		if f.spelled(m.name) {
			return m.value, true
		}
	}
	return jsontext.Value(f.Default), f.Default != nil
}

func normalMap(object jsontext.Value, f *Field) []byte {
	members, err := membersOf(object)
	if err != nil {
		return object
	}
	for i := range members {
		members[i].value = normalValue(members[i].value, f)
	}
	return appendObject(nil, members)
}

func normalArray(array jsontext.Value, f *Field) []byte {
	d := jsontext.NewDecoder(bytes.NewBuffer(array))
	if _, err := d.ReadToken(); err != nil {
		return array
	}
	out := []byte{'['}
	for d.PeekKind() != jsontext.KindEndArray {
		value, err := d.ReadValue()
		if err != nil {
			return array
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(out, normalValue(value, f)...)
	}
	return append(out, ']')
}

// normalEnum spells a word as it is declared.
func normalEnum(value jsontext.Value, enum []string) []byte {
	if text, ok := ParseString(value); ok {
		for _, word := range enum {
			if strings.EqualFold(text, word) {
				return appendQuoted(nil, word)
			}
		}
	}
	return value
}

// membersOf reads an object; the values are the caller's.
func membersOf(object jsontext.Value) ([]member, error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(object))
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	var out []member
	for d.PeekKind() == jsontext.KindString {
		name, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		m := member{name: name.String()}
		value, err := d.ReadValue()
		if err != nil {
			return nil, err
		}
		m.value = value.Clone()
		out = append(out, m)
	}
	_, err := d.ReadToken()
	return out, err
}

func appendObject(b []byte, members []member) []byte {
	b = append(b, '{')
	for i, m := range members {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendQuoted(b, m.name), ':')
		b = append(b, m.value...)
	}
	return append(b, '}')
}

// appendQuoted writes a string that came out of a valid text, or of a declaration, and so is valid UTF-8.
func appendQuoted(b []byte, text string) []byte {
	quoted, err := jsontext.AppendQuote(b, text)
	if err != nil {
		return append(b, '"', '"')
	}
	return quoted
}
