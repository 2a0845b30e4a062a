package manifest

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/remotemedia/remotemedia-go/fault"
)

// What a field expects, in the words of the messages.
const (
	aString  = "a string"
	aBoolean = "true or false"
)

var (
	runtimeHints = []string{
		string(RuntimeRustPython), string(RuntimeCPython), string(RuntimeCPythonWASM), string(RuntimeAuto),
	}
	dataTypeHints = []string{"audio", "video", "tensor", "json", "text", "binary", "any", "file"}
)

// text reads a string.
func (d *decoder) text() string {
	if d.dec.PeekKind() != '"' {
		d.wrongType(aString)
		return ""
	}
	token, _ := d.token()
	if d.stop != nil {
		return ""
	}
	return token.String()
}

// version reads a version. A number counts as its literal: in YAML, version: 1.0 is one.
func (d *decoder) version() string {
	if d.dec.PeekKind() != '0' {
		return d.text()
	}
	raw, _ := d.value()
	return string(raw)
}

func (d *decoder) boolean() bool {
	kind := d.dec.PeekKind()
	if kind != 't' && kind != 'f' {
		d.wrongType(aBoolean)
		return false
	}
	d.token()
	return kind == 't'
}

// amount reads a finite number that isn't negative.
func (d *decoder) amount() float64 {
	const expected = "a number, 0 or more"
	if d.dec.PeekKind() != '0' {
		d.wrongType(expected)
		return 0
	}
	raw, where := d.value()
	if d.stop != nil {
		return 0
	}
	v, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || v < 0 {
		d.outOfRange(expected, string(raw), where)
		return 0
	}
	return v
}

// count reads a whole number below 2 to the bits. A string of digits counts too: so the proto's JSON has 64-bit numbers.
func (d *decoder) count(bits int) uint64 {
	expected := "a whole number, 0 or more"
	if bits < 64 {
		expected = fmt.Sprintf("a whole number from 0 to %d", uint64(math.MaxUint64)>>(64-bits))
	}
	if kind := d.dec.PeekKind(); kind != '0' && kind != '"' {
		d.wrongType(expected)
		return 0
	}
	raw, where := d.value()
	if d.stop != nil {
		return 0
	}
	v, ok := wholeNumber(strings.Trim(string(raw), `"`), bits)
	if !ok {
		d.outOfRange(expected, string(raw), where)
	}
	return v
}

// wholeNumber reads literals such as 5000, 5000.0 and 5e3.
func wholeNumber(literal string, bits int) (uint64, bool) {
	if v, err := strconv.ParseUint(literal, 10, bits); err == nil {
		return v, true
	}
	const exact = 1 << 53
	f, err := strconv.ParseFloat(literal, 64)
	if err != nil || f != math.Trunc(f) || f < 0 || f > min(exact, math.Ldexp(1, bits)-1) {
		return 0, false
	}
	return uint64(f), true
}

func (d *decoder) outOfRange(expected, literal string, where span) {
	d.report(fault.Problem{
		Code:    fault.CodeWrongType,
		Message: fmt.Sprintf("%s: expected %s, found %s", d.where(), expected, abbreviate(literal)),
	}, where)
}

// oneOf reads a string that should be one of the values, in any of the spellings of the proto's JSON: RUNTIME_HINT_AUTO is
// auto. These strings are hints, so another value is kept and only warned of.
func (d *decoder) oneOf(values []string, prefix string) string {
	if d.dec.PeekKind() != '"' {
		d.wrongType(aString + ", one of " + strings.Join(values, ", "))
		return ""
	}
	token, where := d.token()
	if d.stop != nil {
		return ""
	}
	given := token.String()
	folded := strings.TrimPrefix(foldName(given), prefix)
	if folded == "unspecified" || folded == "" {
		return ""
	}
	for _, v := range values {
		if foldName(v) == folded {
			return v
		}
	}
	hint := fault.DidYouMean(given, values)
	if hint == "" {
		hint = "use one of " + strings.Join(values, ", ")
	}
	d.report(fault.Problem{
		Severity: fault.SeverityWarning, Code: fault.CodeIgnored, Hint: hint,
		Message: fmt.Sprintf("%s: unknown value %q has no effect", d.where(), abbreviate(given)),
	}, where)
	return given
}

// foldName drops what spellings of one name may differ in: case, _ and -.
func foldName(s string) string { return withoutMarks.Replace(strings.ToLower(s)) }

var withoutMarks = strings.NewReplacer("_", "", "-", "")

func (d *decoder) typeHints() []string {
	var out []string
	readList(d, "a list of strings", func(int) {
		if hint := d.oneOf(dataTypeHints, "datatypehint"); hint != "" {
			out = append(out, hint)
		}
	})
	return out
}

// readNew reads an object into a copy of its defaults; nil when there is none.
func readNew[T any](d *decoder, defaults T, t *table[T]) *T {
	if d.dec.PeekKind() != '{' {
		d.wrongType("an object")
		return nil
	}
	readObject(d, &defaults, t)
	return &defaults
}

// readItems reads a list of objects; prepare, where given, is called before each.
func readItems[T any](d *decoder, expected string, t *table[T], prepare func(i int, item *T)) []T {
	var out []T
	readList(d, expected, func(i int) {
		var item T
		if prepare != nil {
			prepare(i, &item)
		}
		if d.dec.PeekKind() == 'n' {
			d.nullItem()
		} else if d.stop == nil {
			readObject(d, &item, t)
		}
		out = append(out, item) // also what is faulty, so that the indexes stay those of the text
	})
	return out
}

func (d *decoder) nullItem() {
	_, where := d.value()
	d.report(fault.Problem{
		Code: fault.CodeWrongType, Message: fmt.Sprintf("%s: expected an object, found null", d.where()),
	}, where)
}

func readNodes(d *decoder) []Node {
	return readItems(d, "a list of nodes", nodeFields, func(i int, n *Node) {
		n.Params = emptyParams()
		if i < MaxNodes {
			return
		}
		at := nextStart(d.source.json, d.dec)
		d.stop = refuse(fault.CodeTooManyNodes, at, at+1, "the manifest has more than %d nodes", MaxNodes).
			withHint("split the pipeline")
	})
}
