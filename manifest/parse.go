package manifest

import (
	"bytes"
	"path/filepath"
	"strings"

	"github.com/remotemedia/remotemedia-go/fault"
)

// Parse reads a manifest from JSON or YAML: a text whose first character is { is JSON, unless the name ends in .yaml or
// .yml; any other is YAML, unless the name ends in .json. Name is used in messages only, besides.
//
// It reports every fault at once, in the order of the text, each with path, line, column, excerpt and, where there is one,
// a hint. The manifest is nil when the text isn't well-formed or breaks a bound; otherwise it holds what could be read, so
// that a caller can look for faults of meaning too and merge both with [Combine]. It may be run only when no problem is
// an error.
func Parse(name string, text []byte) (*Manifest, []fault.Problem) {
	if isJSON(name, text) {
		return ParseJSON(name, text)
	}
	return ParseYAML(name, text)
}

func isJSON(name string, text []byte) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".json":
		return true
	case ".yaml", ".yml":
		return false
	}
	return bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(text, byteOrderMark), " \t\r\n"), []byte{'{'})
}

// ParseJSON is [Parse] for a text that is known to be JSON. Comments, trailing commas and trailing text are faults.
func ParseJSON(name string, text []byte) (*Manifest, []fault.Problem) {
	source := newSource(name, text)
	source.json = source.text
	if r := checkDocument(source.text); r != nil {
		return nil, []fault.Problem{r.problem(source, "")}
	}
	return decode(source)
}

// ParseYAML is [Parse] for a text that is known to be YAML 1.2 (core schema: yes and no are strings) with merge keys. It
// must be one document, without directives and without tags other than those of the core schema.
func ParseYAML(name string, text []byte) (*Manifest, []fault.Problem) {
	source := newSource(name, text)
	plain := &Source{name: name, text: source.text} // places in the text itself, for the time before there is json
	if r := checkDocument(source.text); r != nil {
		return nil, []fault.Problem{r.problem(plain, "")}
	}
	problems, ok := translateYAML(source)
	if !ok {
		return nil, problems
	}
	m, more := decode(source)
	c := collector{problems: append(problems, more...)}
	return m, c.list()
}

func newSource(name string, text []byte) *Source {
	return &Source{name: name, text: bytes.TrimPrefix(text, byteOrderMark)}
}

// checkDocument applies what holds for any document.
func checkDocument(text []byte) *refusal {
	if r := checkText(text); r != nil {
		return r
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return refuse(fault.CodeManifestEmpty, 0, 0, "the document is empty").
			withHint("a manifest has at least version and nodes")
	}
	return nil
}
