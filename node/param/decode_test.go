package param_test

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/node/param"
)

func defaultEverything() everything {
	return everything{
		Rate: 16000, Quality: "high", Flag: true, Fixed: 8000, Value: "0", Ops: []string{"upper"}, Points: []point{},
		Gains: map[string]float64{}, Matrix: [][]float32{}, Corner: point{Y: 0.5}, Login: login{User: "me"},
		Logins: []login{}, ByName: map[string]login{}, Computed: 16,
	}
}

func diff(want, got everything) string {
	want.private, got.private = 0, 0
	return cmp.Diff(want, got, cmp.AllowUnexported(everything{}))
}

func TestDecodeValues(t *testing.T) {
	t.Parallel()
	three := 3
	for _, c := range []struct {
		params string
		change func(*everything)
	}{
		{``, func(*everything) {}},
		{` null `, func(*everything) {}},
		{`{}`, func(*everything) {}},
		{"\n { } \t", func(*everything) {}},
		{`{"target_sample_rate": 44100}`, func(e *everything) { e.Rate, e.Computed = 44100, 44 }},
		{`{"targetSampleRate": 8000}`, func(e *everything) { e.Rate, e.Computed = 8000, 8 }},
		{`{"target_rate": 8000.0}`, func(e *everything) { e.Rate, e.Computed = 8000, 8 }},
		{`{"targetRate": 8e3}`, func(e *everything) { e.Rate, e.Computed = 8000, 8 }},
		{`{"sampleRate": 80000e-1}`, func(e *everything) { e.Rate, e.Computed = 8000, 8 }},
		{`{"source_rate": 48000}`, func(e *everything) { e.Source.Hz = 48000 }},
		{`{"source_rate": "auto", "auto": 9000}`, func(e *everything) { e.Auto = &rate{9000} }},
		{`{"quality": "MEDIUM"}`, func(e *everything) { e.Quality = "Medium" }},
		{`{"flag": false}`, func(e *everything) { e.Flag = false }},
		{`{"small": 255, "big": 18446744073709551615, "signed": -9223372036854775808}`, func(e *everything) {
			e.Small, e.Big, e.Signed = 255, 18446744073709551615, -9223372036854775808
		}},
		{`{"big": 9007199254740993.0, "small": -0.0}`, func(e *everything) { e.Big = 9007199254740993 }},
		{`{"big": 0e999999999999999999999}`, func(*everything) {}},
		{`{"fixed_rate": 16000}`, func(e *everything) { e.Fixed = 16000 }},
		{`{"value": 5.0}`, func(e *everything) { e.Value = "5.0" }},
		{`{"value": -5e-1}`, func(e *everything) { e.Value = "-5e-1" }},
		{`{"nThreads": 3}`, func(e *everything) { e.Threads = &three }},
		{`{"n_threads": null, "maybe": null, "auto": null}`, func(*everything) {}},
		{`{"maybe": {"x": 0.25}}`, func(e *everything) { e.Maybe = &point{0.25, 0.5} }},
		{`{"any": null}`, func(e *everything) { e.Any = param.Raw("null") }},
		{`{"any": {"a": [1, "x"]}}`, func(e *everything) { e.Any = param.Raw(`{"a": [1, "x"]}`) }},
		{`{"operations": ["LOWER", "upper", "upper"]}`, func(e *everything) { e.Ops = []string{"lower", "upper", "upper"} }},
		{`{"operations": []}`, func(e *everything) { e.Ops = []string{} }},
		{`{"points": [{}, {"y": 1, "x": 0.5}]}`, func(e *everything) { e.Points = []point{{0, 0.5}, {0.5, 1}} }},
		{`{"gains_db": {"a.b": -6, "": 1}}`, func(e *everything) { e.Gains = map[string]float64{"a.b": -6, "": 1} }},
		{`{"matrix": [[1, 0.5], []]}`, func(e *everything) { e.Matrix = [][]float32{{1, 0.5}, {}} }},
		{`{"corner": {"x": -1}}`, func(e *everything) { e.Corner.X = -1 }},
		{`{"gain": -6.5}`, func(e *everything) { e.Gain = -6.5 }},
		{`{"gainDb": 24}`, func(e *everything) { e.Gain = 24 }},
		{`{"login": {"authToken": "t\u00e9"}}`, func(e *everything) { e.Login.Token = "té" }},
		{`{"by_name": {"x": {}}}`, func(e *everything) { e.ByName = map[string]login{"x": {User: "me"}} }},
	} {
		want := defaultEverything()
		c.change(&want)
		got := everything{Rate: 1, Any: param.Raw("7"), Threads: new(int), Computed: 99} // what was there is overwritten
		if problems := schemaOf[everything](t).Decode([]byte(c.params), &got); problems != nil {
			t.Errorf("%s: got problems %q, want none", c.params, lines(problems))
		}
		if d := diff(want, got); d != "" {
			t.Errorf("%s: -want +got\n%s", c.params, d)
		}
	}
}

