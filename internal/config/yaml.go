package config

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/remotemedia/remotemedia-go/fault"
)

// parseFile reads a YAML file into a layer. Every problem has its place.
func parseFile(name string, text []byte) *layer {
	r := newReader(Origin{Kind: FromFile, Name: name})
	if root := r.parse(text); root != nil {
		r.merge(r.group(root, schema(), ""))
	}
	return r.layer
}

// parseInline reads a list or table that an environment variable or flag gives in YAML.
func parseInline(k *key, text string, from Origin, into *layer) (any, error) {
	r := newReader(from)
	var value any
	if root := r.parse([]byte(text)); root != nil {
		value, _ = r.value(root, k, k.path)
	}
	if len(r.layer.problems) > 0 {
		return nil, errors.New(r.layer.problems[0].Message)
	}
	for path := range r.layer.origins {
		into.origins[path] = from
	}
	return value, nil
}

// reader turns the tree of a YAML document into typed values.
type reader struct {
	from    Origin // of the document as a whole
	layer   *layer
	anchors map[string]ast.Node
	aliases int
}

func newReader(from Origin) *reader {
	return &reader{from: from, layer: newLayer(), anchors: map[string]ast.Node{}}
}

func (r *reader) syntax(at Origin, message string) {
	r.fail(at, fault.Problem{Code: fault.CodeSyntax, Message: message})
}

func (r *reader) fail(at Origin, p fault.Problem) {
	p.Line, p.Column = at.Line, at.Column
	r.layer.problems = append(r.layer.problems, p)
}

func (r *reader) at(n ast.Node) Origin {
	o := r.from
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		n = m.Values[0].Key // the mapping's own token is the first colon
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		o.Line, o.Column = t.Position.Line, t.Position.Column
	}
	return o
}

// merge puts the values of the root into the layer, beside those that other spellings put there.
func (r *reader) merge(values map[string]any) { mergeMaps(r.layer.values, values) }

func mergeMaps(into, from map[string]any) {
	for name, value := range from {
		below, ok := value.(map[string]any)
		if old, isMap := into[name].(map[string]any); ok && isMap {
			mergeMaps(old, below)
			continue
		}
		into[name] = value
	}
}

// mostAliases bounds how often anchors are used, so that nested ones can't multiply.
const mostAliases = 100

// resolve follows anchors, aliases and tags to the value itself.
func (r *reader) resolve(n ast.Node) ast.Node {
	for {
		switch node := n.(type) {
		case *ast.AnchorNode:
			r.anchors[node.Name.GetToken().Value] = node.Value
			n = node.Value
		case *ast.AliasNode:
			target := r.anchors[node.Value.GetToken().Value]
			if r.aliases++; target == nil || r.aliases > mostAliases {
				r.syntax(r.at(node), "the alias can't be resolved")
				return ast.Null(node.GetToken())
			}
			n = target
		case *ast.TagNode:
			n = node.Value
		default:
			return n
		}
	}
}

func isNull(n ast.Node) bool { return n == nil || n.Type() == ast.NullType }

// pairs lists the keys and values of a mapping.
func (r *reader) pairs(n ast.Node, what string) []*ast.MappingValueNode {
	switch node := n.(type) {
	case *ast.MappingNode:
		return node.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{node}
	}
	if !isNull(n) {
		r.wrong(n, what, "expected keys and values")
	}
	return nil
}

func (r *reader) wrong(n ast.Node, path, message string) {
	r.fail(r.at(n), fault.Problem{Code: fault.CodeWrongType, Path: path, Message: path + ": " + message})
}

// group reads a struct.
func (r *reader) group(n ast.Node, k *key, path string) map[string]any {
	out := map[string]any{}
	what := path
	if what == "" {
		what = "the file"
	}
	for _, pair := range r.pairs(r.resolve(n), what) {
		name := pair.Key.GetToken().Value
		field := k.field(name)
		if field == nil {
			r.other(pair, k, path, name)
			continue
		}
		if value, ok := r.value(pair.Value, field, join(path, name)); ok {
			out[name] = value
			r.note(pair, join(path, name))
		}
	}
	return out
}

func (r *reader) note(pair *ast.MappingValueNode, path string) {
	if _, twice := r.layer.origins[path]; twice {
		r.fail(r.at(pair.Key), fault.Problem{Code: fault.CodeDuplicateField, Path: path, Message: path + " is given twice, perhaps in two spellings"})
		return
	}
	r.layer.origins[path] = r.at(pair.Key)
}

