package data

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/text/cases"
	"golang.org/x/text/language"

	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/node"
	"github.com/remotemedia/remotemedia-go/node/param"
)

// TextParams are the parameters of TextProcessorNode.
type TextParams struct {
	Operations []string `param:"operations" enum:"uppercase,lowercase,reverse,word_count,char_count,title_case,remove_spaces,first_word,last_word" default:"[\"uppercase\"]" doc:"What is done where the input doesn't say it."`
}

func textSpec() node.Spec {
	return node.Define(node.Spec{
		Name: "TextProcessorNode", Aliases: []string{"TextTransformNode", "text-processor"}, Category: Category, Summary: "Counts and rewrites text.",
		Doc: "Takes `{\"text\": s, \"operations\": [..]}` or a bare text, and answers `{\"original_text\", \"operations\", \"results\": " +
			"{op: value}, \"processed_by\", \"node_config\"}`. Operations: uppercase, lowercase, reverse (by character), word_count " +
			"(words are separated by white space), char_count, title_case, remove_spaces (U+0020 only), first_word and last_word " +
			"(empty if there is none). Another one in the input gives `results[\"unknown_operation_<op>\"]`. Case follows the Unicode " +
			"rules that hold for all languages. Input without a text fails.",
		Accepts: node.JSON | node.Text, Produces: node.JSON, Granularity: node.PerItem,
		LatencyClass: "realtime", Example: `{"operations": ["lowercase", "word_count"]}`,
		Sample: `{"text": "Hello World"}`,
		Fails:  "input without a text, and `operations` that aren't an array of strings.",
	}, newText)
}

// textOperations give a string or an int.
var textOperations = map[string]func(string) any{
	"uppercase":     func(s string) any { return cases.Upper(language.Und).String(s) },
	"lowercase":     func(s string) any { return cases.Lower(language.Und).String(s) },
	"reverse":       func(s string) any { return reverse(s) },
	"word_count":    func(s string) any { return len(strings.Fields(s)) },
	"char_count":    func(s string) any { return utf8.RuneCountInString(s) },
	"title_case":    func(s string) any { return titleCase(s) },
	"remove_spaces": func(s string) any { return strings.ReplaceAll(s, " ", "") },
	"first_word":    func(s string) any { return firstWord(s) },
	"last_word":     func(s string) any { return lastWord(s) },
}

func reverse(s string) string {
	characters := []rune(s)
	slices.Reverse(characters)
	return string(characters)
}

// titleCase begins every run of letters with a capital and goes on in small ones, so that "they're" becomes "They'Re": as
// Python does, whose node defines the operation.
func titleCase(s string) string {
	inside := false
	return strings.Map(func(r rune) rune {
		first := !inside
		inside = unicode.IsLetter(r)
		if first {
			return unicode.ToTitle(r)
		}
		return unicode.ToLower(r)
	}, s)
}

func firstWord(s string) string {
	for word := range strings.FieldsSeq(s) {
		return word
	}
	return ""
}

func lastWord(s string) string {
	s = strings.TrimRightFunc(s, unicode.IsSpace)
	space := strings.LastIndexFunc(s, unicode.IsSpace)
	if space < 0 {
		return s
	}
	_, size := utf8.DecodeRuneInString(s[space:])
	return s[space+size:]
}

type text struct {
	operations  []string
	processedBy string
}

func newText(p TextParams, env node.Env) (node.Processor, error) {
	return &text{p.Operations, "TextProcessorNode[" + env.NodeID + "]"}, nil
}

// textAnswer is the object that goes out; results keep the order of the operations.
type textAnswer struct {
	OriginalText string         `json:"original_text"`
	Operations   []string       `json:"operations"`
	Results      jsontext.Value `json:"results"`
	ProcessedBy  string         `json:"processed_by"`
	Config       jsontext.Value `json:"node_config"` // was the Python node's, which had none
}

// Process answers one item.
func (t *text) Process(c *node.Call, in node.Item) error {
	s, operations, err := t.read(c, in.Data)
	if err != nil {
		return err
	}
	results, err := t.results(c, s, operations)
	if err != nil {
		return err
	}
	return c.EmitJSON(textAnswer{s, operations, results, t.processedBy, jsontext.Value("{}")}, in.Stamp)
}

// read takes the text and the operations from the input.
func (t *text) read(c *node.Call, data []byte) (s string, operations []string, err error) {
	if s, ok := param.ParseString(data); ok {
		return s, t.operations, nil
	}
	if jsontext.Value(data).Kind() != jsontext.KindBeginObject {
		return "", nil, fault.New(fault.CodeNodeFailed, `the input is neither a text nor an object with a "text"`)
	}
	m, err := members(c, data, "text", "operations")
	if err != nil {
		return "", nil, err
	}
	s, ok := param.ParseString(m["text"])
	if !ok {
		return "", nil, fault.New(fault.CodeNodeFailed, `the input has no "text" (a string)`)
	}
	if m["operations"] == nil {
		return s, t.operations, nil
	}
	if err := decode(m["operations"], &operations); err != nil {
		return "", nil, fault.New(fault.CodeNodeFailed, `"operations" isn't an array of strings`)
	}
	return s, operations, nil
}

// results encodes the result of each operation, once each.
func (t *text) results(c *node.Call, s string, operations []string) (jsontext.Value, error) {
	done := make(map[string]bool, len(operations))
	out := []byte{'{'}
	for _, name := range operations {
		if done[name] {
			continue
		}
		if err := c.Check(); err != nil {
			return nil, err
		}
		done[name] = true
		if len(done) > 1 {
			out = append(out, ',')
		}
		var err error
		if out, err = appendResult(out, name, s); err != nil {
			return nil, err
		}
	}
	return append(out, '}'), nil
}

func appendResult(out []byte, name, s string) ([]byte, error) {
	var value any = "Unknown operation: " + name
	if f, ok := textOperations[name]; ok {
		value = f(s)
	} else {
		name = "unknown_operation_" + name
	}
	return appendMember(out, name, value)
}
