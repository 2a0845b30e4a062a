package param_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/remotemedia/remotemedia-go/node/param"
)

// declarations draws structs whose tags and types may or may not fit.
func declarations(depth int) *rapid.Generator[reflect.Type] {
	return rapid.Custom(func(t *rapid.T) reflect.Type {
		fields := make([]reflect.StructField, rapid.IntRange(0, 4).Draw(t, "fields"))
		for i := range fields {
			tag := fmt.Sprintf(`param:"p_%d" doc:"d"`, i)
			for _, key := range []string{"default", "min", "max", "enum", "unit", "required", "alias"} {
				if rapid.IntRange(0, 5).Draw(t, key) == 0 {
					tag += fmt.Sprintf(" %s:%q", key, rapid.SampledFrom(tagValues[key]).Draw(t, key+" value"))
				}
			}
			fields[i] = reflect.StructField{Name: fmt.Sprintf("P%d", i), Type: types(depth).Draw(t, "type"), Tag: reflect.StructTag(tag)}
		}
		return reflect.StructOf(fields)
	})
}

var tagValues = map[string][]string{
	"default":  {"", "1", "2.0", "true", "x", `["x"]`, "null", "{}", "[1]", "1e400"},
	"min":      {"0", "1", "-1.5", "x"},
	"max":      {"2", "100", "1e3"},
	"enum":     {"x", "x,y", "1,2", ""},
	"unit":     {"Hz"},
	"required": {"true"},
	"alias":    {"other", "a_b,c", "p_1"},
}

func types(depth int) *rapid.Generator[reflect.Type] {
	scalars := []reflect.Type{
		reflect.TypeFor[int](), reflect.TypeFor[uint8](), reflect.TypeFor[int16](), reflect.TypeFor[uint64](), reflect.TypeFor[float32](),
		reflect.TypeFor[float64](), reflect.TypeFor[bool](), reflect.TypeFor[string](), reflect.TypeFor[param.Number](),
		reflect.TypeFor[param.Raw](), reflect.TypeFor[rate](), reflect.TypeFor[level](), reflect.TypeFor[complex128](),
	}
	return rapid.Custom(func(t *rapid.T) reflect.Type {
		choice := rapid.IntRange(0, 9).Draw(t, "kind")
		if depth == 0 || choice < 6 {
			return rapid.SampledFrom(scalars).Draw(t, "scalar")
		}
		switch choice {
		case 6:
			return reflect.PointerTo(types(depth-1).Draw(t, "target"))
		case 7:
			return reflect.SliceOf(types(depth-1).Draw(t, "element"))
		case 8:
			return reflect.MapOf(reflect.TypeFor[string](), types(depth-1).Draw(t, "element"))
		}
		return declarations(depth-1).Draw(t, "struct")
	})
}

// Whatever is declared, Of either reports a mistake or gives a schema whose parts agree with each other.
func TestPropertyDeclarations(t *testing.T) {
	t.Parallel()
	sound := 0
	rapid.Check(t, func(rt *rapid.T) {
		typ := declarations(2).Draw(rt, "declaration")
		s, err := param.Of(typ)
		if err != nil {
			return
		}
		sound++
		js := compiled(t, s)
		if required(s.Fields()) {
			return
		}
		checkDefaults(rt, s, typ)
		if !accepts(t, js, string(s.Defaults())) {
			rt.Fatalf("the schema refuses the defaults %s: %s", s.Defaults(), s.JSONSchema())
		}
	})
	if sound == 0 {
		t.Error("no declaration was sound; want the generator to make some")
	}
}

func required(fields []param.Field) bool {
	for _, f := range fields {
		if f.Required {
			return true
		}
	}
	return false
}

// checkDefaults: {} and the defaults, under any spelling, decode to the same.
func checkDefaults(t *rapid.T, s *param.Schema, typ reflect.Type) {
	absent := reflect.New(typ)
	if problems := s.Decode(nil, absent.Interface()); problems != nil {
		t.Fatalf("{} has problems: %q", lines(problems))
	}
	for _, params := range []string{string(s.Defaults()), respelled(t, s)} {
		given := reflect.New(typ)
		if problems := s.Decode([]byte(params), given.Interface()); problems != nil {
			t.Fatalf("the defaults %s have problems: %q", params, lines(problems))
		}
		if !reflect.DeepEqual(absent.Interface(), given.Interface()) {
			t.Fatalf("%s decodes to %+v, want %+v", params, given, absent)
		}
	}
}

// respelled is the object of the defaults under drawn spellings.
func respelled(t *rapid.T, s *param.Schema) string {
	var members []string
	for _, f := range s.Fields() {
		if f.Default != nil {
			name := rapid.SampledFrom(append([]string{f.Name}, f.Aliases...)).Draw(t, "spelling")
			members = append(members, fmt.Sprintf("%q:%s", name, f.Default))
		}
	}
	return "{" + strings.Join(members, ",") + "}"
}

