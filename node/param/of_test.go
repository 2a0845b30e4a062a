package param_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/remotemedia/remotemedia-go/node/param"
)

type badUnion struct{}

func (*badUnion) DecodeParam([]byte) error { return nil }
func (*badUnion) ParamSchema() []byte      { return []byte("5") }

type recursive struct {
	Children []recursive `param:"children" doc:"d"`
}

type nest []nest

type validA struct {
	A int `param:"a" doc:"d"`
}

type validB struct {
	B int `param:"b" doc:"d"`
}

func (*validA) Validate() error { return nil }
func (*validB) Validate() error { return nil }

// each pairs a declaration with a part of the error that it must give.
var mistakes = []struct {
	declared any
	want     string
}{
	{5, "declared as a struct"},
	{nil, "declared as a struct"},
	{&struct{}{}, "declared as a struct"},
	{struct{ A int }{}, "A: tag param is missing"},
	{struct {
		A int `doc:"d"`
	}{}, "A: tag param is missing"},
	{struct {
		A int `param:"a"`
	}{}, "A: tag doc is missing"},
	{struct {
		A int `param:"a" doc:" "`
	}{}, "tag doc: it is empty"},
	{struct {
		A int `param:"gainDb" doc:"d"`
	}{}, `"gainDb" isn't a snake_case name`},
	{struct {
		A int `param:"" doc:"d"`
	}{}, `"" isn't a snake_case name`},
	{struct {
		A int `param:"a" alias:"b,,c" doc:"d"`
	}{}, "empty entry"},
	{struct {
		A int `param:"a" alias:"b-c" doc:"d"`
	}{}, `"b-c" isn't a name`},
	{struct {
		A int `param:"a" aliases:"b" doc:"d"`
	}{}, "tag aliases: there is no such tag"},
	{struct {
		//lint:ignore SA5008 that a tag is there twice is the fault to be found
		A int `param:"a" doc:"d" doc:"e"`
	}{}, "tag doc is there twice"},
	{struct {
		A int `param:"a_b" doc:"d"`
		B int `param:"b" alias:"aB" doc:"d"`
	}{}, `the name "aB" belongs to "a_b" already`},
	{struct {
		A int `param:"a" doc:"d"`
		B int `param:"a" doc:"d"`
	}{}, `the name "a" belongs to "a" already`},
	{struct {
		A int `param:"a" default:"x" doc:"d"`
	}{}, "tag default: the parameters aren't valid JSON"},
	{struct {
		A int `param:"a" default:"\"x\"" doc:"d"`
	}{}, "is a string: expected an integer"},
	{struct {
		A int `param:"a" default:"5" min:"6" doc:"d"`
	}{}, "5 is out of range: expected at least 6"},
	{struct {
		A int `param:"a" min:"6" doc:"d"`
	}{}, "implied doesn't do"},
	{struct {
		A int8 `param:"a" default:"128" doc:"d"`
	}{}, "128 is out of range: expected -128 to 127"},
	{struct {
		A string `param:"a" enum:"x,y" default:"z" doc:"d"`
	}{}, `"z" isn't accepted: expected x or y`},
	{struct {
		A string `param:"a" enum:"x,y" default:"X" doc:"d"`
	}{}, "isn't spelled as in the tag enum"},
	{struct {
		A string `param:"a" enum:"x,y" doc:"d"`
	}{}, "implied doesn't do"},
	{struct {
		A string `param:"a" enum:"x,X" default:"x" doc:"d"`
	}{}, `"X" is there twice`},
	{struct {
		A string `param:"a" default:"\xff" doc:"d"`
	}{}, "aren't valid JSON"},
	{struct {
		A int `param:"a" enum:"1,b" default:"1" doc:"d"`
	}{}, "tag enum: strconv"},
	{struct {
		A int `param:"a" min:"1.5" doc:"d"`
	}{}, "tag min: strconv"},
	{struct {
		A int `param:"a" min:"5" max:"4" default:"5" doc:"d"`
	}{}, "min 5 is above max 4"},
	{struct {
		A float64 `param:"a" max:"NaN" doc:"d"`
	}{}, "isn't finite"},
	{struct {
		A uint8 `param:"a" max:"256" doc:"d"`
	}{}, "tag max: strconv"},
	{struct {
		A float64 `param:"a" enum:"1,2" doc:"d"`
	}{}, "tag enum doesn't belong to a number"},
	{struct {
		A bool `param:"a" enum:"true" min:"1" unit:"dB" doc:"d"`
	}{}, "tag unit doesn't belong to a boolean"},
	{struct {
		A string `param:"a" min:"1" doc:"d"`
	}{}, "tag min doesn't belong to a string"},
	{struct {
		A param.Raw `param:"a" max:"1" doc:"d"`
	}{}, "tag max doesn't belong to a Raw"},
	{struct {
		A rate `param:"a" max:"1" default:"auto" doc:"d"`
	}{}, "tag max doesn't belong to a union"},
	{struct {
		A rate `param:"a" doc:"d"`
	}{}, "a union has a default, is required or is a pointer"},
	{struct {
		A rate `param:"a" default:"fast" doc:"d"`
	}{}, `"fast" isn't accepted`},
	{struct {
		A *badUnion `param:"a" doc:"d"`
	}{}, "isn't a JSON object"},
	{struct {
		A *int `param:"a" default:"5" doc:"d"`
	}{}, "a pointer is an optional parameter"},
	{struct {
		A *int `param:"a" required:"true" doc:"d"`
	}{}, "a pointer is an optional parameter"},
	{struct {
		A int `param:"a" required:"yes" doc:"d"`
	}{}, `"yes" isn't "true"`},
	{struct {
		A int `param:"a" required:"true" default:"5" doc:"d"`
	}{}, "a required parameter has no default"},
	{struct {
		A string `param:"a" secret:"true" default:"x" doc:"d"`
	}{}, "a secret has no default"},
	{struct {
		A string `param:"a" ignored:"true" default:"x" doc:"d"`
	}{}, "an ignored parameter has no other tags"},
	{struct {
		a string `param:"a" doc:"d"`
	}{}, "an unexported field can't be a parameter"},
	{struct {
		_ string `param:"a" doc:"d"`
	}{}, "an unexported field can't be a parameter"},
	{struct {
		A point `param:"a" default:"{}" doc:"d"`
	}{}, "an object's default is made of the defaults of its members"},
	{struct {
		A group `param:"a" doc:"d"`
	}{}, `parameter "a.name" is missing`},
	{struct {
		A group `param:"a" required:"true" min:"1" doc:"d"`
	}{}, "tag min doesn't belong to an object"},
	{struct {
		A time.Time `param:"a" doc:"d"`
	}{}, "has no parameters"},
	{struct {
		A time.Duration `param:"a" doc:"d"`
	}{}, "type time.Duration isn't supported"},
	{struct {
		A []byte `param:"a" doc:"d"`
	}{}, "use param.Raw"},
	{struct {
		A any `param:"a" doc:"d"`
	}{}, "type interface {} isn't supported: use param.Raw"},
	{struct {
		A []*int `param:"a" doc:"d"`
	}{}, "only a whole parameter"},
	{struct {
		A **int `param:"a" doc:"d"`
	}{}, "a pointer leads to a scalar"},
	{struct {
		A *[]int `param:"a" doc:"d"`
	}{}, "a pointer leads to a scalar"},
	{struct {
		A *param.Raw `param:"a" doc:"d"`
	}{}, "a pointer leads to a scalar"},
	{struct {
		A map[int]int `param:"a" doc:"d"`
	}{}, "the keys of a map are strings"},
	{struct {
		A chan int `param:"a" doc:"d"`
	}{}, "type chan int isn't supported"},
	{struct {
		A [3]int `param:"a" doc:"d"`
	}{}, "type [3]int isn't supported"},
	{struct {
		A complex64 `param:"a" doc:"d"`
	}{}, "isn't supported"},
	{struct {
		A func() `param:"a" doc:"d"`
	}{}, "isn't supported"},
	{struct {
		A uintptr `param:"a" doc:"d"`
	}{}, "isn't supported"},
	{struct{ *validA }{}, "an embedded pointer isn't supported"},
	{struct {
		validA
		validB
	}{}, "its Validate isn't promoted"},
	{recursive{}, "it is recursive"},
	{struct {
		A nest `param:"a" doc:"d"`
	}{}, "it is recursive"},
}

