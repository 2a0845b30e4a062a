package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// mostFileBytes bounds a configuration file; a longer one is a mistake.
const mostFileBytes = 512 << 10

// parse returns the root of the one document, or nil: where there is none, or it can't be read.
func (r *reader) parse(text []byte) ast.Node {
	if len(text) > mostFileBytes {
		r.syntax(Origin{}, fmt.Sprintf("the file is longer than %d bytes", mostFileBytes))
		return nil
	}
	file, err := parseYAML(text)
	if err != nil {
		r.syntaxError(err)
		return nil
	}
	docs := slices.DeleteFunc(file.Docs, func(d *ast.DocumentNode) bool { return d.Body == nil || d.Body.Type() == ast.CommentType })
	if len(docs) > 1 {
		r.syntax(r.at(docs[1].Body), "there is more than one document in the file")
		return nil
	}
	if len(docs) == 0 {
		return nil
	}
	return docs[0].Body
}

// parseYAML contains a panic of the library: text that makes it panic is a text that it can't read.
func parseYAML(text []byte) (file *ast.File, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the text can't be read: %v", p)
		}
	}()
	tokens := lexer.Tokenize(string(text))
	if tooDeep(tokens) {
		return nil, errTooDeep
	}
	return parser.Parse(tokens, 0)
}

// mostDepth bounds nesting; the tree of keys is five deep. The library takes quadratic time for deep texts.
const mostDepth = 32

var errTooDeep = fmt.Errorf("the file nests deeper than %d levels", mostDepth)

func tooDeep(tokens token.Tokens) bool {
	depth, dashes, line := 0, 0, 0
	for _, t := range tokens {
		if t.Position != nil && t.Position.Line != line {
			line, dashes = t.Position.Line, 0
		}
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.SequenceEntryType, token.MappingKeyType:
			dashes++
		}
		if depth > mostDepth || dashes > mostDepth {
			return true
		}
	}
	return false
}

func (r *reader) syntaxError(err error) {
	var syntax yaml.Error
	if !errors.As(err, &syntax) || syntax.GetToken() == nil {
		r.syntax(Origin{}, "invalid YAML: "+err.Error())
		return
	}
	p := syntax.GetToken().Position
	r.syntax(Origin{Line: p.Line, Column: p.Column}, "invalid YAML: "+withoutContent(syntax.GetMessage()))
}

var quoted = regexp.MustCompile(`"[^"]*"?`)

// withoutContent takes what the library quotes of the file out of its message, unless it is the name of a key: it may be
// a secret.
func withoutContent(message string) string {
	return quoted.ReplaceAllStringFunc(message, func(q string) string {
		for _, path := range paths() {
			if slices.Contains(strings.Split(path, "."), strings.Trim(q, `"`)) {
				return q
			}
		}
		return "a text"
	})
}
