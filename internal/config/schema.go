package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/remotemedia/remotemedia-go/fault"
)

// shape is the form of a key's value.
type shape uint8

const (
	leaf  shape = iota // one value, or a list of texts
	group              // a struct: fields
	list               // a list of structs: elem
	table              // structs by name: elem
)

// key is the declaration of one key, read from a struct's field.
type key struct {
	name     string // the last part of path
	path     string // server.tls.enabled; below an element it goes on from the list's own path
	doc      string
	shape    shape
	typ      reflect.Type
	index    []int // of the field in its struct
	fields   []*key
	elem     *key   // of list and table
	textKey  string // of list: the field that an element given as plain text means
	enum     []string
	min, max string
	live     bool
}

// schema returns the declaration of the whole tree. It is read from the structs once.
var schema = sync.OnceValue(func() *key {
	root := &key{shape: group, typ: reflect.TypeFor[Config]()}
	root.fields = fieldsOf(root)
	return root
})

func fieldsOf(parent *key) []*key {
	var out []*key
	for f := range parent.typ.Fields() {
		if f.IsExported() {
			out = append(out, newKey(parent, f))
		}
	}
	return out
}

func newKey(parent *key, f reflect.StructField) *key {
	k := &key{
		name: f.Tag.Get("koanf"), doc: f.Tag.Get("doc"), typ: f.Type, index: f.Index,
		min: f.Tag.Get("min"), max: f.Tag.Get("max"), textKey: f.Tag.Get("text"),
		live: parent.live || f.Tag.Get("live") == "true",
	}
	k.path = join(parent.path, k.name)
	if enum := f.Tag.Get("enum"); enum != "" {
		k.enum = strings.Split(enum, ",")
	}
	k.shape = shapeOf(f.Type)
	switch k.shape {
	case group:
		k.fields = fieldsOf(k)
	case list, table:
		k.elem = &key{path: k.path, shape: group, typ: f.Type.Elem(), live: k.live, doc: k.doc}
		k.elem.fields = fieldsOf(k.elem)
	}
	return k
}

