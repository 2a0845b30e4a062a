package manifest

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/remotemedia/remotemedia-go/fault"
)

// refusal is a reason to give a document up at once: a bound that it breaks, or its first fault of syntax.
type refusal struct {
	code    fault.Code
	at      span // in the text that was checked
	message string
	hint    string
}

func refuse(code fault.Code, at, end int, format string, args ...any) *refusal {
	return &refusal{code: code, at: span{at, end}, message: fmt.Sprintf(format, args...)}
}

func (r *refusal) withHint(hint string) *refusal {
	r.hint = hint
	return r
}

// problem makes the problem of a refusal whose place is an offset in s.json.
func (r *refusal) problem(s *Source, path string) fault.Problem {
	p := fault.Problem{Code: r.code, Path: path, Message: r.message, Hint: r.hint}
	return s.placed(p, s.position(r.at))
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// checkText applies the bounds that hold for any text.
func checkText(text []byte) *refusal {
	if len(text) > MaxTextBytes {
		return refuse(fault.CodeTooLarge, 0, 0, "the text has %d bytes, at most %d are allowed", len(text), MaxTextBytes)
	}
	if !utf8.Valid(text) {
		at := invalidUTF8(text)
		return refuse(fault.CodeSyntax, at, at+1, "invalid UTF-8: byte 0x%02x at offset %d", text[at], at).
			withHint("save the text as UTF-8")
	}
	return nil
}

func invalidUTF8(text []byte) int {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(text)
}

// checkJSON bounds depth and size of a JSON text in one pass without allocating, so that no parser sees more.
func checkJSON(text []byte) *refusal {
	depth, values := 0, 1
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i = stringEnd(text, i) - 1
		case '[', '{':
			depth++
			values++
			if depth > MaxDepth {
				return tooDeep(i)
			}
		case ']', '}':
			depth--
		case ',':
			values++
		}
		if values > MaxValues {
			return tooManyValues(i)
		}
	}
	return nil
}

func tooDeep(at int) *refusal {
	return refuse(fault.CodeTooDeep, at, at+1, "the document nests deeper than %d levels", MaxDepth)
}

func tooManyValues(at int) *refusal {
	return refuse(fault.CodeTooLarge, at, at+1, "the document has more than %d values", MaxValues).
		withHint("move data out of the manifest; send it as input")
}

// stringEnd gives the offset behind the JSON string that begins at start, or the end of the text when it doesn't end.
func stringEnd(text []byte, start int) int {
	for i := start + 1; i < len(text); {
		n := bytes.IndexAny(text[i:min(len(text), i+256)], `"\`)
		switch {
		case n < 0:
			i += min(256, len(text)-i)
		case text[i+n] == '"':
			return i + n + 1
		default:
			i += n + 2
		}
	}
	return len(text)
}
