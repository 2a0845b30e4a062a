package manifest

import (
	"bytes"
	"maps"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/remotemedia/remotemedia-go/fault"
)

// translator writes the JSON of a YAML document, with aliases and merge keys expanded, and marks where each key and value
// came from. All its bounds count what it writes, so that an expansion can't outgrow them.
type translator struct {
	source    *Source
	plain     *Source // the text without marks, for the places of faults
	index     textIndex
	collector collector

	out      []byte
	marks    []mark
	embedded map[int][]mark
	anchors  map[string]ast.Node
	path     []segment
	depth    int
	values   int
	stop     *refusal // set once; nothing is written from then on
}

// value writes a node.
func (t *translator) value(n ast.Node) {
	if !t.count(n) {
		return
	}
	switch n := n.(type) {
	case *ast.AnchorNode:
		t.anchor(n)
	case *ast.AliasNode:
		t.nested(n, func() { t.value(t.alias(n)) })
	case *ast.TagNode:
		t.tag(n)
	case *ast.MappingNode, *ast.MappingValueNode:
		t.nested(n, func() { t.mapping(n) })
	case *ast.SequenceNode:
		t.nested(n, func() { t.sequence(n) })
	case *ast.LiteralNode:
		t.literal(n)
	default:
		t.scalar(n.GetToken())
	}
}

// count charges a node to the bounds; false when they are used up.
func (t *translator) count(n ast.Node) bool {
	t.values++
	switch {
	case t.stop != nil:
		return false
	case n == nil || n.GetToken() == nil:
		t.out = append(t.out, "null"...)
		return false
	case t.values > MaxValues:
		t.stop = tooManyValues(t.start(n))
	case len(t.out) > MaxTextBytes:
		at := t.start(n)
		t.stop = refuse(fault.CodeTooLarge, at, at+1, "the document expands to more than %d bytes", MaxTextBytes).
			withHint("use fewer aliases")
	}
	return t.stop == nil
}

// nested guards a step down: into a collection, or along an alias.
func (t *translator) nested(n ast.Node, write func()) {
	t.depth++
	if t.depth > MaxDepth {
		t.stop = tooDeep(t.start(n))
	} else {
		write()
	}
	t.depth--
}

func (t *translator) anchor(n *ast.AnchorNode) {
	t.value(n.Value)
	if t.anchors == nil {
		t.anchors = make(map[string]ast.Node)
	}
	t.anchors[anchorName(n.Name)] = n.Value
}

func (t *translator) alias(n *ast.AliasNode) ast.Node {
	name := anchorName(n.Value)
	target, ok := t.anchors[name]
	if !ok && t.stop == nil {
		at := t.start(n)
		t.stop = refuse(fault.CodeSyntax, at, at+1+len(name), "there is no anchor &%s before this alias", abbreviate(name)).
			withHint("define the anchor above it, outside of the value that it names")
	}
	return target
}

func anchorName(n ast.Node) string {
	if n == nil || n.GetToken() == nil {
		return ""
	}
	return n.GetToken().Value
}

// start gives the offset in the text where a node begins. The library's own token of a block mapping is a colon.
func (t *translator) start(n ast.Node) int {
	switch m := n.(type) {
	case *ast.MappingNode:
		if !m.IsFlowStyle && len(m.Values) > 0 {
			return t.start(m.Values[0])
		}
	case *ast.MappingValueNode:
		return t.index.token(m.Key.GetToken())
	}
	return t.index.token(n.GetToken())
}

func (t *translator) mark(src, size int) {
	t.marks = append(t.marks, mark{int32(len(t.out)), int32(src), int32(size)})
}

func (t *translator) sequence(n *ast.SequenceNode) {
	t.mark(t.start(n), 1)
	t.out = append(t.out, '[')
	for i, v := range n.Values {
		if i > 0 {
			t.out = append(t.out, ',')
		}
		t.path = append(t.path, segment{"", i})
		t.value(v)
		t.path = t.path[:len(t.path)-1]
	}
	t.out = append(t.out, ']')
}