func shapeOf(t reflect.Type) shape {
	switch {
	case t.Kind() == reflect.Struct && t != reflect.TypeFor[time.Time]():
		return group
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		return list
	case t.Kind() == reflect.Map:
		return table
	}
	return leaf
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// field returns the key below a group, or nil.
func (k *key) field(name string) *key {
	for _, f := range k.fields {
		if f.name == name {
			return f
		}
	}
	return nil
}

func (k *key) names() []string {
	out := make([]string, len(k.fields))
	for i, f := range k.fields {
		out[i] = f.name
	}
	return out
}

// holdsSecrets reports whether a struct, or a list in it, has a field for a secret.
func (k *key) holdsSecrets() bool {
	return slices.ContainsFunc(k.fields, func(f *key) bool {
		return f.typ == reflect.TypeFor[Secret]() || f.elem != nil && f.elem.holdsSecrets()
	})
}

// settable lists every key that can be given as a whole: leaves, lists and tables, in the order of the structs.
func (k *key) settable() []*key {
	if k.shape != group {
		return []*key{k}
	}
	var out []*key
	for _, f := range k.fields {
		out = append(out, f.settable()...)
	}
	return out
}

// lookup finds the settable key of a path, in its own or another accepted spelling; nil where there is none.
func lookup(path string) *key {
	if target, ok := otherSpellings[path]; ok {
		path = target
	}
	at := schema()
	for name := range strings.SplitSeq(path, ".") {
		if at = at.field(name); at == nil {
			return nil
		}
	}
	if at.shape == group {
		return nil
	}
	return at
}

// otherSpellings are paths that mean another key.
var otherSpellings = map[string]string{
	"observability.metrics.port":          "server.admin.port",
	"observability.metrics.host":          "server.admin.host",
	"admission.max_concurrent_executions": "limits.max_concurrent_executions",
}

// paths lists the path of every settable key.
var paths = sync.OnceValue(func() []string {
	var out []string
	for _, k := range schema().settable() {
		out = append(out, k.path)
	}
	return out
})

var parsers = map[reflect.Type]func(string) (any, error){
	reflect.TypeFor[bool]():          anyOf(parseBool),
	reflect.TypeFor[int]():           anyOf(parseInt),
	reflect.TypeFor[uint64]():        anyOf(parseUint),
	reflect.TypeFor[float64]():       anyOf(parseFloat),
	reflect.TypeFor[Bytes]():         anyOf(parseBytes),
	reflect.TypeFor[Toggle]():        anyOf(parseToggle),
	reflect.TypeFor[time.Duration](): anyOf(parseDuration),
	reflect.TypeFor[time.Time]():     anyOf(parseTime),
	reflect.TypeFor[Secret]():        func(s string) (any, error) { return Secret(s), nil },
	reflect.TypeFor[string]():        func(s string) (any, error) { return s, nil },
	reflect.TypeFor[[]string]():      func(s string) (any, error) { return splitList(s), nil },
}

func anyOf[T any](parse func(string) (T, error)) func(string) (any, error) {
	return func(text string) (any, error) { return parse(text) }
}

// parse reads the text of a leaf and checks it against the key's range and choices.
func (k *key) parse(text string) (any, error) {
	value, err := parsers[k.typ](strings.TrimSpace(text))
	if err != nil {
		return nil, err
	}
	if s, ok := value.(string); ok && k.enum != nil {
		value = strings.ToLower(s)
	}
	return value, k.check(reflect.ValueOf(value))
}

func splitList(text string) []string {
	out := []string{}
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// check holds a value against the key's range and choices.
func (k *key) check(v reflect.Value) error {
	switch {
	case k.enum != nil && v.Kind() == reflect.Slice:
		for i := range v.Len() {
			if err := k.checkChoice(v.Index(i).String()); err != nil {
				return err
			}
		}
		return nil
	case k.enum != nil:
		return k.checkChoice(v.String())
	}
	if low, ok := k.bound(k.min); ok && number(v) < number(low) {
		return expected("%s or more", k.min)
	}
	if high, ok := k.bound(k.max); ok && number(v) > number(high) {
		return expected("%s or less", k.max)
	}
	return nil
}

func (k *key) checkChoice(value string) error {
	if slices.Contains(k.enum, value) {
		return nil
	}
	hint := fault.DidYouMean(value, k.enum)
	if hint != "" {
		hint = "; " + hint
	}
	return expected("one of %s%s", strings.Join(k.enum, ", "), hint)
}

// bound reads a limit of the key's tag in the syntax of its values.
func (k *key) bound(text string) (reflect.Value, bool) {
	if text == "" {
		return reflect.Value{}, false
	}
	value, err := parsers[k.typ](text)
	return reflect.ValueOf(value), err == nil
}

func number(v reflect.Value) float64 {
	switch {
	case v.CanInt():
		return float64(v.Int())
	case v.CanUint():
		return float64(v.Uint())
	}
	return v.Float()
}

// visit calls each for every leaf, and for every empty list and table, of a value of the tree, with its full path.
func (k *key) visit(v reflect.Value, path string, each func(k *key, path string, v reflect.Value)) {
	switch {
	case k.shape == group:
		for _, f := range k.fields {
			f.visit(v.FieldByIndex(f.index), join(path, f.name), each)
		}
	case k.shape == leaf || v.Len() == 0:
		each(k, path, v)
	case k.shape == list:
		for i := range v.Len() {
			k.elem.visit(v.Index(i), fmt.Sprintf("%s[%d]", path, i), each)
		}
	default:
		for _, name := range sortedKeys(v) {
			k.elem.visit(v.MapIndex(reflect.ValueOf(name)), join(path, name), each)
		}
	}
}

func sortedKeys(m reflect.Value) []string {
	var out []string
	for _, name := range m.MapKeys() {
		out = append(out, name.String())
	}
	slices.Sort(out)
	return out
}

// checkRanges checks every leaf against its key's declaration.
func checkRanges(c *Config) []fault.Problem {
	var out []fault.Problem
	schema().visit(reflect.ValueOf(c).Elem(), "", func(k *key, path string, v reflect.Value) {
		if k.shape != leaf {
			return
		}
		if err := k.check(v); err != nil {
			out = append(out, problem(path, "", "%s", err)) // not what it got: a misplaced secret, perhaps
		}
	})
	return out
}
