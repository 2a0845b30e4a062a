package manifest

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/remotemedia/remotemedia-go/fault"
)

func emptyParams() jsontext.Value { return jsontext.Value("{}") }

// params reads the parameters of a node: an object, or a string that holds one as JSON. Null means none.
func (d *decoder) params(n *Node) {
	switch d.dec.PeekKind() {
	case '{':
		raw, where := d.value()
		if d.stop == nil {
			n.Params = d.checkParams(raw, where.at)
		}
	case '"':
		d.paramsString(n)
	default:
		d.wrongType("an object with the node's parameters, or a string that holds one as JSON")
	}
}

func (d *decoder) paramsString(n *Node) {
	raw, where := d.value()
	if d.stop != nil {
		return
	}
	text := quoted(raw)
	inner := &Source{
		name: d.source.name, text: d.source.text, json: []byte(text), marks: d.source.marksWithin(raw, text, where.at),
	}
	params, problems := parseParams(inner, d.where(), nodeName(n.ID, d.where()))
	for _, p := range problems {
		d.collector.add(p)
	}
	n.Params, n.ParamsSource = params, inner
}

// nodeName says whose parameters a message is about.
func nodeName(id, path string) string {
	if id == "" {
		return path
	}
	return fmt.Sprintf("the params of node %q", abbreviate(id))
}

// ParseParams checks the params text of a manifest that didn't come as one document: the proto has them as a string per
// node. The text must be a JSON object without duplicate names, within the bounds of a document; "" and "null" mean {}.
//
// It returns the object without insignificant space, nil when the text isn't one, and the text as a source for
// [Node.ParamsSource]. Lines, columns and offsets of the problems count within the text; their messages name the node and
// the offset, their paths begin with nodes[nodeIndex].params.
func ParseParams(nodeIndex int, nodeID string, text string) (params jsontext.Value, source *Source, problems []fault.Problem) {
	source = &Source{text: []byte(text), json: []byte(text)}
	path := Field(Index("nodes", nodeIndex), "params")
	params, problems = parseParams(source, path, nodeName(nodeID, path))
	for i := range problems {
		problems[i].NodeID = nodeID
	}
	return params, source, problems
}

// parseParams parses source.json, a text of its own.
func parseParams(source *Source, path, name string) (jsontext.Value, []fault.Problem) {
	text := source.json
	if trimmed := bytes.TrimSpace(text); len(trimmed) == 0 || string(trimmed) == "null" {
		return emptyParams(), nil
	}
	if r := checkParamsSyntax(text); r != nil {
		r.message = fmt.Sprintf("%s: %s (offset %d)", name, r.message, r.at.at)
		return nil, []fault.Problem{r.problem(source, path)}
	}
	d := &decoder{source: source, path: splitPath(path)}
	params := d.checkParams(text, 0)
	return params, d.collector.list()
}

// checkParamsSyntax finds why a text isn't one JSON object within the bounds.
func checkParamsSyntax(text []byte) *refusal {
	if r := checkText(text); r != nil {
		return asParamsFault(r)
	}
	if r := checkJSON(text); r != nil {
		return r
	}
	dec := newDecoder(text)
	start := nextStart(text, dec)
	if kind := dec.PeekKind(); kind != '{' && kind != jsontext.KindInvalid {
		return refuse(fault.CodeParamsSyntax, start, start+1, "expected a JSON object, found %s", kindName(kind))
	}
	if err := dec.SkipValue(); err != nil {
		return asParamsFault(syntaxRefusal(text, dec, err))
	}
	if at := nextStart(text, dec); at < len(text) {
		return refuse(fault.CodeParamsSyntax, at, at+1, "text follows the JSON object")
	}
	return nil
}

func asParamsFault(r *refusal) *refusal {
	if r.code == fault.CodeSyntax {
		r.code = fault.CodeParamsSyntax
	}
	return r
}

// checkParams reports the duplicate names of an object, which is well-formed and begins at base of the source, and gives
// it in canonical form: no insignificant space, strings with the fewest escapes, numbers as they are. It is nil when there
// are duplicates.
func (d *decoder) checkParams(raw []byte, base int) jsontext.Value {
	w := nameWalk{dec: newDecoder(raw), text: raw}
	for w.next() {
		if !w.duplicate {
			continue
		}
		d.report(fault.Problem{
			Code: fault.CodeDuplicateField, Path: w.path(d.where()), Hint: "keep one of them",
			Message: fmt.Sprintf("%s is given twice", abbreviate(w.name)),
		}, span{base + w.at.at, base + w.at.end})
	}
	params, err := jsontext.AppendFormat(nil, raw)
	if err != nil { // duplicates: all else was checked before
		return nil
	}
	return params
}

// nameWalk visits the member names of a well-formed JSON value.
type nameWalk struct {
	dec       *jsontext.Decoder
	text      []byte
	seen      []map[string]bool // by depth; nil for arrays
	name      string
	at        span
	duplicate bool
}

// next goes to the next name.
func (w *nameWalk) next() bool {
	for {
		start := nextStart(w.text, w.dec)
		isName := w.atName()
		token, err := w.dec.ReadToken()
		if err != nil {
			return false
		}
		switch token.Kind() {
		case '{':
			w.seen = append(w.seen, make(map[string]bool))
		case '[':
			w.seen = append(w.seen, nil)
		case '}', ']':
			w.seen = w.seen[:len(w.seen)-1]
		}
		if isName && token.Kind() == '"' {
			w.name, w.at = token.String(), span{start, int(w.dec.InputOffset())}
			names := w.seen[len(w.seen)-1]
			w.duplicate = names[w.name]
			names[w.name] = true
			return true
		}
	}
}

func (w *nameWalk) atName() bool {
	kind, length := w.dec.StackIndex(w.dec.StackDepth())
	return kind == '{' && length%2 == 0
}

func (w *nameWalk) path(base string) string {
	return pointerPath(base, w.dec.StackPointer(), func(depth int) bool { return w.seen[depth-1] == nil })
}
