package manifest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/remotemedia/remotemedia-go/fault"
)

// decoder reads the document part of a manifest from the JSON of a source. A fault of shape is collected and reading goes
// on; a fault of syntax stops it.
type decoder struct {
	source    *Source
	dec       *jsontext.Decoder
	collector collector
	path      []segment
	stop      *refusal // set once; every method does nothing from then on
}

// decode reads the manifest of a source. The manifest is nil when the text isn't well-formed or breaks a bound; after
// faults of shape it holds what could be read.
func decode(source *Source) (*Manifest, []fault.Problem) {
	if r := checkJSON(source.json); r != nil {
		return nil, []fault.Problem{r.problem(source, "")}
	}
	d := &decoder{source: source, dec: newDecoder(source.json)}
	m := &Manifest{Source: source}
	if d.dec.PeekKind() == '{' {
		readObject(d, m, manifestFields)
	} else {
		d.wrongType("a manifest, which is an object with version and nodes")
	}
	d.expectEnd()
	if d.stop == nil {
		return m, nameNodes(m, d.collector.list())
	}
	stopped := d.stop.problem(source, "")
	if d.stop.code == fault.CodeTooManyNodes {
		return nil, []fault.Problem{stopped}
	}
	d.collector.add(stopped)
	return nil, nameNodes(m, d.collector.list())
}

// nameNodes fills the node ids of problems from their paths.
func nameNodes(m *Manifest, problems []fault.Problem) []fault.Problem {
	for i := range problems {
		segments := splitPath(problems[i].Path)
		if len(segments) < 2 || segments[0].name != "nodes" {
			continue
		}
		if n := segments[1].index; n >= 0 && n < len(m.Nodes) {
			problems[i].NodeID = m.Nodes[n].ID
		}
	}
	return problems
}

func (d *decoder) expectEnd() {
	if d.stop != nil {
		return
	}
	if at := nextStart(d.source.json, d.dec); at < len(d.source.json) {
		d.stop = refuse(fault.CodeSyntax, at, at+1, "text follows the end of the document").
			withHint("a manifest is one document; remove the rest")
	}
}

// fail notes a fault of syntax.
func (d *decoder) fail(err error) {
	if d.stop == nil {
		d.stop = syntaxRefusal(d.source.json, d.dec, err)
	}
}

// token reads a token and gives its raw text and place; the text is valid until the next read.
func (d *decoder) token() (jsontext.Token, span) {
	at := nextStart(d.source.json, d.dec)
	token, err := d.dec.ReadToken()
	if err != nil {
		d.fail(err)
		return jsontext.Token{}, span{at, at}
	}
	return token, span{at, int(d.dec.InputOffset())}
}

// value reads a whole value and gives its raw text and place.
func (d *decoder) value() (jsontext.Value, span) {
	at := nextStart(d.source.json, d.dec)
	value, err := d.dec.ReadValue()
	if err != nil {
		d.fail(err)
		return nil, span{at, at}
	}
	return value, span{at, int(d.dec.InputOffset())}
}

// at runs read one step further down.
func (d *decoder) at(step segment, read func()) {
	d.path = append(d.path, step)
	read()
	d.path = d.path[:len(d.path)-1]
}

// where is the path that is being read.
func (d *decoder) where() string { return joinPath(d.path) }

func (d *decoder) report(p fault.Problem, where span) {
	if d.collector.full() {
		d.collector.more++
		return
	}
	if p.Path == "" {
		p.Path = d.where()
	}
	d.collector.add(d.source.placed(p, d.source.position(where)))
}

// wrongType skips the next value, which isn't what was expected. Null counts as absent and is no fault here.
func (d *decoder) wrongType(expected string) {
	kind := d.dec.PeekKind()
	raw, where := d.value()
	if d.stop != nil || kind == 'n' && len(d.path) > 0 {
		return
	}
	found := kindName(kind)
	if kind == '{' || kind == '[' {
		where.end = where.at + 1
	}
	if kind == '"' || kind == '0' || kind == 't' || kind == 'f' {
		found += " (" + abbreviate(string(raw)) + ")"
	}
	hint := ""
	if expected == aString && (kind == '0' || kind == 't' || kind == 'f') {
		hint = "put it in quotes"
	}
	d.report(fault.Problem{
		Code: fault.CodeWrongType, Hint: hint,
		Message: fmt.Sprintf("%s: expected %s, found %s", d.what(), expected, found),
	}, where)
}

