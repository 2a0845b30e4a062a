package manifest

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

func compiledSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := Schema(map[string]json.RawMessage{
		"AudioResample": json.RawMessage(`{"type":"object","properties":{"target_sample_rate":{"type":"number"}},"required":["target_sample_rate"]}`),
		"VAD":           json.RawMessage(`{"type":"object","additionalProperties":false,"properties":{"threshold":{"type":"number"}}}`),
		"Echo":          json.RawMessage(`true`),
	})
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("manifest.json", parsed); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// The schema and the parser agree on what a manifest looks like; only parameters and types are the schema's alone.
func TestSchemaAgreesWithParser(t *testing.T) {
	schema := compiledSchema(t)
	for _, tt := range []struct {
		text           string
		parsed, schema bool
	}{
		{fullJSON, true, false}, // timeout_ms as a string is the proto's habit, which the schema doesn't offer
		{`{"version":"v1","nodes":[]}`, true, true},
		{`{"version":1.0,"nodes":[]}`, true, true},
		{`{"nodes":[]}`, false, false},
		{`{"version":"v1"}`, false, false},
		{`{"version":"v1","nodes":[],"zebra":1}`, false, false},
		{`{"version":"v1","nodes":[],"x-zebra":1,"$schema":"x"}`, true, true},
		{`{"version":"v1","nodes":[{"id":"a","type":"Echo"}]}`, true, true},
		{`{"version":"v1","nodes":[{"id":"a","nodeType":"Echo","config":{"a":1},"isStreaming":true}]}`, true, true},
		{`{"version":"v1","nodes":[{"id":"a"}]}`, false, false},
		{`{"version":"v1","nodes":[{"id":5,"type":"Echo"}]}`, false, false},
		{`{"version":"v1","nodes":[{"id":"a","type":"Echo","params":[]}]}`, false, false},
		{`{"version":"v1","nodes":[{"id":"a","type":"Echo","params":"{}"}]}`, true, true},
		{`{"version":"v1","nodes":[{"id":"a","type":"Echo","params":null}]}`, true, true},
		{`{"version":"v1","nodes":[{"id":"a","type":"Nothing"}]}`, true, false},
		{`{"version":"v1","nodes":[{"id":"a","type":"AudioResample","params":{"target_sample_rate":1}}]}`, true, true},
		{`{"version":"v1","nodes":[{"id":"a","nodeType":"AudioResample","config":{"target_sample_rate":"x"}}]}`, true, false},
		{`{"version":"v1","nodes":[{"id":"a","node_type":"VAD","params":{"zebra":1}}]}`, true, false},
		{`{"version":"v1","nodes":[{"id":"a","type":"Echo","capabilities":{"gpu":{"minMemoryGb":1},"cpu":{"cores":2}}}]}`, true, true},
		{`{"version":"v1","nodes":[{"id":"a","type":"Echo","capabilities":{"cpu":{"cores":-1}}}]}`, false, false},
		{`{"version":"v1","nodes":[],"connections":[{"from":"a","toNode":"b","output_port":"x"}]}`, true, true},
		{`{"version":"v1","nodes":[],"connections":[{"from":"a"}]}`, false, false},
	} {
		_, problems := ParseJSON("", []byte(tt.text))
		if ok := !hasErrors(problems); ok != tt.parsed {
			t.Errorf("parser: %v for %s: %v", ok, tt.text, problems)
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(tt.text)))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); (err == nil) != tt.schema {
			t.Errorf("schema: %v for %s", err, tt.text)
		}
	}
}

func TestSchemaWithoutNodeTypesTakesAnyType(t *testing.T) {
	text, err := Schema(nil)
	if err != nil {
		t.Fatal(err)
	}
	var parsed struct {
		Defs map[string]map[string]any `json:"$defs"`
	}
	if err := json.Unmarshal(text, &parsed); err != nil {
		t.Fatal(err)
	}
	if got := parsed.Defs["node_type"]; got["type"] != "string" || got["enum"] != nil {
		t.Errorf("node_type: %v", got)
	}
}