// other reads a key that the struct doesn't have: another spelling of some key, or a mistake.
func (r *reader) other(pair *ast.MappingValueNode, k *key, path, name string) {
	full := join(path, name)
	target, ok := otherSpellings[full]
	if !ok {
		r.fail(r.at(pair.Key), unknownKey(k, path, name))
		return
	}
	field := lookup(target)
	if value, ok := r.value(pair.Value, field, target); ok {
		r.note(pair, target)
		r.layer.set(target, value, r.at(pair.Key))
	}
}

// unknownKey doesn't tell the key where it may be a secret in the wrong place.
func unknownKey(k *key, path, name string) fault.Problem {
	full, hint := join(path, name), hintFor(k, path, name)
	if k.holdsSecrets() && fault.DidYouMean(name, k.names()) == "" {
		full = path + ".?"
	}
	return fault.Problem{Code: fault.CodeUnknownField, Path: full, Message: "unknown key " + full, Hint: hint}
}

// hintFor names the key that was probably meant: a near one in the same place, or the same name elsewhere.
func hintFor(k *key, path, name string) string {
	if hint := fault.DidYouMean(name, k.names()); hint != "" {
		return hint
	}
	var elsewhere []string
	for _, p := range paths() {
		if strings.HasSuffix("."+p, "."+name) {
			elsewhere = append(elsewhere, p)
		}
	}
	if len(elsewhere) == 1 {
		return "did you mean " + elsewhere[0] + "?"
	}
	if name == "<<" {
		return "merge keys aren't supported; write the keys out"
	}
	where := path
	if where == "" {
		where = "the file"
	}
	return fmt.Sprintf("%s may have: %s", where, strings.Join(k.names(), ", "))
}

// value reads the value of a key. It is not ok where nothing was given or something is wrong.
func (r *reader) value(n ast.Node, k *key, path string) (any, bool) {
	n = r.resolve(n)
	if isNull(n) {
		return nil, false
	}
	switch {
	case k.shape == group:
		return r.group(n, k, path), true
	case k.shape == list:
		return r.elements(n, k, path)
	case k.shape == table:
		return r.entries(n, k, path), true
	case k.typ.Kind() == reflect.Slice:
		return r.texts(n, k, path)
	}
	return r.scalar(n, k, path)
}

// elements reads a list of structs, whose elements may be plain text, and which may be text with commas between.
func (r *reader) elements(n ast.Node, k *key, path string) (any, bool) {
	sequence, ok := n.(*ast.SequenceNode)
	if !ok {
		text, isText := scalarText(n)
		if !isText {
			r.wrong(n, path, "expected a list")
			return nil, false
		}
		return textElements(k, text), true
	}
	out := []any{}
	for i, node := range sequence.Values {
		at := listPath(path, i)
		r.layer.origins[at] = r.at(node)
		node = r.resolve(node)
		if text, isText := scalarText(node); isText {
			value, _ := k.elem.field(k.textKey).parse(text)
			out = append(out, map[string]any{k.textKey: value})
			continue
		}
		out = append(out, r.group(node, k.elem, at))
	}
	return out, true
}

func (r *reader) entries(n ast.Node, k *key, path string) map[string]any {
	out := map[string]any{}
	for _, pair := range r.pairs(n, path) {
		name := pair.Key.GetToken().Value
		if name == "" || strings.Contains(name, ".") {
			r.wrong(pair.Key, path, "a name is empty or has a dot")
			continue
		}
		out[name] = r.group(pair.Value, k.elem, join(path, name))
		r.note(pair, join(path, name))
	}
	return out
}

// texts reads a list of texts, which may also be one text with commas between.
func (r *reader) texts(n ast.Node, k *key, path string) (any, bool) {
	sequence, ok := n.(*ast.SequenceNode)
	if !ok {
		return r.scalar(n, k, path)
	}
	out := []string{}
	for _, node := range sequence.Values {
		text, isText := scalarText(r.resolve(node))
		if !isText {
			r.wrong(node, path, "expected a list of texts")
			return nil, false
		}
		out = append(out, text)
	}
	return out, true
}

func (r *reader) scalar(n ast.Node, k *key, path string) (any, bool) {
	text, ok := scalarText(n)
	if !ok {
		r.wrong(n, path, "expected one value")
		return nil, false
	}
	value, err := k.parse(text)
	if err != nil {
		r.wrong(n, path, err.Error())
		return nil, false
	}
	return value, true
}

// scalarText returns the text of a node that is one value. Numbers and dates are read from it by the key's own rules.
func scalarText(n ast.Node) (string, bool) {
	switch node := n.(type) {
	case *ast.StringNode:
		return node.Value, true
	case *ast.LiteralNode:
		return node.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}