// what names the place of a fault in a message.
func (d *decoder) what() string {
	if len(d.path) == 0 {
		return "the document"
	}
	return d.where()
}

// abbreviate bounds what a message quotes of the document.
func abbreviate(s string) string { return fault.Shorten(s, 40) }

// readList reads a list and calls read for each element.
func readList(d *decoder, expected string, read func(i int)) {
	if d.dec.PeekKind() != '[' {
		d.wrongType(expected)
		return
	}
	d.token()
	for i := 0; d.stop == nil && d.dec.PeekKind() != ']'; i++ {
		if d.dec.PeekKind() == jsontext.KindInvalid {
			d.value() // reports the fault
			return
		}
		d.at(segment{index: i}, func() { read(i) })
	}
	if d.stop == nil {
		d.token()
	}
}

// readObject reads an object by the table of its fields into into.
func readObject[T any](d *decoder, into *T, t *table[T]) {
	if d.dec.PeekKind() != '{' {
		d.wrongType("an object")
		return
	}
	r := objectReader[T]{decoder: d, table: t, seen: make([]uint8, len(t.fields))}
	_, r.open = d.token()
	for d.stop == nil && d.dec.PeekKind() != '}' {
		r.member(into)
	}
	if d.stop == nil {
		d.token()
		r.missing()
	}
}

// objectReader is the state of reading one object.
type objectReader[T any] struct {
	*decoder
	table  *table[T]
	seen   []uint8 // by field: 0, or 1 and the number of the spelling that was used
	others map[string]bool
	open   span
}

func (r *objectReader[T]) member(into *T) {
	token, where := r.token()
	if r.stop != nil {
		return
	}
	name := token.String()
	known, ok := r.table.spellings[name]
	if !ok {
		r.unknown(name, where)
		return
	}
	f := &r.table.fields[known.field]
	if seen := r.seen[known.field]; seen > 0 {
		r.duplicate(name, f.name, f.all()[seen-1], where)
		r.value()
		return
	}
	if r.dec.PeekKind() == 'n' && !f.takesNull {
		r.value() // null is the same as absent
		return
	}
	r.seen[known.field] = uint8(1 + known.name)
	r.at(segment{f.name, -1}, func() { f.read(r.decoder, into) })
}

// field is the path of a member.
func (r *objectReader[T]) field(name string) string { return Field(r.where(), name) }

func (r *objectReader[T]) duplicate(name, canonical, before string, where span) {
	message := fmt.Sprintf("%s is given twice", abbreviate(name))
	if name != before {
		message += fmt.Sprintf(": %s is another spelling of it", before)
	}
	r.report(fault.Problem{
		Code: fault.CodeDuplicateField, Path: r.field(canonical), Message: message, Hint: "keep one of them",
	}, where)
}

func (r *objectReader[T]) unknown(name string, where span) {
	switch {
	case r.others[name]:
		r.duplicate(name, name, name, where)
	case tolerated(name):
	case r.collector.full():
		r.collector.more++
	default:
		r.report(fault.Problem{
			Code: fault.CodeUnknownField, Path: r.field(name), Hint: r.suggest(name),
			Message: fmt.Sprintf("unknown field %q", abbreviate(name)),
		}, where)
	}
	if r.others == nil {
		r.others = make(map[string]bool)
	}
	r.others[name] = true
	r.value()
}

func (r *objectReader[T]) suggest(name string) string {
	if hint := fault.DidYouMean(name, slices.Sorted(maps.Keys(r.table.spellings))); hint != "" {
		return hint
	}
	return "the fields here are " + strings.Join(r.table.names(), ", ")
}

func (r *objectReader[T]) missing() {
	for i := range r.table.fields {
		f := &r.table.fields[i]
		if f.required == "" || r.seen[i] > 0 {
			continue
		}
		code := fault.CodeMissingField
		if f.missing != "" {
			code = f.missing
		}
		path := r.field(f.name)
		r.report(fault.Problem{Code: code, Path: path, Message: path + " is missing", Hint: f.required}, r.open)
	}
}