func (t *translator) mapping(n ast.Node) {
	entries := t.entries(nil, n, nil)
	size := 1
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(entries) > 0 {
		size = entries[0].size
	}
	t.mark(t.start(n), size)
	t.out = append(t.out, '{')
	for i, e := range entries {
		if i > 0 {
			t.out = append(t.out, ',')
		}
		t.mark(e.at, e.size)
		t.out = appendQuoted(t.out, e.name)
		t.out = append(t.out, ':')
		t.path = append(t.path, segment{e.name, -1})
		t.value(e.value)
		t.path = t.path[:len(t.path)-1]
	}
	t.out = append(t.out, '}')
}

// appendQuoted writes a JSON string; the text was checked to be UTF-8.
func appendQuoted(out []byte, s string) []byte {
	out, err := jsontext.AppendQuote(out, s)
	if err != nil {
		return append(out, `""`...)
	}
	return out
}

// entry is one member of a mapping: its own, or merged in.
type entry struct {
	name     string
	at, size int // of the key, in the text
	value    ast.Node
}

// entries appends the members of a mapping, then what its merge keys add; the first of a name wins. Before holds the names
// that a mapping which is merged in can't add any more; nil for one that isn't. That one's own members are taken as they
// are, duplicates too, so that the reader can report them.
func (t *translator) entries(out []entry, n ast.Node, before map[string]bool) []entry {
	names := make(map[string]bool)
	maps.Copy(names, before)
	var merges []ast.Node
	for _, v := range mappingValues(n) {
		if _, ok := v.Key.(*ast.MergeKeyNode); ok {
			merges = append(merges, v.Value)
			continue
		}
		if e, ok := t.entry(v); ok && !before[e.name] {
			names[e.name] = true
			out = append(out, e)
		}
	}
	for _, m := range merges {
		added := len(out)
		out = t.merge(out, m, t.start(m), names)
		for _, e := range out[added:] {
			names[e.name] = true
		}
	}
	return out
}

func mappingValues(n ast.Node) []*ast.MappingValueNode {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}
	}
	return nil
}

// entry reads a key. Any scalar is one, by its text.
func (t *translator) entry(v *ast.MappingValueNode) (entry, bool) {
	key := ast.Node(v.Key)
	if a, ok := key.(*ast.AnchorNode); ok {
		key = a.Value
	}
	tk := key.GetToken()
	at := t.index.token(tk)
	switch key.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return entry{tk.Value, at, len(rawScalar(tk)), v.Value}, true
	}
	if t.stop == nil {
		t.stop = refuse(fault.CodeSyntax, at, at+1, "a key must be plain text or a string").
			withHint("write the key as plain text followed by a colon")
	}
	return entry{}, false
}

// merge appends what a merge key adds: the members of a mapping, or of each mapping of a list. At is where its value stands.
func (t *translator) merge(out []entry, n ast.Node, at int, before map[string]bool) []entry {
	if !t.count(n) {
		return out
	}
	t.nested(n, func() {
		switch n := n.(type) {
		case *ast.AliasNode:
			if target := t.alias(n); target != nil {
				out = t.merge(out, target, at, before)
			}
		case *ast.AnchorNode:
			out = t.merge(out, n.Value, at, before)
		case *ast.SequenceNode:
			out = t.mergeList(out, n, at, before)
		case *ast.MappingNode, *ast.MappingValueNode:
			t.values += len(before) + len(mappingValues(n)) // what it costs, though it may add nothing
			out = t.entries(out, n, before)
		default:
			t.stop = refuse(fault.CodeSyntax, at, at+1, "<< merges a mapping or a list of mappings, nothing else")
		}
	})
	return out
}

// mergeList merges the mappings of a list; those that come first win.
func (t *translator) mergeList(out []entry, n *ast.SequenceNode, at int, before map[string]bool) []entry {
	names := maps.Clone(before)
	for _, v := range n.Values {
		added := len(out)
		out = t.merge(out, v, at, names)
		for _, e := range out[added:] {
			names[e.name] = true
		}
	}
	return out
}

