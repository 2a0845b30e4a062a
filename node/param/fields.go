package param

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// object makes the codec of a struct.
func (c *compiler) object(t reflect.Type) *objectCodec {
	o := &objectCodec{bySpelled: map[string]int{}, validates: reflect.PointerTo(t).Implements(validatorType)}
	defer func(outer string) { c.where = outer }(c.where)
	c.addFields(o, t, nil)
	for _, f := range o.fields {
		o.spellings = append(o.spellings, f.Name)
	}
	for _, f := range o.fields {
		o.spellings = append(o.spellings, f.Aliases...)
	}
	return o
}

// addFields adds the parameters of a struct, which is the object's own or embedded in it at the index.
func (c *compiler) addFields(o *objectCodec, t reflect.Type, index []int) {
	for i := range t.NumField() {
		sf := t.Field(i)
		c.where = t.String() + "." + sf.Name
		at := append(slices.Clone(index), i)
		name, tagged := sf.Tag.Lookup("param")
		switch {
		case name == "-":
		case tagged:
			c.addField(o, sf, at)
		case sf.Anonymous && sf.Type.Kind() == reflect.Struct:
			c.embed(o, sf.Type, at)
		case sf.Anonymous && sf.Type.Kind() == reflect.Pointer:
			c.fail("an embedded pointer isn't supported")
		case sf.IsExported(), sf.Tag != "":
			c.fail("tag param is missing")
		}
	}
}

// embed adds the parameters of an embedded struct. Its Validate is promoted to the outer struct, unless two of them hide
// each other: that would drop both silently.
func (c *compiler) embed(o *objectCodec, t reflect.Type, at []int) {
	if reflect.PointerTo(t).Implements(validatorType) && !o.validates {
		c.fail("its Validate isn't promoted; declare a Validate on the outer struct that calls it")
	}
	c.addFields(o, t, at)
}

func (c *compiler) addField(o *objectCodec, sf reflect.StructField, index []int) {
	before := len(c.errs)
	t := readTags(sf.Tag, c.fail)
	if !sf.IsExported() && !(sf.Name == "_" && t.ignored) {
		c.fail("an unexported field can't be a parameter, except an ignored one that is called _")
		return
	}
	f := &fieldCodec{index: index, Field: Field{
		Name: t.name, Aliases: spellings(t), Doc: t.doc, Required: t.required, Secret: t.secret, Ignored: t.ignored,
	}}
	c.name(o, f)
	if t.ignored {
		f.Type = TypeAny
		return
	}
	c.setType(f, sf.Type, t.rules)
	c.setDefault(f, sf.Type, t.fallback, len(c.errs) == before)
}

// spellings are all names of a parameter but the declared one.
func spellings(t tags) []string {
	var all []string
	for _, name := range append([]string{t.name}, t.aliases...) {
		for _, s := range []string{name, camelCase(name)} {
			if s != t.name && !slices.Contains(all, s) {
				all = append(all, s)
			}
		}
	}
	return all
}

// name adds the field to the object under all its spellings.
func (c *compiler) name(o *objectCodec, f *fieldCodec) {
	for _, s := range append([]string{f.Name}, f.Aliases...) {
		if other, taken := o.bySpelled[s]; taken {
			c.fail("the name %q belongs to %q already", s, o.fields[other].Name)
			continue
		}
		o.bySpelled[s] = len(o.fields)
	}
	o.fields = append(o.fields, f)
}

// setType makes the field's codec.
func (c *compiler) setType(f *fieldCodec, t reflect.Type, r rules) {
	if f.pointer = t.Kind() == reflect.Pointer; f.pointer {
		t = t.Elem()
		if k := t.Kind(); k == reflect.Pointer || !isUnion(t) && (k == reflect.Slice || k == reflect.Map) {
			f.codec = c.unsupported(reflect.PointerTo(t), ": a pointer leads to a scalar, a struct or a union")
			return
		}
	}
	f.codec = c.codecOf(t, r)
	f.codec.describe(&f.Field)
	f.Optional = f.pointer || t == rawType
	f.conceal = f.holdsSecret()
}

func isUnion(t reflect.Type) bool { return reflect.PointerTo(t).Implements(unionType) }

// setDefault finds what the field is when it is absent, and checks it against the field's own rules.
func (c *compiler) setDefault(f *fieldCodec, t reflect.Type, tag *string, sound bool) {
	switch {
	case f.pointer && (tag != nil || f.Required):
		c.fail("a pointer is an optional parameter, which has no default and isn't required")
	case f.pointer || f.Required || !sound:
	case tag != nil && f.Fields != nil:
		c.fail("an object's default is made of the defaults of its members")
	case tag != nil:
		c.check(f, t, f.literal(*tag), "tag default")
	case t != rawType:
		c.checkImplied(f, t)
	}
}

// literal is the JSON of the tag default.
func (f *fieldCodec) literal(text string) []byte {
	if f.Type == TypeString || f.Type == TypeAny && !jsontext.Value(text).IsValid() {
		quoted, err := jsontext.AppendQuote(nil, text)
		if err != nil {
			return []byte(text) // not UTF-8: check tells
		}
		return quoted
	}
	return []byte(text)
}

// checkImplied sets the default of a field that has no tag for it.
func (c *compiler) checkImplied(f *fieldCodec, t reflect.Type) {
	implied := map[string]string{
		TypeBoolean: "false", TypeInteger: "0", TypeNumber: "0", TypeString: `""`, TypeArray: "[]", TypeObject: "{}",
	}[f.Type]
	if implied == "" {
		c.fail("a union has a default, is required or is a pointer")
		return
	}
	c.check(f, t, []byte(implied), "the default that is implied doesn't do; add the tag default or required, or use a pointer")
}

// check reads the default as if the user had given it. What can be shared between calls is kept.
func (c *compiler) check(f *fieldCodec, t reflect.Type, text []byte, what string) {
	if p := checkSyntax(text); p != nil {
		c.fail("%s: %s", what, p.Message)
		return
	}
	r := &report{checking: true}
	d := newDecoder(text, r)
	v := reflect.New(t).Elem()
	f.codec.decode(d, (&place{}).member(f.Name), v)
	for _, p := range r.list() {
		c.fail("%s: %s", what, p.Message)
	}
	if d.err != nil {
		c.fail("%s: %v", what, d.err)
	}
	f.setFallback(v, text)
	if f.Type == TypeString && f.Enum != nil && v.String() != unquoted(text) {
		c.fail("tag default: it isn't spelled as in the tag enum")
	}
}

func unquoted(text []byte) string {
	s, _ := ParseString(text) // literal has quoted it
	return s
}

// setFallback keeps a default that has been checked.
func (f *fieldCodec) setFallback(v reflect.Value, text []byte) {
	compact := jsontext.Value(slices.Clone(text))
	if err := compact.Compact(); err == nil {
		text = compact
	}
	f.fallback, f.Default = text, text
	switch {
	case f.Fields != nil:
		f.Default = defaults(f.Fields)
	case f.Type != TypeArray && f.Type != TypeObject && f.Type != TypeAny:
		f.constant = v
	}
}

// defaults is the JSON object of the defaults of the fields.
func defaults(fields []Field) []byte {
	var members []string
	for _, f := range fields {
		if f.Default != nil {
			members = append(members, fmt.Sprintf(`"%s":%s`, f.Name, f.Default))
		}
	}
	return []byte("{" + strings.Join(members, ",") + "}")
}
