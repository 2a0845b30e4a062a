package param

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/remotemedia/remotemedia-go/fault"
)

// Schema is what a tagged struct declares. It is immutable and may be used concurrently.
type Schema struct {
	typ        reflect.Type
	codec      *objectCodec
	fields     []Field
	jsonSchema []byte
	secret     bool
}

// For returns the schema of the struct P, as [Of] does.
func For[P any]() (*Schema, error) { return Of(reflect.TypeFor[P]()) }

// Of returns the schema of a struct type. The error joins every mistake of its tags and types; it is for the author of the
// node, and comes up when the catalogue is built.
func Of(t reflect.Type) (*Schema, error) {
	if t == nil || t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("param: parameters are declared as a struct, not as %v", t)
	}
	c := &compiler{where: t.String(), stack: []reflect.Type{t}}
	codec := c.object(t)
	if err := c.err(); err != nil {
		return nil, err
	}
	var whole Field
	codec.describe(&whole)
	text, err := jsonSchema(whole)
	if err != nil {
		return nil, fmt.Errorf("param: %s: the JSON Schema can't be written: %w", t, err)
	}
	return &Schema{typ: t, codec: codec, fields: whole.Fields, jsonSchema: text, secret: anySecret(whole.Fields)}, nil
}

// Decode reads the parameters of a node, the text of a JSON object, into dst, a pointer to the schema's struct. An empty
// text and null mean {}. What dst held before is overwritten; parameters that are absent get their defaults. Every fault
// is returned at once, up to 100, with a path relative to the object, such as .points[2].x, in the user's spelling; warnings are
// among them. Line, column and offset are set for faults of the syntax only, and count within the text. If there is an
// error among the problems, dst is of no use. Validate is called on the struct, and on every struct within it, that is a
// [Validator] and in which all else is in order.
func (s *Schema) Decode(params []byte, dst any) []fault.Problem {
	v := reflect.ValueOf(dst)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Type().Elem() != s.typ {
		message := fmt.Sprintf("parameters of type %s can't be decoded into %T", s.typ, dst)
		return []fault.Problem{{Code: fault.CodeInternal, Message: message}}
	}
	params = orEmptyObject(params)
	if p := checkObject(params); p != nil {
		return []fault.Problem{*p}
	}
	v.Elem().SetZero()
	r := &report{}
	d := newDecoder(params, r)
	s.codec.decode(d, &place{}, v.Elem())
	if d.err != nil {
		r.add(fault.Problem{Code: fault.CodeInternal, Message: fmt.Sprintf("the parameters can't be read: %v", d.err)})
	}
	return r.list()
}

// Type returns the struct that the schema was made of, for callers that make the target of Decode themselves.
func (s *Schema) Type() reflect.Type { return s.typ }

// Fields returns the parameters in the order of their declaration. What they refer to may not be changed.
func (s *Schema) Fields() []Field { return slices.Clone(s.fields) }

// JSONSchema returns a JSON Schema (draft 2020-12) of the object of the parameters. Aliases are in it, marked as
// deprecated. It holds the declared spelling of enums only, though Decode takes any case. The caller owns the bytes.
func (s *Schema) JSONSchema() []byte { return slices.Clone(s.jsonSchema) }

// Defaults returns the JSON object of the parameters that have a default. The caller owns the bytes.
func (s *Schema) Defaults() []byte { return defaults(s.fields) }

const whitespace = " \t\r\n"

// orEmptyObject turns a text that means {} into it.
func orEmptyObject(params []byte) []byte {
	if text := bytes.Trim(params, whitespace); len(text) == 0 || string(text) == "null" {
		return []byte("{}")
	}
	return params
}

// checkObject reports a text that isn't one JSON object.
func checkObject(params []byte) *fault.Problem {
	if p := checkSyntax(params); p != nil {
		return p
	}
	value := bytes.TrimLeft(params, whitespace)
	if value[0] == '{' {
		return nil
	}
	message := fmt.Sprintf("the parameters are %s: expected a JSON object", kindName(jsontext.Value(value).Kind()))
	return position(params, int64(len(params)-len(value)), fault.Problem{Code: fault.CodeParamsSyntax, Message: message})
}