func (t *translator) literal(n *ast.LiteralNode) {
	at := t.start(n)
	text := n.Value.Value
	if looksLikeObject(text) {
		first := t.index.line(n.Start.Position.Line + 1)
		t.embed(literalMarks(t.source.text, text, first))
	}
	t.mark(at, len(n.Start.Value))
	t.out = appendQuoted(t.out, text)
}

// embed keeps the marks of the string that is written next, when there are any.
func (t *translator) embed(marks []mark) {
	if marks == nil {
		return
	}
	if t.embedded == nil {
		t.embedded = make(map[int][]mark)
	}
	t.embedded[len(t.out)] = marks
}

// looksLikeObject reports whether a string may hold the JSON of a node's params.
func looksLikeObject(s string) bool { return strings.HasPrefix(strings.TrimLeft(s, " \t\r\n"), "{") }

// rawScalar is a scalar as it stands in the text: quotes included, without the space around it that the library keeps.
func rawScalar(tk *token.Token) string { return strings.Trim(tk.Origin, " \t\r\n") }

func isQuoted(tk *token.Token) bool {
	return tk.Type == token.DoubleQuoteType || tk.Type == token.SingleQuoteType
}

func (t *translator) scalar(tk *token.Token) {
	at := t.index.token(tk)
	if tk.Type == token.ImplicitNullType {
		t.mark(at, 1)
		t.out = append(t.out, "null"...)
		return
	}
	raw := rawScalar(tk)
	if isQuoted(tk) {
		t.quoted(tk.Value, raw, at)
		return
	}
	t.plainScalar(tk.Value, raw, at)
}

func (t *translator) quoted(value, raw string, at int) {
	if looksLikeObject(value) && bytes.HasPrefix(t.source.text[at:], []byte(raw)) {
		t.embed(quotedMarks([]byte(raw), value, at))
	}
	t.mark(at, len(raw))
	t.out = appendQuoted(t.out, value)
}

func (t *translator) plainScalar(value, raw string, at int) {
	json, err := coreScalar(value)
	if err != "" {
		t.badNumber(span{at, at + len(raw)}, err)
	}
	t.mark(at, len(raw))
	if json == "" {
		t.out = appendQuoted(t.out, value)
		return
	}
	t.out = append(t.out, json...)
}

func (t *translator) badNumber(at span, problem string) {
	path := joinPath(canonical(t.path))
	p := fault.Problem{Code: fault.CodeWrongType, Path: path, Message: path + ": " + problem}
	t.collector.add(t.plain.placed(p, t.plain.at(at.at, at.end)))
}

// tag applies a tag of the core schema.
func (t *translator) tag(n *ast.TagNode) {
	name := n.Start.Value
	tk := n.Value.GetToken()
	_, collection := n.Value.(*ast.MappingNode)
	if _, ok := n.Value.(*ast.SequenceNode); ok {
		collection = true
	}
	switch {
	case name == "!!map" || name == "!!seq", name == "!!null" && !collection, name == "!!str" && isQuoted(tk):
		t.value(n.Value)
	case collection || tk == nil:
		t.badTag(n, name)
	case name == "!!str":
		t.quoted(scalarText(n.Value, tk), rawScalar(tk), t.index.token(tk))
	case name == "!!int" || name == "!!float" || name == "!!bool":
		t.plainScalar(tk.Value, rawScalar(tk), t.index.token(tk))
	default:
		t.badTag(n, name)
	}
}

func scalarText(n ast.Node, tk *token.Token) string {
	if l, ok := n.(*ast.LiteralNode); ok {
		return l.Value.Value
	}
	if tk.Type == token.ImplicitNullType {
		return ""
	}
	return tk.Value
}

func (t *translator) badTag(n *ast.TagNode, name string) {
	at := t.index.token(n.Start)
	t.stop = refuse(fault.CodeSyntax, at, at+len(name), "the tag %s isn't supported here", strconv.Quote(abbreviate(name))).
		withHint("remove it")
}
