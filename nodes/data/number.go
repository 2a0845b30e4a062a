package data

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/remotemedia/remotemedia-go/node"
)

// number is an operand or a result. Whole numbers that fit are held as integers, so that nothing is lost above 2^53.
type number struct {
	whole   bool
	i       int64   // if whole
	f       float64 // the value, for whole numbers the nearest
	decimal bool    // it was written with a point or an exponent
}

// parseNumber reads a decimal literal. It fails for what isn't one and for values beyond float64.
func parseNumber(literal string) (number, bool) {
	if strings.Trim(literal, "+-.0123456789eE") != "" {
		return number{}, false // ParseFloat takes hexadecimal numbers, underscores and the names of infinity too
	}
	f, err := strconv.ParseFloat(literal, 64)
	if err != nil {
		return number{}, false
	}
	decimal := strings.ContainsAny(literal, ".eE")
	if i, err := strconv.ParseInt(literal, 10, 64); err == nil {
		return number{whole: true, i: i, f: f, decimal: decimal}, true
	}
	n := fromFloat(f)
	n.decimal = decimal
	return n, true
}

func fromInt(i int64) number { return number{whole: true, i: i, f: float64(i)} }

// fromFloat takes a whole value as an integer where it is certain which one.
func fromFloat(f float64) number {
	const certain = 1 << 53
	if f == math.Trunc(f) && math.Abs(f) < certain {
		return fromInt(int64(f))
	}
	return number{f: f}
}

// append writes the number as JSON; with decimals a whole number gets one.
func (n number) append(b []byte, decimals bool) []byte {
	const plainBelow, plainFrom = 1e21, 1e-6
	magnitude := math.Abs(n.f)
	switch {
	case n.whole:
		b = strconv.AppendInt(b, n.i, 10)
	case magnitude >= plainBelow || magnitude < plainFrom:
		return strconv.AppendFloat(b, n.f, 'e', -1, 64)
	case n.f == math.Trunc(n.f):
		b = strconv.AppendFloat(b, n.f, 'f', 0, 64)
	default:
		return strconv.AppendFloat(b, n.f, 'f', -1, 64)
	}
	if decimals {
		b = append(b, ".0"...)
	}
	return b
}

// elementwise applies f to a number or to every number of an array; ok is false for all else, of which nothing is
// computed. F appends its result.
func elementwise(c *node.Call, text []byte, f func(out []byte, x number) ([]byte, error)) (out []byte, ok bool, err error) {
	switch jsontext.Value(text).Kind() {
	case jsontext.KindNumber:
		x, ok := parseNumber(strings.TrimSpace(string(text)))
		if !ok {
			return nil, false, errTooLarge(text)
		}
		out, err = f(nil, x)
		return out, true, err
	case jsontext.KindBeginArray:
		return eachOf(c, text, f)
	}
	return nil, false, nil
}

func eachOf(c *node.Call, text []byte, f func(out []byte, x number) ([]byte, error)) (out []byte, ok bool, err error) {
	memory := growing{c: c}
	defer memory.release()
	out = append(make([]byte, 0, len(text)+2), '[')
	err = eachElement(c, text, func(i int, v jsontext.Value) (err error) {
		if v.Kind() != jsontext.KindNumber {
			return errNoNumbers
		}
		x, ok := parseNumber(string(v))
		if !ok {
			return errTooLarge(v)
		}
		if i > 0 {
			out = append(out, ',')
		}
		if out, err = f(out, x); err != nil {
			return err
		}
		return memory.hold(out)
	})
	if errors.Is(err, errNoNumbers) {
		return nil, false, nil
	}
	return append(out, ']'), err == nil, err
}

// errNoNumbers ends the walk over an array that isn't one of numbers.
var errNoNumbers = errors.New("not an array of numbers")
