package wire

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// member is one of a JSON object.
type member struct {
	name  string
	value any
}

// appendObject renders members, which it sorts, as EncodeJSON renders a map of them, without reflection: what the service tells most often is
// an object of plain values. It reports false, and what it gives is of no use, where a value is something else.
func appendObject(b []byte, members []member) (text []byte, ok bool) {
	slices.SortFunc(members, func(x, y member) int { return strings.Compare(x.name, y.name) })
	b = append(b, '{')
	for i, m := range members {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendText(b, m.name), ':')
		if b, ok = appendPlain(b, m.value); !ok {
			return b, false
		}
	}
	return append(b, '}'), true
}

func appendPlain(b []byte, v any) (text []byte, ok bool) {
	switch v := v.(type) {
	case string:
		return appendText(b, v), true
	case bool:
		return strconv.AppendBool(b, v), true
	case int:
		return strconv.AppendInt(b, int64(v), 10), true
	case int64:
		return strconv.AppendInt(b, v, 10), true
	case uint64:
		return strconv.AppendUint(b, v, 10), true
	case float64:
		return appendNumberOf(b, v)
	}
	return b, false
}

// appendNumberOf renders numbers that take no exponent; the others are left to the package for JSON.
func appendNumberOf(b []byte, v float64) (text []byte, ok bool) {
	const least, most = 1e-6, 1e21
	switch size := math.Abs(v); {
	case v == 0 && !math.Signbit(v), size >= least && size < most:
		return strconv.AppendFloat(b, v, 'f', -1, 64), true
	}
	return b, false
}

func appendText(b []byte, s string) []byte {
	// The error tells of bytes that aren't UTF-8, in whose place a mark has been put, as everywhere in the contract's strings.
	b, _ = jsontext.AppendQuote(b, s)
	return b
}
