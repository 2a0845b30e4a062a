package manifest

import (
	"encoding/json"
	"maps"
	"slices"
)

// schema is a JSON Schema. Maps are written with sorted keys, so the result is always the same.
type schema map[string]any

var (
	stringSchema  = schema{"type": "string"}
	booleanSchema = schema{"type": "boolean"}
	countSchema   = schema{"type": "integer", "minimum": 0}
	amountSchema  = schema{"type": "number", "minimum": 0}
	versionSchema = schema{"type": []string{"string", "number"}, "examples": []string{"v1"}}
	idSchema      = schema{"type": "string", "pattern": `^[a-zA-Z0-9_.:-]+$`, "maxLength": 255}
	paramsSchema  = schema{"type": []string{"object", "string", "null"}}
	hintsSchema   = schema{"type": "array", "items": schema{"enum": dataTypeHints}}
)

func enumSchema(values []string) schema { return schema{"enum": values} }

func objectSchema(name string) schema { return schema{"$ref": "#/$defs/" + name} }

func listSchema(name string) schema {
	return schema{"type": "array", "items": objectSchema(name)}
}

// Schema gives the JSON Schema (draft 2020-12) of a manifest, for editors. NodeSchemas has the schema of the params of each
// node type, an object or true; names that are aliases may be among them. The schema accepts every spelling that
// [Parse] accepts, and offers the canonical ones.
func Schema(nodeSchemas map[string]json.RawMessage) ([]byte, error) {
	types := slices.Sorted(maps.Keys(nodeSchemas))
	defs := schema{
		"metadata": tableSchema(metadataFields), "node": nodeSchema(types), "node_type": nodeTypeSchema(types),
		"capabilities": tableSchema(capabilityFields), "gpu": tableSchema(gpuFields), "cpu": tableSchema(cpuFields),
		"execution": tableSchema(executionFields), "connection": tableSchema(connectionFields),
	}
	for _, name := range types {
		defs[paramsDef(name)] = nodeSchemas[name]
	}
	root := tableSchema(manifestFields)
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "Pipeline manifest"
	root["$defs"] = defs
	return json.MarshalIndent(root, "", "  ")
}

func paramsDef(nodeType string) string { return "params_" + nodeType }

func nodeTypeSchema(types []string) schema {
	if len(types) == 0 {
		return stringSchema
	}
	return enumSchema(types)
}

// tableSchema is the schema of an object with the fields of a table.
func tableSchema[T any](t *table[T]) schema {
	properties := schema{"$schema": stringSchema}
	var required []schema
	for i := range t.fields {
		f := &t.fields[i]
		for n, name := range f.all() {
			properties[name] = fieldSchema(f.schema, f.doc, f.name, n > 0)
		}
		if f.required != "" {
			required = append(required, anyOfNames(f.all()))
		}
	}
	s := schema{
		"type": "object", "properties": properties,
		"patternProperties": schema{"^x-": true}, "additionalProperties": false,
	}
	if len(required) > 0 {
		s["allOf"] = required
	}
	return s
}

func fieldSchema(s schema, doc, name string, other bool) schema {
	s = maps.Clone(s)
	s["description"] = doc
	if other {
		s["description"] = "The same as " + name + "."
	}
	return s
}

// anyOfNames requires a member under one of its spellings.
func anyOfNames(names []string) schema {
	var any []schema
	for _, name := range names {
		any = append(any, schema{"required": []string{name}})
	}
	return schema{"anyOf": any}
}

// nodeSchema adds to the node's table what its params must be for each type.
func nodeSchema(types []string) schema {
	s := tableSchema(nodeFields)
	all, _ := s["allOf"].([]schema)
	typeField := nodeFields.named("node_type")
	paramsField := nodeFields.named("params")
	for _, name := range types {
		then := schema{}
		for _, spelling := range paramsField.all() {
			then[spelling] = schema{"if": schema{"type": "object"}, "then": objectSchema(paramsDef(name))}
		}
		all = append(all, schema{"if": typeIs(typeField.all(), name), "then": schema{"properties": then}})
	}
	s["allOf"] = all
	return s
}

func typeIs(spellings []string, nodeType string) schema {
	var any []schema
	for _, name := range spellings {
		any = append(any, schema{
			"required": []string{name}, "properties": schema{name: schema{"const": nodeType}},
		})
	}
	return schema{"anyOf": any}
}