// What the schema accepts, Decode accepts, and the other way round but for the case of enums and rules across fields.
func TestPropertySchemaAgrees(t *testing.T) {
	t.Parallel()
	type params struct {
		Rate  int              `param:"sample_rate" min:"1" max:"3" default:"1" doc:"d"`
		Mode  string           `param:"mode" enum:"x,y" default:"x" doc:"d"`
		Small *int8            `param:"small_one" doc:"d"`
		List  []float32        `param:"list" min:"0" doc:"d"`
		Map   map[string]group `param:"map" doc:"d"`
		Group *group           `param:"group" doc:"d"`
		Need  bool             `param:"need_it" required:"true" doc:"d"`
	}
	s := schemaOf[params](t)
	js := compiled(t, s)
	value := rapid.SampledFrom([]string{
		"1", "2.0", "2.5", "-1", "200", `"x"`, `"z"`, "true", "null", "[]", "[1,0.5]", `["x"]`, "{}", `{"name":"x"}`, `{"x":{"name":"y"}}`,
	})
	name := rapid.SampledFrom([]string{
		"sample_rate", "sampleRate", "mode", "small_one", "smallOne", "list", "map", "group", "need_it", "needIt", "other",
	})
	rapid.Check(t, func(rt *rapid.T) {
		var members []string
		for _, n := range rapid.SliceOfNDistinct(name, 0, 4, rapid.ID[string]).Draw(rt, "names") {
			members = append(members, fmt.Sprintf("%q:%s", n, value.Draw(rt, "value")))
		}
		text := "{" + strings.Join(members, ",") + "}"
		problems := s.Decode([]byte(text), new(params))
		if got, want := accepts(t, js, text), !faulty(problems); got != want {
			rt.Fatalf("%s: the schema accepts: %v, Decode does: %v %q", text, got, want, lines(problems))
		}
	})
}

// A whole number is accepted in any notation, and means the same.
func TestPropertyIntegers(t *testing.T) {
	t.Parallel()
	s := schemaOf[everything](t)
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.Int64().Draw(rt, "n")
		zeros := rapid.IntRange(0, 5).Draw(rt, "zeros")
		for _, literal := range []string{
			fmt.Sprint(n), fmt.Sprintf("%d.%s", n, strings.Repeat("0", zeros+1)), fmt.Sprintf("%d%se-%d", n, strings.Repeat("0", zeros), zeros),
		} {
			if n == 0 {
				literal = strings.TrimLeft(literal, "0")
				literal = "0" + literal
			}
			var e everything
			if problems := s.Decode([]byte(`{"signed":`+literal+`}`), &e); problems != nil || e.Signed != n {
				rt.Fatalf("%s: got %d and %q", literal, e.Signed, lines(problems))
			}
			if got, ok := param.ParseInt([]byte(literal)); !ok || got != n {
				rt.Fatalf("ParseInt(%s): got %d, %v", literal, got, ok)
			}
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		``, `null`, `{}`, `[]`, `{"target_sample_rate": 16000.0}`, `{"targetRate": 1e999}`, `{"pin": "s3cret", "pin": 5}`,
		`{"points": [{"x": 1}, {"y": 2}, {"z": []}]}`, `{"gains_db": {"": 1, "a.b": "x"}}`, `{"any": {"a": {"a": [[]]}}}`,
		`{"login": {"authToken": "s3cret"}}`, `{"by_name": {"x": {"auth_token": 5}}}`, `{"runtime_hint": null}`, `{"a": 1} x`,
		`{"value": -0.0e+5}`, `{"matrix": [[1e39]]}`, "{\"\\ud800\": 1}", `{"maybe": {"": {}}}`,
	} {
		f.Add([]byte(seed))
	}
	s := schemaOf[everything](f)
	f.Fuzz(func(t *testing.T, params []byte) {
		var first, second everything
		problems := s.Decode(params, &first)
		if again := s.Decode(params, &second); !reflect.DeepEqual(lines(problems), lines(again)) {
			t.Errorf("got %q and then %q", lines(problems), lines(again))
		}
		if len(problems) > 202 {
			t.Errorf("got %d problems, want a bounded list", len(problems))
		}
		if !faulty(problems) && !reflect.DeepEqual(first, second) {
			t.Errorf("got %+v and then %+v", first, second)
		}
		checkRedacted(t, s, params, faulty(problems))
	})
}

// checkRedacted: what is redacted is JSON, stays as it is when redacted again, and has no secret.
func checkRedacted(t *testing.T, s *param.Schema, params []byte, faulty bool) {
	redacted := s.Redact(params)
	if !json.Valid(redacted) || string(s.Redact(redacted)) != string(redacted) {
		t.Errorf("got %s", redacted)
	}
	if !faulty && !s.HasSecret(params) {
		var e everything
		s.Decode(params, &e)
		if e.Pin != 0 || e.Login.Token != "" {
			t.Errorf("%s: HasSecret is false, but there is one", params)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	for name, params := range map[string]string{
		"defaults": `{}`,
		"typical":  `{"target_sample_rate": 16000, "quality": "high", "source_rate": "auto", "gain": -6}`,
		"nested":   `{"points": [{"x": 0.1}, {"x": 0.2, "y": 1}], "gains_db": {"mic": -6, "line": 3}}`,
		"faulty":   `{"target_sample_rate": 1, "qualtiy": "high"}`,
	} {
		b.Run(name, func(b *testing.B) {
			s := schemaOf[everything](b)
			b.ReportAllocs()
			for b.Loop() {
				s.Decode([]byte(params), new(everything))
			}
		})
	}
}
