package param

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/remotemedia/remotemedia-go/fault"
)

// listCodec reads a slice.
type listCodec struct {
	typ  reflect.Type
	elem codec
}

func (c *listCodec) decode(d *decoder, at *place, v reflect.Value) {
	if !d.open(jsontext.KindBeginArray) {
		d.report.wrongType(at, d.value(), c.expected())
		return
	}
	list := reflect.MakeSlice(c.typ, 0, 0)
	for i := 0; d.more(); i++ {
		if i >= maxItems {
			skipRest(d, at)
			return
		}
		list = reflect.Append(list, reflect.Zero(c.typ.Elem()))
		c.elem.decode(d, at.at(i), list.Index(i))
	}
	v.Set(list)
}

func (c *listCodec) describe(f *Field) {
	f.Type, f.Items = TypeArray, new(Field)
	c.elem.describe(f.Items)
}

func (c *listCodec) expected() string { return "an array" }

// mapCodec reads a map with string keys.
type mapCodec struct {
	typ  reflect.Type
	elem codec
}

func (c *mapCodec) decode(d *decoder, at *place, v reflect.Value) {
	if !d.open(jsontext.KindBeginObject) {
		d.report.wrongType(at, d.value(), c.expected())
		return
	}
	m := reflect.MakeMap(c.typ)
	for d.more() {
		name := d.name()
		if m.Len() >= maxItems {
			d.value()
			skipRest(d, at)
			return
		}
		c.member(d, at.member(name), m)
	}
	v.Set(m)
}

func (c *mapCodec) member(d *decoder, at *place, m reflect.Value) {
	key := reflect.ValueOf(at.name).Convert(c.typ.Key())
	if m.MapIndex(key).IsValid() {
		d.value()
		d.report.fail(at, fault.CodeDuplicateField, "keep one of them", "parameter %s is given twice", at)
		return
	}
	elem := reflect.New(c.typ.Elem()).Elem()
	c.elem.decode(d, at, elem)
	m.SetMapIndex(key, elem)
}

func (c *mapCodec) describe(f *Field) {
	f.Type, f.Items = TypeObject, new(Field)
	c.elem.describe(f.Items)
}

func (c *mapCodec) expected() string { return "an object" }

// skipRest leaves an array or object that has too many elements.
func skipRest(d *decoder, at *place) {
	for depth := d.StackDepth(); d.StackDepth() >= depth && d.err == nil; {
		if _, err := d.ReadToken(); err != nil {
			d.err = err
		}
	}
	d.report.fail(at, fault.CodeBadParam, "", "parameter %s has too many elements: expected at most %d", at, maxItems)
}

// objectCodec reads a struct.
type objectCodec struct {
	fields    []*fieldCodec
	bySpelled map[string]int // every accepted spelling
	spellings []string       // the same for hints: declared names first
	validates bool           // the pointer is a Validator
}

// fieldCodec reads one parameter of a struct.
type fieldCodec struct {
	Field
	codec    codec // nil for an ignored parameter
	index    []int
	pointer  bool
	conceal  bool          // the value is a secret or holds one
	fallback []byte        // JSON to read when the parameter is absent; nil leaves it zero
	constant reflect.Value // what fallback reads to, where it can be shared; otherwise invalid
}

// object is the state of reading one object.
type object struct {
	codec *objectCodec
	at    *place
	v     reflect.Value
	given []*place // by field: where it was given, nil if it wasn't
}

func (c *objectCodec) decode(d *decoder, at *place, v reflect.Value) {
	if !d.open(jsontext.KindBeginObject) {
		d.report.wrongType(at, d.value(), c.expected())
		return
	}
	before := d.report.count[fault.SeverityError]
	o := object{codec: c, at: at, v: v, given: make([]*place, len(c.fields))}
	for d.more() {
		o.member(d)
	}
	for i, f := range c.fields {
		if o.given[i] == nil {
			f.fill(d, at, v)
		}
	}
	if c.validates && !d.report.checking && d.err == nil && d.report.count[fault.SeverityError] == before {
		o.validate(d.report)
	}
}

// member reads one member of the object.
func (o *object) member(d *decoder) {
	at := o.at.member(d.name())
	i, known := o.codec.bySpelled[at.name]
	switch {
	case !known:
		d.value()
		o.codec.reportUnknown(d.report, at)
	case o.given[i] != nil:
		d.value()
		reportTwice(d.report, at, o.given[i])
	default:
		o.given[i] = at
		f := o.codec.fields[i]
		at.secret = at.secret || f.Secret
		at.conceal = at.secret || f.conceal
		f.decode(d, at, o.v)
	}
}

// decode reads the value of a parameter that is given.
func (f *fieldCodec) decode(d *decoder, at *place, object reflect.Value) {
	if f.codec == nil {
		d.value()
		reportIgnored(d.report, at)
		return
	}
	v := object.FieldByIndex(f.index)
	if !f.pointer {
		f.codec.decode(d, at, v)
		return
	}
	if d.PeekKind() == jsontext.KindNull {
		d.value()
		return
	}
	target := reflect.New(v.Type().Elem())
	f.codec.decode(d, at, target.Elem())
	v.Set(target)
}

// fill sets a parameter that isn't given to its default.
func (f *fieldCodec) fill(d *decoder, at *place, object reflect.Value) {
	switch {
	case f.Required:
		at = at.member(f.Name)
		d.report.fail(at, fault.CodeMissingField, "", "parameter %s is missing: expected %s", at, f.codec.expected())
	case f.constant.IsValid():
		object.FieldByIndex(f.index).Set(f.constant)
	case f.fallback != nil:
		nested := newDecoder(f.fallback, d.report)
		f.codec.decode(nested, at.member(f.Name), object.FieldByIndex(f.index))
		d.err = errors.Join(d.err, nested.err)
	}
}

// describe gives the parameters of the struct as Fields.
func (c *objectCodec) describe(f *Field) {
	f.Type, f.Fields = TypeObject, make([]Field, len(c.fields))
	for i := range c.fields {
		f.Fields[i] = c.fields[i].Field
	}
}

func (c *objectCodec) expected() string { return "an object" }

func (c *objectCodec) reportUnknown(r *report, at *place) {
	if r.full(fault.SeverityError) {
		r.count[fault.SeverityError]++
		return
	}
	hint := fault.DidYouMean(at.name, c.spellings)
	if hint == "" {
		hint = c.hint()
	}
	r.fail(at, fault.CodeUnknownParam, hint, "parameter %s is unknown", at)
}

// hint lists the parameters.
func (c *objectCodec) hint() string {
	if len(c.fields) == 0 {
		return "there are no parameters"
	}
	names := make([]string, len(c.fields))
	for i, f := range c.fields {
		names[i] = f.Name
	}
	return "the parameters are " + strings.Join(names, ", ")
}

func reportTwice(r *report, at, first *place) {
	as := ""
	if at.name != first.name {
		as = fmt.Sprintf(", as %s and as %s", quote(first.name), quote(at.name))
	}
	r.fail(at, fault.CodeDuplicateField, "keep one of them", "parameter %s is given twice%s", at, as)
}

func reportIgnored(r *report, at *place) {
	if r.full(fault.SeverityWarning) {
		r.count[fault.SeverityWarning]++
		return
	}
	r.add(fault.Problem{
		Severity: fault.SeverityWarning, Code: fault.CodeIgnored, Path: at.path(),
		Message: fmt.Sprintf("parameter %s has no effect in this service", at), Hint: "remove it, or leave it: it does no harm",
	})
}
