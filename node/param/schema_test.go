package param_test

import (
	"bytes"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/node/param"
)

// compiled is the schema as an independent implementation understands it; the document itself is checked against the
// metaschema on the way.
func compiled(t testing.TB, s *param.Schema) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(s.JSONSchema()))
	if err != nil {
		t.Fatalf("%v in %s", err, s.JSONSchema())
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("params.json", doc); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("params.json")
	if err != nil {
		t.Fatalf("%v in %s", err, s.JSONSchema())
	}
	return compiled
}

func accepts(t testing.TB, s *jsonschema.Schema, params string) bool {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(params)))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(doc) == nil
}

func faulty(problems []fault.Problem) bool { return fault.FromProblems(problems) != nil }

// The schema and Decode accept the same, rules across fields apart.
func TestJSONSchemaAgrees(t *testing.T) {
	t.Parallel()
	s := schemaOf[everything](t)
	js := compiled(t, s)
	for _, params := range []string{
		`{}`, `{"a": 1}`, `{"target_sample_rate": 8000}`, `{"targetRate": 8000}`, `{"target_rate": 8000.0}`, `{"target_rate": 1}`,
		`{"target_rate": 8000, "targetRate": 8000}`, `{"sample_rate": 8000.5}`, `{"quality": "Medium"}`, `{"quality": "x"}`,
		`{"source_rate": "auto"}`, `{"source_rate": 7}`, `{"source_rate": null}`, `{"auto": null}`, `{"auto": 1}`,
		`{"small": 256}`, `{"small": -1}`, `{"big": -1}`, `{"flag": 0}`, `{"fixed_rate": 8000}`, `{"fixed_rate": 8001}`,
		`{"value": 5.0}`, `{"value": "5"}`, `{"value": 101}`, `{"n_threads": null}`, `{"n_threads": 0}`, `{"nThreads": 1}`,
		`{"maybe": null}`, `{"maybe": {"x": 2}}`, `{"maybe": {"z": 2}}`, `{"any": [null, {}]}`, `{"any": null}`,
		`{"operations": ["lower"]}`, `{"operations": ["x"]}`, `{"operations": null}`, `{"points": [{"x": 1}]}`,
		`{"points": [{"x": 1}, 5]}`, `{"gains_db": {"a": 5}}`, `{"gains_db": {"a": 25}}`, `{"matrix": [[1], [2.5]]}`,
		`{"matrix": [1]}`, `{"login": {"auth_token": "x"}}`, `{"login": {"authToken": 5}}`, `{"pin": 10000}`,
		`{"runtime_hint": {"a": 1}}`, `{"hint": null}`, `{"by_name": {"x": {"user": "y"}}}`, `{"by_name": {"x": {"user": 1}}}`,
	} {
		want := !faulty(s.Decode([]byte(params), new(everything)))
		if got := accepts(t, js, params); got != want {
			t.Errorf("%s: the schema accepts: %v, Decode does: %v", params, got, want)
		}
	}
}

func TestJSONSchemaRequired(t *testing.T) {
	t.Parallel()
	s := schemaOf[resample](t)
	js := compiled(t, s)
	for params, want := range map[string]bool{
		`{}`:                            false,
		`{"group": {"name": "x"}}`:      false,
		`{"target_sample_rate": 16000}`: false,
		`{"target_sample_rate": 16000, "group": {}}`:                             false,
		`{"target_sample_rate": 16000, "group": {"name": "x"}}`:                  true,
		`{"targetRate": 16000, "group": {"name": "x"}}`:                          true,
		`{"targetRate": 16000, "target_rate": 16000, "group": {"name": "x"}}`:    false,
		`{"targetRate": 16000, "quality": "low", "group": {"name": "x", "b":1}}`: false,
	} {
		if got := accepts(t, js, params); got != want {
			t.Errorf("%s: the schema accepts: %v, want %v", params, got, want)
		}
		if got := !faulty(s.Decode([]byte(params), new(resample))); got != want {
			t.Errorf("%s: Decode accepts: %v, want %v", params, got, want)
		}
	}
}

func TestJSONSchemaText(t *testing.T) {
	t.Parallel()
	s := schemaOf[struct {
		Token *string `param:"api_token" enum:"<a>,b" secret:"true" doc:"The token."`
	}](t)
	want := `{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{` +
		`"apiToken":{"type":["string","null"],"description":"Another spelling of api_token.","deprecated":true,"writeOnly":true,"enum":["\u003ca\u003e","b",null]},` +
		`"api_token":{"type":["string","null"],"description":"The token.","writeOnly":true,"enum":["\u003ca\u003e","b",null]}},` +
		`"additionalProperties":false,"allOf":[{"oneOf":[{"required":["api_token"]},{"required":["apiToken"]},` +
		`{"not":{"anyOf":[{"required":["api_token"]},{"required":["apiToken"]}]}}]}]}`
	if got := string(s.JSONSchema()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestRedact(t *testing.T) {
	t.Parallel()
	s := schemaOf[everything](t)
	for _, c := range []struct {
		params, want string
		secret       bool
	}{
		{``, `{}`, false},
		{`{"flag": true, "any": {"pin": 5}, "matrix": [[1.50]]}`, `{"flag":true,"any":{"pin":5},"matrix":[[1.50]]}`, false},
		{`{"pin": null}`, `{"pin":null}`, false},
		{`{"pin": 1234}`, `{"pin":"***"}`, true},
		{`{"pin": [{"x": 1}], "flag": 5}`, `{"pin":"***","flag":5}`, true},
		{`{"pin": 1, "pin": 2}`, `{"pin":"***","pin":"***"}`, true},
		{`{"login": {"user": "me", "authToken": "s"}}`, `{"login":{"user":"me","authToken":"***"}}`, true},
		{`{"login": {"auth_tokne": "s"}}`, `{"login":{"auth_tokne":"***"}}`, true},
		{`{"login": "s"}`, `{"login":"***"}`, true},
		{`{"logins": [{"user": "a"}, {"auth_token": "s"}, 5]}`, `{"logins":[{"user":"a"},{"auth_token":"***"},"***"]}`, true},
		{`{"by_name": {"a": {"auth_token": "s"}, "b": {}}}`, `{"by_name":{"a":{"auth_token":"***"},"b":{}}}`, true},
		{`{"by_name": ["s"]}`, `{"by_name":"***"}`, true},
		{`{"pni": "s"}`, `{"pni":"***"}`, true},
		{`{"pin": s}`, `"***"`, true},
		{`["s"]`, `"***"`, true},
	} {
		if got := string(s.Redact([]byte(c.params))); got != c.want {
			t.Errorf("%s: got %s, want %s", c.params, got, c.want)
		}
		if got := s.HasSecret([]byte(c.params)); got != c.secret {
			t.Errorf("%s: HasSecret is %v, want %v", c.params, got, c.secret)
		}
	}
	open := schemaOf[resample](t)
	if in := "{ x"; string(open.Redact([]byte(in))) != in || open.HasSecret([]byte(in)) {
		t.Error("without secret parameters: want the text as it is")
	}
}