func TestOfMistakes(t *testing.T) {
	t.Parallel()
	for _, c := range mistakes {
		s, err := param.Of(reflect.TypeOf(c.declared))
		if err == nil {
			t.Errorf("%T: got no error, want one with %q", c.declared, c.want)
			continue
		}
		if s != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%T: got %v, want an error with %q", c.declared, err, c.want)
		}
	}
}

func TestOfMalformedTag(t *testing.T) {
	t.Parallel()
	for _, tag := range []reflect.StructTag{`param:"a" doc:"d" min=5`, `param:"a" doc:"d`, `param:"a" doc`, `param:"a" doc:"\q"`} {
		typ := reflect.StructOf([]reflect.StructField{{Name: "A", Type: reflect.TypeFor[int](), Tag: tag}})
		if _, err := param.Of(typ); err == nil || !strings.Contains(err.Error(), "aren't pairs") {
			t.Errorf("%s: got %v, want an error that says that the tags aren't pairs", tag, err)
		}
	}
}

func TestOfJoinsMistakes(t *testing.T) {
	t.Parallel()
	_, err := param.For[struct {
		A int    `param:"a" default:"x" doc:"d"`
		B string `param:"b"`
		C struct {
			D chan int `param:"d" doc:"d"`
		} `param:"c" doc:"d"`
	}]()
	for _, want := range []string{".A: tag default", ".B: tag doc is missing", ".D: type chan int"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q too", err, want)
		}
	}
}

