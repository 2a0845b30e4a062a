package data

import (
	"errors"
	"math"
	"math/bits"
	"strings"

	"github.com/remotemedia/remotemedia-go/fault"
)

// operation computes x op y. Exact is asked first where both are integers, and reports whether its result is the true one.
type operation struct {
	name  string
	exact func(x, y int64) (int64, bool)
	float func(x, y float64) float64
}

var operations = []operation{
	{"add", addInts, func(x, y float64) float64 { return x + y }},
	{"subtract", subtractInts, func(x, y float64) float64 { return x - y }},
	{"multiply", multiplyInts, func(x, y float64) float64 { return x * y }},
	{"divide", divideInts, func(x, y float64) float64 { return x / y }},
	{"power", powerInts, math.Pow},
	{"modulo", moduloInts, modulo},
	{"min", func(x, y int64) (int64, bool) { return min(x, y), true }, math.Min},
	{"max", func(x, y int64) (int64, bool) { return max(x, y), true }, math.Max},
}

var errDivisionByZero = errors.New("division by zero")

func (o *operation) apply(x, y number) (number, error) {
	if (o.name == "divide" || o.name == "modulo") && y.f == 0 {
		return number{}, fault.Wrap(fault.CodeNodeFailed, errDivisionByZero, "%s of %v by 0", o.name, x.f)
	}
	if x.whole && y.whole {
		if r, ok := o.exact(x.i, y.i); ok {
			return fromInt(r), nil
		}
	}
	r := o.float(x.f, y.f)
	if math.IsNaN(r) || math.IsInf(r, 0) {
		return number{}, fault.New(fault.CodeNodeFailed, "%s of %v and %v has no finite result", o.name, x.f, y.f)
	}
	return fromFloat(r), nil
}

func addInts(x, y int64) (int64, bool) {
	r := x + y
	return r, (r > x) == (y > 0)
}

func subtractInts(x, y int64) (int64, bool) {
	r := x - y
	return r, (r < x) == (y > 0)
}

func multiplyInts(x, y int64) (int64, bool) {
	hi, lo := bits.Mul64(magnitude(x), magnitude(y))
	if hi != 0 || lo > math.MaxInt64 {
		return 0, false
	}
	return x * y, true
}

func magnitude(x int64) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}

func divideInts(x, y int64) (int64, bool) {
	if y == 0 || x%y != 0 || x == math.MinInt64 && y == -1 {
		return 0, false
	}
	return x / y, true
}

func powerInts(x, y int64) (int64, bool) {
	if y < 0 {
		return 0, false
	}
	if x == 0 || x == 1 || x == -1 { // the only bases for which y may be large
		y = min(y, 2-y%2)
	}
	r, ok := int64(1), true
	for ; y > 0 && ok; y-- {
		r, ok = multiplyInts(r, x)
	}
	return r, ok
}

// moduloInts has the sign of y, as in Python, whose node defines the operation.
func moduloInts(x, y int64) (int64, bool) {
	if y == 0 {
		return 0, false
	}
	r := x % y
	if r != 0 && (r < 0) != (y < 0) {
		r += y
	}
	return r, true
}

func modulo(x, y float64) float64 {
	r := math.Mod(x, y)
	if r != 0 && (r < 0) != (y < 0) {
		r += y
	}
	return r
}

func errTooLarge(literal []byte) error {
	return fault.New(fault.CodeNodeFailed, "the number %s is beyond what a 64-bit float holds", fault.Shorten(string(literal), mostQuoted))
}

// mostQuoted bounds what an error quotes of the input, in bytes.
const mostQuoted = 40

func errUnknownOperation(name string) error {
	names := make([]string, len(operations))
	for i, o := range operations {
		names[i] = o.name
	}
	hint := fault.DidYouMean(name, names)
	if hint != "" {
		hint = "; " + hint
	}
	return fault.New(fault.CodeNodeFailed, "unknown operation %q: expected one of %s%s", fault.Shorten(name, mostQuoted), strings.Join(names, ", "), hint)
}
