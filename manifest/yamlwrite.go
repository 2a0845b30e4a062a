package manifest

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// yamlFromJSON writes a JSON value as YAML in block style. Numbers keep their literals; strings stand without quotes where
// nothing could take them for something else, and as JSON strings otherwise.
func yamlFromJSON(text []byte) ([]byte, error) {
	w := yamlWriter{dec: newDecoder(text)}
	w.value(0, false)
	if w.err != nil {
		return nil, fmt.Errorf("write YAML: %w", w.err)
	}
	return append(bytes.TrimLeft(w.out, "\n "), 10), nil
}

type yamlWriter struct {
	dec *jsontext.Decoder
	out []byte
	err error
}

func (w *yamlWriter) next() jsontext.Token {
	token, err := w.dec.ReadToken()
	if err != nil && w.err == nil {
		w.err = err
	}
	return token
}

// value writes the next value behind a colon or dash. Indent is that of its own lines; a collection in a list begins on
// the line of its dash.
func (w *yamlWriter) value(indent int, inList bool) {
	token := w.next()
	if w.err != nil {
		return
	}
	switch kind := token.Kind(); kind {
	case '{', '[':
		w.collection(kind, indent, inList)
	case '"':
		w.out = append(w.out, ' ')
		w.string(token.String())
	default:
		w.out = append(append(w.out, ' '), token.String()...)
	}
}

func (w *yamlWriter) collection(kind jsontext.Kind, indent int, inList bool) {
	end := kind + 2 // } follows { by two in ASCII, as ] does [
	if w.dec.PeekKind() == end {
		w.next()
		w.out = append(w.out, ' ', byte(kind), byte(end))
		return
	}
	for w.err == nil && w.dec.PeekKind() != end {
		if inList {
			w.out = append(w.out, ' ')
			inList = false
		} else {
			w.newLine(indent)
		}
		w.entry(kind, indent)
	}
	w.next()
}

func (w *yamlWriter) entry(kind jsontext.Kind, indent int) {
	if kind == '[' {
		w.out = append(w.out, '-')
		w.value(indent+2, true)
		return
	}
	name := w.next()
	if w.err != nil {
		return
	}
	w.string(name.String())
	w.out = append(w.out, ':')
	w.value(indent+2, false)
}

func (w *yamlWriter) newLine(indent int) {
	w.out = append(w.out, '\n')
	w.out = append(w.out, strings.Repeat(" ", indent)...)
}

func (w *yamlWriter) string(s string) {
	if isPlainSafe(s) {
		w.out = append(w.out, s...)
		return
	}
	w.out = appendYAMLQuoted(w.out, s)
}

// appendYAMLQuoted writes a string in double quotes: as JSON has it, and with escapes for what doesn't print, which YAML
// doesn't allow or takes for a line's end.
func appendYAMLQuoted(out []byte, s string) []byte {
	for _, r := range string(appendQuoted(nil, s)) {
		switch {
		case r == ' ' || unicode.IsPrint(r):
			out = utf8.AppendRune(out, r)
		case r > 0xffff:
			out = fmt.Appendf(out, `\U%08x`, r)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}

// isPlainSafe reports whether a string can stand without quotes in any YAML: words of letters, digits and a few marks, which
// begin with a letter and mean nothing else, in YAML 1.1 either.
func isPlainSafe(s string) bool {
	if s == "" || len(s) > 80 || !isLetter(s[0]) || strings.HasSuffix(s, " ") || strings.Contains(s, "  ") {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !isLetter(c) && !(c >= '0' && c <= '9') && strings.IndexByte("_-./ ", c) < 0 {
			return false
		}
	}
	switch strings.ToLower(s) {
	case "null", "true", "false", "yes", "no", "on", "off", "y", "n":
		return false
	}
	return true
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