func TestDecodeProblems(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 500)
	for _, c := range []struct {
		params string
		want   []string
	}{
		{`{"target_sample_rate": 7}`, []string{`bad_parameter|.target_sample_rate|parameter "target_sample_rate": 7 is out of range: expected 8000 to 768000 Hz`}},
		{`{"targetRate": 768001}`, []string{`bad_parameter|.targetRate|parameter "targetRate": 768001 is out of range: expected 8000 to 768000 Hz`}},
		{`{"target_sample_rate": "fast"}`, []string{`bad_parameter|.target_sample_rate|parameter "target_sample_rate": "fast" is a string: expected an integer, 8000 to 768000 Hz`}},
		{`{"target_sample_rate": 8000.5}`, []string{`bad_parameter|.target_sample_rate|parameter "target_sample_rate": 8000.5 isn't a whole number: expected an integer, 8000 to 768000 Hz`}},
		{`{"target_sample_rate": null}`, []string{`bad_parameter|.target_sample_rate|parameter "target_sample_rate": null isn't allowed here: expected an integer, 8000 to 768000 Hz`}},
		{`{"small": 256, "big": -1, "signed": 9223372036854775808}`, []string{
			`bad_parameter|.small|parameter "small": 256 is out of range: expected 0 to 255`,
			`bad_parameter|.big|parameter "big": -1 is out of range: expected at least 0`,
			`bad_parameter|.signed|parameter "signed": 9223372036854775808 is out of range: expected an integer that fits in 64 bits`,
		}},
		{`{"big": 1e999999999999999999999, "signed": 1e-999999999999999999999, "small": 10e-2}`, []string{
			`bad_parameter|.big|parameter "big": 1e999999999999999999999 is out of range: expected at least 0`,
			`bad_parameter|.signed|parameter "signed": 1e-999999999999999999999 isn't a whole number: expected an integer`,
			`bad_parameter|.small|parameter "small": 10e-2 isn't a whole number: expected an integer, 0 to 255`,
		}},
		{`{"fixed_rate": 44100}`, []string{`bad_parameter|.fixed_rate|parameter "fixed_rate": 44100 isn't accepted: expected 8000 or 16000 Hz`}},
		{`{"quality": "hihg", "flag": 1}`, []string{
			`bad_parameter|.quality|parameter "quality": "hihg" isn't accepted: expected low, Medium or high`,
			`bad_parameter|.flag|parameter "flag": 1 is a number: expected true or false`,
		}},
		{`{"quality": "hig"}`, []string{`bad_parameter|.quality|parameter "quality": "hig" isn't accepted: expected low, Medium or high|did you mean high?`}},
		{`{"value": "5", "gain": 1e39}`, []string{
			`bad_parameter|.value|parameter "value": "5" is a string: expected a number, at most 100`,
			`bad_parameter|.gain|parameter "gain": 1e39 is out of range: expected -96 to 24 dB`,
		}},
		{`{"value": 101}`, []string{`bad_parameter|.value|parameter "value": 101 is out of range: expected at most 100`}},
		{`{"value": -1e999}`, []string{`bad_parameter|.value|parameter "value": -1e999 is out of range: expected at most 100`}},
		{`{"matrix": [[1e39]]}`, []string{`bad_parameter|.matrix[0][0]|parameter "matrix[0][0]": 1e39 is out of range: expected a finite number of 32 bits`}},
		{`{"n_threads": 0}`, []string{`bad_parameter|.n_threads|parameter "n_threads": 0 is out of range: expected at least 1`}},
		{`{"source_rate": "fast", "auto": 1}`, []string{
			`bad_parameter|.source_rate|parameter "source_rate": "fast" isn't accepted: expected "auto" or 8000 to 768000 Hz`,
			`bad_parameter|.auto|parameter "auto": 1 isn't accepted: expected "auto" or 8000 to 768000 Hz`,
		}},
		{`{"source_rate": null}`, []string{`bad_parameter|.source_rate|parameter "source_rate": null isn't allowed here: expected another value, see the documentation`}},
		{`{"source_rate": {"a": 1, "a": 2}, "any": [{"b": 1, "b": 2}]}`, []string{
			`duplicate_field|.source_rate|parameter "source_rate" has "/a" twice|keep one of them`,
			`duplicate_field|.any|parameter "any" has "/0/b" twice|keep one of them`,
		}},
		{`{"operations": ["upper", "x", 5], "points": {}, "gains_db": []}`, []string{
			`bad_parameter|.operations[1]|parameter "operations[1]": "x" isn't accepted: expected upper or lower`,
			`bad_parameter|.operations[2]|parameter "operations[2]": 5 is a number: expected upper or lower`,
			`bad_parameter|.points|parameter "points": the value is an object: expected an array`,
			`bad_parameter|.gains_db|parameter "gains_db": the value is an array: expected an object`,
		}},
		{`{"points": [{}, {}, {"x": 2}], "gainsDb": {"mic": 25, "a b": "c", "a\"": null}}`, []string{
			`bad_parameter|.points[2].x|parameter "points[2].x": 2 is out of range: expected -1 to 1`,
			`bad_parameter|.gainsDb.mic|parameter "gainsDb.mic": 25 is out of range: expected -96 to 24 dB`,
			`bad_parameter|.gainsDb["a b"]|parameter "gainsDb["a b"]": "c" is a string: expected a number, -96 to 24 dB`,
			`bad_parameter|.gainsDb["a\""]|parameter "gainsDb["a\""]": null isn't allowed here: expected a number, -96 to 24 dB`,
		}},
		{`{"gains_db": {"a": 1, "a": 2}}`, []string{`duplicate_field|.gains_db.a|parameter "gains_db.a" is given twice|keep one of them`}},
		{`{"corner": 5, "maybe": []}`, []string{
			`bad_parameter|.corner|parameter "corner": 5 is a number: expected an object`,
			`bad_parameter|.maybe|parameter "maybe": the value is an array: expected an object`,
		}},
		{`{"targt_rate": 1}`, []string{`unknown_parameter|.targt_rate|parameter "targt_rate" is unknown|did you mean target_rate?`}},
		{`{"maybe": {"zz": 1}}`, []string{`unknown_parameter|.maybe.zz|parameter "maybe.zz" is unknown|the parameters are x, y`}},
		{`{"maybe": {"": 1}}`, []string{`unknown_parameter|.maybe[""]|parameter "maybe[""]" is unknown|the parameters are x, y`}},
		{`{"target_rate": 8000, "targetSampleRate": 1, "flag": true, "flag": 2}`, []string{
			`duplicate_field|.targetSampleRate|parameter "targetSampleRate" is given twice, as "target_rate" and as "targetSampleRate"|keep one of them`,
			`duplicate_field|.flag|parameter "flag" is given twice|keep one of them`,
		}},
		{`{"runtimeHint": {"a": 1, "a": 1}}`, []string{`warning|ignored|.runtimeHint|parameter "runtimeHint" has no effect in this service|remove it, or leave it: it does no harm`}},
		{`{"quality": "` + long + `"}`, []string{`bad_parameter|.quality|parameter "quality": "` + long[:47] + `... isn't accepted: expected low, Medium or high`}},
		{`{"maybe": {"` + long + `": 1}}`, []string{`unknown_parameter|.maybe["` + long[:48] + `..."]|parameter "maybe["` + long[:48] + `..."]" is unknown|the parameters are x, y`}},
		// Validate, of the whole and of the parts.
		{`{"targetRate": 11025}`, []string{`bad_parameter|.targetRate|parameter "targetRate": 11025 Hz isn't liked: expected another`}},
		{`{"points": [{}, {}, {}], "small": 13}`, []string{
			`bad_parameter|.points[2].x|parameter "points[2].x": there is a third point`,
			`bad_parameter||thirteen brings bad luck`,
		}},
		{`{"points": [{"y": 2}], "target_rate": 11025}`, []string{`bad_parameter|.points[0].x|parameter "points[0].x": x and y are together 2: expected at most 1.5`}},
		// No secret in a message.
		{`{"pin": "s3cret", "login": {"auth_token": 53, "user": 5}, "logins": ["s3cret"]}`, []string{
			`bad_parameter|.pin|parameter "pin": the value is a string: expected an integer, 0 to 9999`,
			`bad_parameter|.login.auth_token|parameter "login.auth_token": the value is a number: expected a string`,
			`bad_parameter|.login.user|parameter "login.user": 5 is a number: expected a string`,
			`bad_parameter|.logins[0]|parameter "logins[0]": the value is a string: expected an object`,
		}},
		{`{"pin": 12345}`, []string{`bad_parameter|.pin|parameter "pin": the value is out of range: expected 0 to 9999`}},
	} {
		var got everything
		problems := schemaOf[everything](t).Decode([]byte(c.params), &got)
		if d := cmp.Diff(c.want, lines(problems)); d != "" {
			t.Errorf("%s: -want +got\n%s", c.params, d)
		}
	}
}

