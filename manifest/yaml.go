package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/remotemedia/remotemedia-go/fault"
)

// translateYAML fills json and marks of a source from its YAML text. Reading goes on in the JSON, so that both syntaxes
// have one reader. It is not ok when there is no JSON to read.
func translateYAML(source *Source) (problems []fault.Problem, ok bool) {
	plain := &Source{name: source.name, text: source.text, json: source.text}
	t := translator{source: source, plain: plain}
	body, r := parseYAML(source.text, &t.index)
	if r == nil {
		t.value(body)
		r = t.stop
	}
	if r != nil {
		t.collector.add(r.problem(plain, ""))
		return t.collector.list(), false
	}
	source.json, source.marks, source.embedded = t.out, t.marks, t.embedded
	return t.collector.list(), true
}

// parseYAML gives the root of the one document in text.
func parseYAML(text []byte, index *textIndex) (body ast.Node, r *refusal) {
	if r := checkYAML(text); r != nil {
		return nil, r
	}
	index.build(text)
	// The library counts lines wrongly where they end in a carriage return too; columns don't depend on it.
	tokens := lexer.Tokenize(string(bytes.ReplaceAll(text, []byte("\r\n"), []byte{'\n'})))
	if r := checkTokens(tokens, index); r != nil {
		return nil, r
	}
	file, err := parseTokens(tokens)
	if err != nil {
		return nil, yamlRefusal(err, index)
	}
	for _, doc := range file.Docs {
		if doc.Body != nil {
			return doc.Body, nil
		}
	}
	return nil, refuse(fault.CodeManifestEmpty, 0, 0, "the document is empty").
		withHint("a manifest has at least version and nodes")
}

// parseTokens contains a panic of the library: text that makes it panic is a text that it can't read.
func parseTokens(tokens token.Tokens) (file *ast.File, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the text can't be read: %v", p)
		}
	}()
	return parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
}

// yamlRefusal takes message and place of the library's error. Its Error method isn't used: it renders the whole line of
// the fault, token by token, in quadratic time.
func yamlRefusal(err error, index *textIndex) *refusal {
	var syntax yaml.Error
	if !errors.As(err, &syntax) || syntax.GetToken() == nil {
		return refuse(fault.CodeSyntax, 0, 0, "invalid YAML: %s", abbreviate(err.Error()))
	}
	at := index.token(syntax.GetToken())
	message := strings.Map(visible, strings.ReplaceAll(syntax.GetMessage(), "\t", `\t`))
	return refuse(fault.CodeSyntax, at, at+1, "invalid YAML: %s", message).withHint(yamlHint(index.text, at, message))
}

// yamlHint says what to do about the faults that are made most often.
func yamlHint(text []byte, at int, message string) string {
	switch {
	case tabIndents(text, at):
		return "indent with spaces; YAML doesn't allow tabs there"
	case strings.Contains(message, "mapping value is not allowed"):
		return "put text that has a colon in it in quotes"
	case strings.Contains(message, "not allowed in this context"):
		return "check the indentation: what belongs together begins in the same column"
	case strings.Contains(message, "reserved character"):
		return "put the text in quotes"
	}
	return ""
}

// tabIndents reports whether the line at an offset is indented with a tab.
func tabIndents(text []byte, at int) bool {
	line := bytes.TrimLeft(text[lineStart(text, min(at, len(text))):], " -")
	return bytes.HasPrefix(line, []byte{'\t'})
}
