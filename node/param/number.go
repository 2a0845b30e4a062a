package param

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
)

var nan = math.NaN()

// limits are inclusive bounds; the texts are those of the tags, "" where there is no bound.
type limits[T cmp.Ordered] struct {
	min, max         T
	minText, maxText string
}

// hold reports whether n is within the limits.
func (l limits[T]) hold(n T) bool {
	return (l.minText == "" || n >= l.min) && (l.maxText == "" || n <= l.max)
}

func (l limits[T]) describe(f *Field) {
	f.Min, f.Max = bound(l.minText), bound(l.maxText)
}

func bound(text string) *float64 {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil // no bound: newLimits has checked the text
	}
	return &x
}

// expected says what is accepted: `an integer, 8000 to 768000 Hz`.
func (l limits[T]) expected(noun, unit string) string {
	if span := l.span(unit, ""); span != "" {
		return noun + ", " + span
	}
	if unit != "" {
		return noun + " in " + unit
	}
	return noun
}

// span says the range with its unit, or what else where there is none.
func (l limits[T]) span(unit, other string) string {
	switch {
	case l.minText != "" && l.maxText != "":
		return withUnit(l.minText+" to "+l.maxText, unit)
	case l.minText != "":
		return withUnit("at least "+l.minText, unit)
	case l.maxText != "":
		return withUnit("at most "+l.maxText, unit)
	}
	return other
}

func withUnit(text, unit string) string {
	if unit == "" {
		return text
	}
	return text + " " + unit
}

// alternatives joins values to `a, b or c`.
func alternatives(values []string) string {
	last := len(values) - 1
	if last < 1 {
		return strings.Join(values, "")
	}
	return strings.Join(values[:last], ", ") + " or " + values[last]
}

// newLimits reads the tags min and max.
func newLimits[T cmp.Ordered](r rules, parse func(string) (T, error)) (l limits[T], err error) {
	l.minText, l.maxText = r.min, r.max
	if r.min != "" {
		if l.min, err = parse(r.min); err != nil {
			return l, fmt.Errorf("tag min: %w", err)
		}
	}
	if r.max != "" {
		if l.max, err = parse(r.max); err != nil {
			return l, fmt.Errorf("tag max: %w", err)
		}
	}
	if r.min != "" && r.max != "" && l.min > l.max {
		return l, fmt.Errorf("min %s is above max %s", r.min, r.max)
	}
	return l, nil
}

// parseFinite parses a bound of a float.
func parseFinite(text string) (float64, error) {
	x, err := strconv.ParseFloat(text, 64)
	if err == nil && (math.IsInf(x, 0) || math.IsNaN(x)) {
		err = fmt.Errorf("%q isn't finite", text)
	}
	return x, err
}

// verdict says what kind of number a literal is.
type verdict uint8

const (
	whole    verdict = iota
	fraction         // not a whole number
	tooLarge         // more digits than any 64-bit integer has
)

// wholeDigits turns a JSON number into the decimal digits of an integer, with a sign if it is negative. It works on the
// text, so that 9007199254740993.0 keeps its last digit and 1e999999999 costs nothing.
func wholeDigits(literal string) (string, verdict) {
	unsigned := strings.TrimPrefix(literal, "-")
	sign := literal[:len(literal)-len(unsigned)]
	mantissa, exponent := unsigned, 0
	if e := strings.IndexAny(unsigned, "eE"); e >= 0 {
		mantissa, exponent = unsigned[:e], clampedExponent(unsigned[e+1:])
	}
	integer, decimals, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(integer+decimals, "0")
	if digits == "" {
		return "0", whole
	}
	shift := exponent - len(decimals)
	if shift >= 0 {
		if len(digits)+shift > maxDigits {
			return "", tooLarge
		}
		return sign + digits + strings.Repeat("0", shift), whole
	}
	if trailing := len(digits) - len(strings.TrimRight(digits, "0")); trailing < -shift {
		return "", fraction
	}
	return sign + digits[:len(digits)+shift], whole
}

// maxDigits is the number of digits of the largest uint64.
const maxDigits = 20

// clampedExponent parses an exponent; one beyond any text's length is cut to a value that has the same effect.
func clampedExponent(text string) int {
	const far = 1 << 40
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil && strings.HasPrefix(text, "-") {
		return -far
	}
	if err != nil {
		return far
	}
	return int(max(-far, min(n, far)))
}
