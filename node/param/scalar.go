package param

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/remotemedia/remotemedia-go/fault"
)

// codec is how values of one Go type are read. It is immutable, so that one Schema serves concurrent calls.
type codec interface {
	// decode reads one value into v, which is addressable, or reports what is wrong with it. Either way exactly one
	// value is consumed.
	decode(d *decoder, at *place, v reflect.Value)
	// describe fills in what the type decides: Type, Enum, Min, Max, Unit, Items, Fields, Schema.
	describe(f *Field)
	// expected says in words what is accepted: `an integer, 8000 to 768000 Hz`.
	expected() string
}

type boolCodec struct{}

func (boolCodec) decode(d *decoder, at *place, v reflect.Value) {
	raw := d.value()
	switch raw.Kind() {
	case jsontext.KindTrue, jsontext.KindFalse:
		v.SetBool(raw.Kind() == jsontext.KindTrue)
	default:
		d.report.wrongType(at, raw, "true or false")
	}
}

func (boolCodec) describe(f *Field) { f.Type = TypeBoolean }
func (boolCodec) expected() string  { return "true or false" }

type stringCodec struct{ enum []string }

func (c *stringCodec) decode(d *decoder, at *place, v reflect.Value) {
	raw := d.value()
	text, ok := ParseString(raw)
	if !ok {
		d.report.wrongType(at, raw, c.expected())
		return
	}
	if c.enum == nil {
		v.SetString(text)
		return
	}
	for _, e := range c.enum {
		if strings.EqualFold(e, text) {
			v.SetString(e)
			return
		}
	}
	c.refuse(d.report, at, raw, text)
}

func (c *stringCodec) refuse(r *report, at *place, raw jsontext.Value, text string) {
	if r.full(fault.SeverityError) || at.conceal {
		r.bad(at, raw, "isn't accepted", c.expected())
		return
	}
	r.fail(at, fault.CodeBadParam, fault.DidYouMean(text, c.enum),
		"parameter %s: %s isn't accepted: expected %s", at, at.show(raw), c.expected())
}

func (c *stringCodec) describe(f *Field) { f.Type, f.Enum = TypeString, c.enum }

func (c *stringCodec) expected() string {
	if c.enum == nil {
		return "a string"
	}
	return alternatives(c.enum)
}

// numberCodec reads a Number.
type numberCodec struct {
	limits limits[float64]
	unit   string
}

func (c *numberCodec) decode(d *decoder, at *place, v reflect.Value) {
	if raw, _, ok := readFloat(d, at, c.limits, c.unit, 64); ok {
		v.SetString(string(raw))
	}
}

func (c *numberCodec) describe(f *Field) { describeFloat(f, c.limits, c.unit) }
func (c *numberCodec) expected() string  { return c.limits.expected("a number", c.unit) }

type floatCodec struct {
	limits limits[float64]
	unit   string
	bits   int
}

func (c *floatCodec) decode(d *decoder, at *place, v reflect.Value) {
	if _, x, ok := readFloat(d, at, c.limits, c.unit, c.bits); ok {
		v.SetFloat(x)
	}
}

func (c *floatCodec) describe(f *Field) { describeFloat(f, c.limits, c.unit) }
func (c *floatCodec) expected() string  { return c.limits.expected("a number", c.unit) }

// readFloat reads a number that must be finite in a float of the given bits and within the limits.
func readFloat(d *decoder, at *place, l limits[float64], unit string, bits int) (raw jsontext.Value, x float64, ok bool) {
	raw = d.value()
	if raw.Kind() != jsontext.KindNumber {
		d.report.wrongType(at, raw, l.expected("a number", unit))
		return raw, 0, false
	}
	x, err := strconv.ParseFloat(string(raw), 64)
	if err == nil {
		// The limits hold for the number as written; a float32 is only checked for overflow.
		_, err = strconv.ParseFloat(string(raw), bits)
	}
	if err != nil || !l.hold(x) {
		d.report.bad(at, raw, "is out of range", l.span(unit, fmt.Sprintf("a finite number of %d bits", bits)))
		return raw, 0, false
	}
	return raw, x, true
}

