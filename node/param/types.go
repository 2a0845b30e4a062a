package param

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Number is a JSON number that keeps the text it was written with, so that "5.0" and "5" can be told apart. Decode accepts
// only literals whose value is finite. The zero value is the number 0.
type Number string

// String returns the literal.
func (n Number) String() string {
	if n == "" {
		return "0"
	}
	return string(n)
}

// Float64 returns the nearest float64; NaN doesn't occur for a number that Decode has filled in.
func (n Number) Float64() float64 {
	f, err := strconv.ParseFloat(n.String(), 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return nan
	}
	return f
}

// IsInteger reports whether the literal is written as an integer: without a point and without an exponent.
func (n Number) IsInteger() bool { return !strings.ContainsAny(string(n), ".eE") }

// MarshalJSON implements json.Marshaler: the literal as it was written.
func (n Number) MarshalJSON() ([]byte, error) {
	v := jsontext.Value(n.String())
	if v.Kind() != jsontext.KindNumber || !v.IsValid() {
		return nil, fmt.Errorf("param: %q isn't a JSON number", string(n))
	}
	return v, nil
}

// Raw is any JSON value, kept as its text; nil when the parameter is absent. It owns its bytes.
type Raw []byte

// MarshalJSON implements json.Marshaler: the text itself, null for nil.
func (r Raw) MarshalJSON() ([]byte, error) {
	if r == nil {
		return []byte("null"), nil
	}
	return r, nil
}

// Union is implemented by the pointer of a type that accepts values of several JSON types, for instance an integer or
// the string "auto".
type Union interface {
	// DecodeParam takes one JSON value, never null. Raw is well-formed, has no member twice, is at most 64 levels deep
	// and may not be kept. The error says what is expected; parameter and value are added by the caller.
	DecodeParam(raw []byte) error
	// ParamSchema returns the JSON Schema of what DecodeParam accepts. It is called on a zero value.
	ParamSchema() []byte
}

// Validator is implemented by a struct of parameters, at any level, that has rules across its fields. Validate is called
// when all its fields are in order. Its error may be or join several [*Error], each of which is told of its own parameter.
type Validator interface {
	Validate() error
}

// Error is a fault of one parameter, found by [Validator.Validate].
type Error struct {
	Field   string // the parameter's declared name, or a path such as "points[2].x"
	Message string // what is wrong and what was expected
}

// Error implements the error interface.
func (e *Error) Error() string { return fmt.Sprintf("parameter %q: %s", e.Field, e.Message) }

// Errorf makes an [*Error]; the message follows fmt.Sprintf.
func Errorf(field, format string, args ...any) error {
	return &Error{Field: field, Message: fmt.Sprintf(format, args...)}
}

// ParseString returns the text of a JSON string, for the use of unions; ok is false for any other value.
func ParseString(raw []byte) (text string, ok bool) {
	if jsontext.Value(raw).Kind() != jsontext.KindString {
		return "", false
	}
	b, err := jsontext.AppendUnquote(nil, raw)
	return string(b), err == nil
}

// ParseInt returns a JSON number that is whole, for the use of unions: 16000, 16000.0 and 1.6e4 are the same. Ok is false
// for fractions, for numbers beyond 64 bits and for any other value.
func ParseInt(raw []byte) (n int64, ok bool) {
	if jsontext.Value(raw).Kind() != jsontext.KindNumber {
		return 0, false
	}
	digits, verdict := wholeDigits(string(raw))
	if verdict != whole {
		return 0, false
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, err == nil
}
