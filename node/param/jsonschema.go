package param

import (
	"encoding/json"
	"slices"
)

// document is the part of JSON Schema 2020-12 that parameters need, in the order in which it is written.
type document struct {
	Schema               string               `json:"$schema,omitempty"`
	Type                 any                  `json:"type,omitempty"` // a string, or several
	Description          string               `json:"description,omitempty"`
	Deprecated           bool                 `json:"deprecated,omitempty"`
	WriteOnly            bool                 `json:"writeOnly,omitempty"`
	Unit                 string               `json:"x-unit,omitempty"`
	Enum                 []Raw                `json:"enum,omitempty"`
	Default              Raw                  `json:"default,omitempty"`
	Minimum              *float64             `json:"minimum,omitempty"`
	Maximum              *float64             `json:"maximum,omitempty"`
	Items                *document            `json:"items,omitempty"`
	MaxItems             int                  `json:"maxItems,omitempty"`
	MaxProperties        int                  `json:"maxProperties,omitempty"`
	Properties           map[string]*document `json:"properties,omitempty"`
	AdditionalProperties any                  `json:"additionalProperties,omitempty"` // false, or a document
	AllOf                []any                `json:"allOf,omitempty"`
	AnyOf                []any                `json:"anyOf,omitempty"`
	OneOf                []document           `json:"oneOf,omitempty"`
	Not                  *document            `json:"not,omitempty"`
	Required             []string             `json:"required,omitempty"`
}

// jsonSchema writes the schema of the object of all parameters.
func jsonSchema(whole Field) ([]byte, error) {
	d, err := documentOf(whole)
	if err != nil {
		return nil, err
	}
	d.Schema = "https://json-schema.org/draft/2020-12/schema"
	return json.Marshal(d)
}

func documentOf(f Field) (*document, error) {
	d := &document{
		Type: f.Type, Description: f.Doc, Deprecated: f.Ignored, WriteOnly: f.Secret, Unit: f.Unit, Default: f.Default,
		Minimum: f.Min, Maximum: f.Max,
	}
	if f.Type == TypeAny {
		d.Type = nil
	}
	if err := d.setEnum(f); err != nil {
		return nil, err
	}
	if err := d.setNested(f); err != nil {
		return nil, err
	}
	d.setOptional(f)
	return d, nil
}

func (d *document) setEnum(f Field) error {
	for _, e := range f.Enum {
		value := Raw(e)
		if f.Type == TypeString {
			quoted, err := json.Marshal(e)
			if err != nil {
				return err
			}
			value = quoted
		}
		d.Enum = append(d.Enum, value)
	}
	return nil
}

// setOptional accepts null too.
func (d *document) setOptional(f Field) {
	switch {
	case !f.Optional:
	case f.Schema != nil:
		d.AllOf, d.AnyOf = nil, []any{f.Schema, document{Type: "null"}}
	case d.Type != nil:
		d.Type = []string{f.Type, "null"}
		if d.Enum != nil {
			d.Enum = append(d.Enum, Raw("null"))
		}
	}
}

// setNested writes what is below an array, a map, an object or a union.
func (d *document) setNested(f Field) (err error) {
	switch {
	case f.Schema != nil:
		d.AllOf = []any{f.Schema}
	case f.Type == TypeArray:
		d.MaxItems = maxItems
		d.Items, err = documentOf(*f.Items)
	case f.Type == TypeObject && f.Items != nil:
		d.MaxProperties = maxItems
		d.AdditionalProperties, err = documentOf(*f.Items)
	case f.Type == TypeObject:
		err = d.setProperties(f.Fields)
	}
	return err
}

// setProperties lists the members of an object under every spelling. Of the spellings of one parameter at most one may
// be given, and exactly one if it is required.
func (d *document) setProperties(fields []Field) error {
	d.AdditionalProperties, d.Properties = false, map[string]*document{}
	for _, f := range fields {
		property, err := documentOf(f)
		if err != nil {
			return err
		}
		d.Properties[f.Name] = property
		for _, alias := range f.Aliases {
			d.Properties[alias] = aliasOf(property, f.Name)
		}
		d.addPresence(f)
	}
	return nil
}

// aliasOf is a property under another name.
func aliasOf(property *document, name string) *document {
	alias := *property
	alias.Deprecated, alias.Description, alias.Default = true, "Another spelling of "+name+".", nil
	return &alias
}

func (d *document) addPresence(f Field) {
	if len(f.Aliases) == 0 {
		if f.Required {
			d.Required = append(d.Required, f.Name)
		}
		return
	}
	var one []document
	var several []any
	for _, s := range slices.Concat([]string{f.Name}, f.Aliases) {
		given := document{Required: []string{s}}
		one, several = append(one, given), append(several, given)
	}
	if !f.Required {
		one = append(one, document{Not: &document{AnyOf: several}})
	}
	d.AllOf = append(d.AllOf, document{OneOf: one})
}
