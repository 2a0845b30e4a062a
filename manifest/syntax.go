package manifest

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/remotemedia/remotemedia-go/fault"
)

// newDecoder reads JSON in place. Duplicate names are found by the callers, which report all of them; UTF-8 was checked.
func newDecoder(text []byte) *jsontext.Decoder {
	return jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true))
}

// syntaxRefusal tells a fault that the decoder found as a person would.
func syntaxRefusal(text []byte, dec *jsontext.Decoder, err error) *refusal {
	at := int(dec.InputOffset())
	var syntactic *jsontext.SyntacticError
	if errors.As(err, &syntactic) {
		at, err = int(syntactic.ByteOffset), syntactic.Err
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || at >= len(text) {
		at = len(bytes.TrimRight(text, " \t\r\n"))
		return refuse(fault.CodeSyntax, at, at, "the text ends in the middle of a value").
			withHint("close what is open: a quote, a bracket or a brace")
	}
	message := strings.TrimPrefix(err.Error(), "jsontext: ")
	return refuse(fault.CodeSyntax, at, at+1, "invalid JSON: %s", message).withHint(syntaxHint(text, at))
}

// syntaxHint knows the habits of other languages that JSON doesn't share.
func syntaxHint(text []byte, at int) string {
	rest := text[at:]
	switch rest[0] {
	case '#', '/':
		return "JSON has no comments; remove it, or write the manifest in YAML"
	case ',':
		return "remove the comma"
	case '\'':
		return "strings stand in double quotes"
	case '\n', '\r', '\t':
		return `close the quote, or write the character as an escape: \n, \r, \t`
	}
	for _, h := range wordHints {
		if bytes.HasPrefix(rest, []byte(h.word)) {
			return h.hint
		}
	}
	if at > 0 && text[at-1] == '0' && rest[0] >= '0' && rest[0] <= '9' {
		return "numbers have no leading zeros"
	}
	return ""
}

var wordHints = []struct{ word, hint string }{
	{"NaN", finiteHint}, {"Infinity", finiteHint}, {"-Infinity", finiteHint},
	{"True", constantHint}, {"False", constantHint}, {"None", constantHint}, {"undefined", constantHint},
}

const (
	finiteHint   = "numbers must be finite"
	constantHint = "write true, false or null"
)

// nextStart gives the offset of the next token: the decoder's own offset is that of the end of the one before.
func nextStart(text []byte, dec *jsontext.Decoder) int {
	at := int(dec.InputOffset())
	for at < len(text) && strings.IndexByte(" \t\r\n,:", text[at]) >= 0 {
		at++
	}
	return at
}

// quoted is the value of a JSON string that is known to be valid.
func quoted(raw []byte) string {
	value, err := jsontext.AppendUnquote(nil, raw)
	if err != nil {
		return ""
	}
	return string(value)
}

// kindName names a kind of JSON value for a person.
func kindName(k jsontext.Kind) string {
	switch k {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a string"
	case '0':
		return "a number"
	case 'n':
		return "null"
	}
	return "a boolean"
}