func describeFloat(f *Field, l limits[float64], unit string) {
	f.Type, f.Unit = TypeNumber, unit
	l.describe(f)
}

// integerCodec reads integers; T is the widest type of their sign.
type integerCodec[T int64 | uint64] struct {
	limits limits[T]
	enum   []T
	names  []string // enum as text
	unit   string
	parse  func(digits string) (T, error)
	set    func(reflect.Value, T)
}

func (c *integerCodec[T]) decode(d *decoder, at *place, v reflect.Value) {
	raw := d.value()
	if raw.Kind() != jsontext.KindNumber {
		d.report.wrongType(at, raw, c.expected())
		return
	}
	digits, verdict := wholeDigits(string(raw))
	if verdict == fraction {
		d.report.bad(at, raw, "isn't a whole number", c.expected())
		return
	}
	n, err := c.parse(digits)
	if verdict == tooLarge || err != nil || !c.limits.hold(n) {
		d.report.bad(at, raw, "is out of range", c.span())
		return
	}
	if !c.accepts(n) {
		d.report.bad(at, raw, "isn't accepted", c.span())
		return
	}
	c.set(v, n)
}

func (c *integerCodec[T]) accepts(n T) bool {
	if c.enum == nil {
		return true
	}
	for _, e := range c.enum {
		if e == n {
			return true
		}
	}
	return false
}

func (c *integerCodec[T]) describe(f *Field) {
	f.Type, f.Unit, f.Enum = TypeInteger, c.unit, c.names
	c.limits.describe(f)
}

func (c *integerCodec[T]) expected() string {
	if c.enum != nil {
		return withUnit(alternatives(c.names), c.unit)
	}
	return c.limits.expected("an integer", c.unit)
}

// span is expected without the type.
func (c *integerCodec[T]) span() string {
	if c.enum != nil {
		return c.expected()
	}
	return c.limits.span(c.unit, "an integer that fits in 64 bits")
}

// rawCodec reads a Raw.
type rawCodec struct{}

func (rawCodec) decode(d *decoder, at *place, v reflect.Value) {
	raw := d.value()
	if !reportRepeated(d.report, at, raw) {
		v.SetBytes(append([]byte(nil), raw...))
	}
}

func (rawCodec) describe(f *Field) { f.Type = TypeAny }
func (rawCodec) expected() string  { return "any JSON value" }

// unionCodec reads a type whose pointer is a Union.
type unionCodec struct {
	unit   string
	schema Raw
}

func (c *unionCodec) decode(d *decoder, at *place, v reflect.Value) {
	raw := d.value()
	if raw.Kind() == jsontext.KindNull {
		d.report.wrongType(at, raw, c.expected())
		return
	}
	if reportRepeated(d.report, at, raw) {
		return
	}
	// Of has checked that the pointer is a Union.
	if err := v.Addr().Interface().(Union).DecodeParam(raw); err != nil {
		c.refuse(d.report, at, raw, err)
	}
}

func (c *unionCodec) refuse(r *report, at *place, raw jsontext.Value, err error) {
	if at.conceal {
		// The error's text may quote the value.
		r.bad(at, raw, "isn't accepted", c.expected())
		return
	}
	r.fail(at, fault.CodeBadParam, "", "parameter %s: %s isn't accepted: %v", at, at.show(raw), err)
}

func (c *unionCodec) describe(f *Field) { f.Type, f.Unit, f.Schema = TypeAny, c.unit, c.schema }
func (c *unionCodec) expected() string  { return "another value, see the documentation" }

// reportRepeated reports a value that has a member twice at any level, and whether it did.
func reportRepeated(r *report, at *place, v jsontext.Value) bool {
	pointer, found := repeatedName(v)
	if found {
		r.fail(at, fault.CodeDuplicateField, "keep one of them", "parameter %s has %s twice", at, quote(pointer))
	}
	return found
}
