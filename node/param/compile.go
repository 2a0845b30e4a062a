package param

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

var (
	numberType    = reflect.TypeFor[Number]()
	rawType       = reflect.TypeFor[Raw]()
	unionType     = reflect.TypeFor[Union]()
	validatorType = reflect.TypeFor[Validator]()
	durationType  = reflect.TypeFor[time.Duration]()
)

// compiler makes codecs of Go types and collects all mistakes of the declarations.
type compiler struct {
	errs  []error
	stack []reflect.Type // the types being compiled, to find recursion
	where string         // the field being compiled, for errors
}

func (c *compiler) fail(format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("param: %s: %s", c.where, fmt.Sprintf(format, args...)))
}

// unsupported reports a type and stands in for its codec, so that the other mistakes are found too.
func (c *compiler) unsupported(t reflect.Type, advice string) codec {
	c.fail("type %s isn't supported%s", t, advice)
	return rawCodec{}
}

// codecOf makes the codec of a type that isn't a pointer. Tags that don't belong to it are mistakes.
func (c *compiler) codecOf(t reflect.Type, r rules) codec {
	switch {
	case t == numberType:
		return c.number(r)
	case t == rawType:
		c.refuse(r, "a Raw")
		return rawCodec{}
	case t == durationType:
		return c.unsupported(t, ": use a number and say the unit in its name and tag")
	case reflect.PointerTo(t).Implements(unionType):
		return c.union(t, r)
	}
	switch t.Kind() {
	case reflect.Bool:
		c.refuse(r, "a boolean")
		return boolCodec{}
	case reflect.String:
		c.refuse(rules{min: r.min, max: r.max, unit: r.unit}, "a string")
		return &stringCodec{enum: r.enum}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return signed(c, t, r)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return unsigned(c, t, r)
	case reflect.Float32, reflect.Float64:
		return c.float(t, r)
	}
	return c.composite(t, r)
}

// composite makes the codec of a slice, map or struct.
func (c *compiler) composite(t reflect.Type, r rules) codec {
	if slices.Contains(c.stack, t) {
		return c.unsupported(t, ": it is recursive")
	}
	c.stack = append(c.stack, t)
	defer func() { c.stack = c.stack[:len(c.stack)-1] }()
	switch t.Kind() {
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return c.unsupported(t, ": use param.Raw, or a slice of a wider integer")
		}
		return &listCodec{typ: t, elem: c.codecOf(t.Elem(), r)}
	case reflect.Map:
		if t.Key().Kind() != reflect.String {
			return c.unsupported(t, ": the keys of a map are strings")
		}
		return &mapCodec{typ: t, elem: c.codecOf(t.Elem(), r)}
	case reflect.Struct:
		c.refuse(r, "an object")
		o := c.object(t)
		if len(o.fields) == 0 {
			c.fail("type %s has no parameters", t)
		}
		return o
	case reflect.Pointer:
		return c.unsupported(t, ": only a whole parameter that isn't a pointer, slice, map or Raw may be a pointer")
	case reflect.Interface:
		return c.unsupported(t, ": use param.Raw, or a type that implements param.Union")
	}
	return c.unsupported(t, "")
}

// refuse reports tags that don't belong to a type.
func (c *compiler) refuse(r rules, what string) {
	for _, tag := range []struct {
		name  string
		given bool
	}{{"enum", r.enum != nil}, {"min", r.min != ""}, {"max", r.max != ""}, {"unit", r.unit != ""}} {
		if tag.given {
			c.fail("tag %s doesn't belong to %s", tag.name, what)
		}
	}
}

func (c *compiler) number(r rules) codec {
	c.refuse(rules{enum: r.enum}, "a number")
	return &numberCodec{limits: limitsOf(c, r, parseFinite), unit: r.unit}
}

func (c *compiler) float(t reflect.Type, r rules) codec {
	c.refuse(rules{enum: r.enum}, "a number")
	return &floatCodec{limits: limitsOf(c, r, parseFinite), unit: r.unit, bits: t.Bits()}
}

func (c *compiler) union(t reflect.Type, r rules) codec {
	c.refuse(rules{enum: r.enum, min: r.min, max: r.max}, "a union, which says it in its schema")
	schema := reflect.New(t).Interface().(Union).ParamSchema()
	if v := jsontext.Value(schema); !v.IsValid() || v.Kind() != jsontext.KindBeginObject {
		c.fail("ParamSchema of %s isn't a JSON object", t)
		schema = []byte("{}")
	}
	return &unionCodec{unit: r.unit, schema: slices.Clone(schema)}
}

func signed(c *compiler, t reflect.Type, r rules) codec {
	parse := func(s string) (int64, error) { return strconv.ParseInt(s, 10, t.Bits()) }
	if t.Bits() < 64 {
		r = withRange(r, strconv.FormatInt(-1<<(t.Bits()-1), 10), strconv.FormatInt(1<<(t.Bits()-1)-1, 10))
	}
	return integer(c, r, parse, reflect.Value.SetInt)
}

func unsigned(c *compiler, t reflect.Type, r rules) codec {
	parse := func(s string) (uint64, error) { return strconv.ParseUint(s, 10, t.Bits()) }
	top := ""
	if t.Bits() < 64 {
		top = strconv.FormatUint(1<<t.Bits()-1, 10)
	}
	return integer(c, withRange(r, "0", top), parse, reflect.Value.SetUint)
}

// withRange gives the range of the Go type where the tags have none and no enum either.
func withRange(r rules, low, high string) rules {
	if r.enum != nil {
		return r
	}
	if r.min == "" {
		r.min = low
	}
	if r.max == "" {
		r.max = high
	}
	return r
}

func integer[T int64 | uint64](c *compiler, r rules, parse func(string) (T, error), set func(reflect.Value, T)) codec {
	codec := &integerCodec[T]{limits: limitsOf(c, r, parse), names: r.enum, unit: r.unit, parse: parse, set: set}
	for _, e := range r.enum {
		n, err := parse(e)
		if err != nil {
			c.fail("tag enum: %v", err)
		}
		codec.enum = append(codec.enum, n)
	}
	return codec
}

func limitsOf[T int64 | uint64 | float64](c *compiler, r rules, parse func(string) (T, error)) limits[T] {
	l, err := newLimits(r, parse)
	if err != nil {
		c.fail("%v", err)
	}
	return l
}

// err joins everything that was found.
func (c *compiler) err() error { return errors.Join(c.errs...) }