func TestDecodeRequired(t *testing.T) {
	t.Parallel()
	s := schemaOf[resample](t)
	for params, want := range map[string][]string{
		`{}`: {
			`missing_field|.target_sample_rate|parameter "target_sample_rate" is missing: expected an integer, 8000 to 768000 Hz`,
			`missing_field|.group|parameter "group" is missing: expected an object`,
		},
		`{"group": {}, "targetRate": 8000}`:            {`missing_field|.group.name|parameter "group.name" is missing: expected a string`},
		`{"group": {"name": ""}, "target_rate": 8000}`: nil,
	} {
		if d := cmp.Diff(want, lines(s.Decode([]byte(params), new(resample)))); d != "" {
			t.Errorf("%s: -want +got\n%s", params, d)
		}
	}
}

func TestDecodeNoParameters(t *testing.T) {
	t.Parallel()
	want := []string{`unknown_parameter|.a|parameter "a" is unknown|there are no parameters`}
	if d := cmp.Diff(want, lines(schemaOf[none](t).Decode([]byte(`{"a": 1}`), new(none)))); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

func TestDecodeSyntax(t *testing.T) {
	t.Parallel()
	deep := func(n int) string { return `{"any": ` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}` }
	s := schemaOf[everything](t)
	for _, c := range []struct {
		params       string
		code         fault.Code
		line, column int
		offset       int
	}{
		{`[]`, fault.CodeParamsSyntax, 1, 1, 0},
		{"\n\"x\"", fault.CodeParamsSyntax, 2, 1, 1},
		{`{`, fault.CodeParamsSyntax, 1, 2, 1},
		{`{"a"`, fault.CodeParamsSyntax, 1, 5, 4},
		{"{\n \"é\": x}", fault.CodeParamsSyntax, 2, 7, 9},
		{`{} {}`, fault.CodeParamsSyntax, 1, 4, 3},
		{`{"a": NaN}`, fault.CodeParamsSyntax, 1, 7, 6},
		{"{\"a\": \"\xff\"}", fault.CodeParamsSyntax, 1, 8, 7},
		{deep(64), fault.CodeTooDeep, 1, 73, 72},
	} {
		problems := s.Decode([]byte(c.params), new(everything))
		if len(problems) != 1 {
			t.Errorf("%s: got %q, want one problem", c.params, lines(problems))
			continue
		}
		p := problems[0]
		if p.Code != c.code || p.Line != c.line || p.Column != c.column || p.Offset != c.offset {
			t.Errorf("%s: got %s at %d:%d (%d): %s; want %s at %d:%d (%d)",
				c.params, p.Code, p.Line, p.Column, p.Offset, p.Message, c.code, c.line, c.column, c.offset)
		}
	}
	if problems := s.Decode([]byte(deep(63)), new(everything)); problems != nil {
		t.Errorf("64 levels: got %q, want none", lines(problems))
	}
}

func TestDecodeBounds(t *testing.T) {
	t.Parallel()
	s := schemaOf[everything](t)
	for _, params := range []string{
		`{"points": [` + strings.Repeat("{},", 65536) + `{}], "flag": 5}`,
		`{"matrix": [` + strings.Repeat("[],", 65536) + `{}], "flag": 5}`,
	} {
		problems := s.Decode([]byte(params), new(everything))
		if len(problems) != 2 || !strings.Contains(problems[0].Message, "at most 65536") || problems[1].Path != ".flag" {
			t.Errorf("too many elements: got %q", lines(problems))
		}
	}
	problems := s.Decode([]byte(`{"points": [`+strings.Repeat("5,", 999)+`5]}`), new(everything))
	if len(problems) != 101 || problems[100].Message != "the parameters have 900 more errors, which aren't listed" {
		t.Errorf("got %d problems, the last %q; want 100 and a summary", len(problems), lines(problems[len(problems)-1:]))
	}
}

func TestDecodeTarget(t *testing.T) {
	t.Parallel()
	var nilPointer *none
	for _, dst := range []any{nil, none{}, nilPointer, new(resample), new(int)} {
		problems := schemaOf[none](t).Decode(nil, dst)
		if len(problems) != 1 || problems[0].Code != fault.CodeInternal {
			t.Errorf("%T: got %q, want an internal error", dst, lines(problems))
		}
	}
}

// A map is bounded too, and long lists of unknown or ignored members are cut.
func TestDecodeManyMembers(t *testing.T) {
	t.Parallel()
	s := schemaOf[struct {
		Map  map[string]int `param:"map" doc:"d"`
		List []struct {
			_ int `param:"old" ignored:"true"`
		} `param:"list" doc:"d"`
		Flag bool `param:"flag" doc:"d"`
	}](t)
	var b strings.Builder
	for i := range 65537 {
		fmt.Fprintf(&b, `"%d":%d,`, i, i)
	}
	for params, want := range map[string]string{
		`{"map": {` + b.String() + `"x": {}}, "flag": 5}`:                  `parameter "map" has too many elements: expected at most 65536`,
		`{` + b.String() + `"flag": 5}`:                                    `parameter "0" is unknown`,
		`{"list": [` + strings.Repeat(`{"old": 1},`, 150) + `{"old": 1}]}`: `parameter "list[0].old" has no effect in this service`,
	} {
		problems := s.Decode([]byte(params), reflect.New(s.Type()).Interface())
		if len(problems) == 0 || len(problems) > 101 || !strings.Contains(problems[0].Message, want) {
			t.Errorf("got %d problems, the first %q; want at most 101 and %q first", len(problems), lines(problems[:1]), want)
		}
	}
}

// Neither an enum nor a union tells what was given for a secret, and required parameters say what they expect.
func TestDecodeSecretKinds(t *testing.T) {
	t.Parallel()
	type params struct {
		Mode  string       `param:"mode" enum:"x,y" required:"true" secret:"true" doc:"d"`
		Rate  rate         `param:"rate" required:"true" secret:"true" doc:"d"`
		Value param.Number `param:"value" required:"true" unit:"s" doc:"d"`
		Gain  float64      `param:"gain" required:"true" max:"3" doc:"d"`
		Any   param.Raw    `param:"any" required:"true" doc:"d"`
		Flag  bool         `param:"flag" required:"true" doc:"d"`
	}
	s := schemaOf[params](t)
	want := []string{
		`bad_parameter|.mode|parameter "mode": the value isn't accepted: expected x or y`,
		`bad_parameter|.rate|parameter "rate": the value isn't accepted: expected another value, see the documentation`,
		`missing_field|.value|parameter "value" is missing: expected a number in s`,
		`missing_field|.gain|parameter "gain" is missing: expected a number, at most 3`,
		`missing_field|.any|parameter "any" is missing: expected any JSON value`,
		`missing_field|.flag|parameter "flag" is missing: expected true or false`,
	}
	if d := cmp.Diff(want, lines(s.Decode([]byte(`{"mode": "xx", "rate": "s3cret"}`), new(params)))); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

// Values that decoding hands out aren't shared between calls, with the text or with the schema.
func TestDecodeOwnership(t *testing.T) {
	t.Parallel()
	s := schemaOf[everything](t)
	params := []byte(`{"any": [1], "value": 5.0}`)
	var first, second everything
	s.Decode(params, &first)
	first.Ops[0], first.Gains["x"] = "changed", 1
	clear(params)
	if string(first.Any) != "[1]" || first.Value != "5.0" {
		t.Errorf("got %s and %s, want values that don't change with the text", first.Any, first.Value)
	}
	s.Decode(nil, &second)
	if d := diff(defaultEverything(), second); d != "" {
		t.Errorf("defaults changed: -want +got\n%s", d)
	}
}

func TestDecodeConcurrently(t *testing.T) {
	t.Parallel()
	s := schemaOf[everything](t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				var e everything
				problems := s.Decode([]byte(`{"quality": "LOW", "points": [{"x": 0.5}], "pin": -1}`), &e)
				if len(problems) != 1 || e.Quality != "low" || e.Ops[0] != "upper" {
					t.Errorf("got %q and %+v", lines(problems), e)
				}
			}
		})
	}
	wg.Wait()
}
