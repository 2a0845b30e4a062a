package manifest

import (
	"fmt"
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
	path      string
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
		return m, d.collector.list()
	}
	stopped := d.stop.problem(source, "")
	if d.stop.code == fault.CodeTooManyNodes {
		return nil, []fault.Problem{stopped}
	}
	d.collector.add(stopped)
	return nil, d.collector.list()
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

// at runs read with another path.
func (d *decoder) at(path string, read func()) {
	outer := d.path
	d.path = path
	read()
	d.path = outer
}

func (d *decoder) report(p fault.Problem, where span) {
	if p.Path == "" {
		p.Path = d.path
	}
	d.collector.add(d.source.placed(p, d.source.position(where)))
}

// wrongType skips the next value, which isn't what was expected. Null counts as absent and is no fault here.
func (d *decoder) wrongType(expected string) {
	kind := d.dec.PeekKind()
	raw, where := d.value()
	if d.stop != nil || kind == 'n' && d.path != "" {
		return
	}
	found := kindName(kind)
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
	if d.path == "" {
		return "the document"
	}
	return d.path
}

// abbreviate bounds what a message quotes of the document.
func abbreviate(s string) string {
	const most = 40
	runes := 0
	for i := range s {
		if runes++; runes > most {
			return s[:i] + "..."
		}
	}
	return s
}

// readList reads a list and calls read for each element.
func readList(d *decoder, expected string, read func(i int)) {
	if d.dec.PeekKind() != '[' {
		d.wrongType(expected)
		return
	}
	d.token()
	path := d.path
	for i := 0; d.stop == nil && d.dec.PeekKind() != ']'; i++ {
		if d.dec.PeekKind() == jsontext.KindInvalid {
			d.value() // reports the fault
			return
		}
		d.at(Index(path, i), func() { read(i) })
	}
	if d.stop == nil {
		d.token()
	}
}

// readObject reads an object by a table of its fields into into.
func readObject[T any](d *decoder, into *T, table []field[T]) {
	if d.dec.PeekKind() != '{' {
		d.wrongType("an object")
		return
	}
	r := objectReader[T]{decoder: d, table: table, seen: make([]string, len(table)), path: d.path}
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
	table  []field[T]
	seen   []string // by field, the spelling that was used
	others map[string]bool
	path   string
	open   span
}

func (r *objectReader[T]) member(into *T) {
	token, where := r.token()
	if r.stop != nil {
		return
	}
	name := token.String()
	i := indexSpelling(r.table, name)
	if i < 0 {
		r.unknown(name, where)
		return
	}
	f := &r.table[i]
	if r.seen[i] != "" {
		r.duplicate(name, f.name, r.seen[i], where)
		r.value()
		return
	}
	if r.dec.PeekKind() == 'n' && !f.takesNull {
		r.value() // null is the same as absent
		return
	}
	r.seen[i] = name
	r.at(Field(r.path, f.name), func() { f.read(r.decoder, into) })
}

func (r *objectReader[T]) duplicate(name, canonical, before string, where span) {
	message := fmt.Sprintf("%s is given twice", name)
	if name != before {
		message = fmt.Sprintf("%s is given twice: %s is another spelling of it", name, before)
	}
	r.report(fault.Problem{
		Code: fault.CodeDuplicateField, Path: Field(r.path, canonical), Message: message, Hint: "keep one of them",
	}, where)
}

func (r *objectReader[T]) unknown(name string, where span) {
	if r.others[name] {
		r.duplicate(name, name, name, where)
	} else if !tolerated(name) {
		hint := fault.DidYouMean(name, spellings(r.table))
		if hint == "" {
			hint = "the fields here are " + strings.Join(names(r.table), ", ")
		}
		r.report(fault.Problem{
			Code: fault.CodeUnknownField, Path: Field(r.path, name), Hint: hint,
			Message: fmt.Sprintf("unknown field %q", abbreviate(name)),
		}, where)
	}
	if r.others == nil {
		r.others = make(map[string]bool)
	}
	r.others[name] = true
	r.value()
}

func (r *objectReader[T]) missing() {
	for i, f := range r.table {
		if f.required == "" || r.seen[i] != "" {
			continue
		}
		code := fault.CodeMissingField
		if f.missing != "" {
			code = f.missing
		}
		r.report(fault.Problem{
			Code: code, Path: Field(r.path, f.name), Hint: f.required,
			Message: fmt.Sprintf("%s is missing", Field(r.path, f.name)),
		}, r.open)
	}
}