func TestFields(t *testing.T) {
	t.Parallel()
	f := func(x float64) *float64 { return &x }
	want := []param.Field{
		{Name: "target_sample_rate", Aliases: []string{"targetSampleRate", "target_rate", "targetRate"}, Type: "integer",
			Min: f(8000), Max: f(768000), Unit: "Hz", Doc: "Rate.", Required: true},
		{Name: "quality", Type: "string", Enum: []string{"low", "high"}, Default: param.Raw(`"high"`), Doc: "Quality."},
		{Name: "group", Type: "object", Doc: "A group.", Required: true, Fields: []param.Field{
			{Name: "name", Type: "string", Doc: "A name.", Required: true},
		}},
	}
	if d := cmp.Diff(want, schemaOf[resample](t).Fields()); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	byName := map[string]param.Field{}
	for _, field := range schemaOf[everything](t).Fields() {
		byName[field.Name] = field
	}
	for name, want := range map[string]string{
		"gain_db":      `{"name":"gain_db","aliases":["gainDb","gain"],"type":"number","default":0,"min":-96,"max":24,"unit":"dB","doc":"Gain."}`,
		"small":        `{"name":"small","type":"integer","default":0,"min":0,"max":255,"doc":"A byte."}`,
		"big":          `{"name":"big","type":"integer","default":0,"min":0,"doc":"Large."}`,
		"fixed_rate":   `{"name":"fixed_rate","aliases":["fixedRate"],"type":"integer","enum":["8000","16000"],"default":8000,"unit":"Hz","doc":"One of two."}`,
		"n_threads":    `{"name":"n_threads","aliases":["nThreads"],"type":"integer","min":1,"doc":"Threads.","optional":true}`,
		"any":          `{"name":"any","type":"any","doc":"Anything.","optional":true}`,
		"operations":   `{"name":"operations","type":"array","default":["upper"],"doc":"What to do.","items":{"type":"string","enum":["upper","lower"]}}`,
		"gains_db":     `{"name":"gains_db","aliases":["gainsDb"],"type":"object","default":{},"doc":"Gain by source.","items":{"type":"number","min":-96,"max":24,"unit":"dB"}}`,
		"pin":          `{"name":"pin","type":"integer","default":0,"min":0,"max":9999,"doc":"A pin.","secret":true}`,
		"runtime_hint": `{"name":"runtime_hint","aliases":["runtimeHint","hint"],"type":"any","ignored":true}`,
		"auto":         `{"name":"auto","type":"any","doc":"A union.","optional":true,"schema":{"anyOf":[{"type":"integer","minimum":8000,"maximum":768000},{"const":"auto"}]}}`,
		"login": `{"name":"login","type":"object","default":{"user":"me","auth_token":""},"doc":"Who.","fields":[` +
			`{"name":"user","type":"string","default":"me","doc":"Who."},` +
			`{"name":"auth_token","aliases":["authToken"],"type":"string","default":"","doc":"The token.","secret":true}]}`,
	} {
		if got := text(t, byName[name]); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	want := `{"gain_db":0,"target_sample_rate":16000,"source_rate":"auto","quality":"high","flag":true,"small":0,"big":0,"signed":0,` +
		`"fixed_rate":8000,"value":0,"operations":["upper"],"points":[],"gains_db":{},"matrix":[],"corner":{"x":0,"y":0.5},` +
		`"login":{"user":"me","auth_token":""},"pin":0,"logins":[],"by_name":{}}`
	s := schemaOf[everything](t)
	if got := string(s.Defaults()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	var e everything
	if problems := s.Decode(s.Defaults(), &e); problems != nil {
		t.Errorf("the defaults have problems: %q", lines(problems))
	}
	if d := diff(defaultEverything(), e); d != "" {
		t.Errorf("the defaults decode to something else: -want +got\n%s", d)
	}
	if got := string(schemaOf[none](t).Defaults()); got != "{}" {
		t.Errorf("no parameters: got %s, want {}", got)
	}
}
