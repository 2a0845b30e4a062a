package param

import "strings"

// The values of Field.Type.
const (
	TypeInteger = "integer"
	TypeNumber  = "number"
	TypeString  = "string"
	TypeBoolean = "boolean"
	TypeArray   = "array"
	TypeObject  = "object" // with Fields, or a map: with Items
	TypeAny     = "any"    // a Raw, an ignored parameter, or a union: with Schema
)

// Field describes one parameter for catalogues and documentation. Everything in it is read-only.
type Field struct {
	Name     string   `json:"name,omitempty"`    // as declared; "" for the elements of arrays and maps
	Aliases  []string `json:"aliases,omitempty"` // all accepted spellings besides Name, camelCase included
	Type     string   `json:"type"`
	Enum     []string `json:"enum,omitempty"`
	Default  Raw      `json:"default,omitempty"` // nil if there is none
	Min      *float64 `json:"min,omitempty"`     // inclusive, nil if unbounded
	Max      *float64 `json:"max,omitempty"`
	Unit     string   `json:"unit,omitempty"`
	Doc      string   `json:"doc,omitempty"`
	Optional bool     `json:"optional,omitempty"` // may be null; absent differs from every value
	Required bool     `json:"required,omitempty"`
	Secret   bool     `json:"secret,omitempty"`
	Ignored  bool     `json:"ignored,omitempty"`
	Items    *Field   `json:"items,omitempty"`  // the elements of an array or a map
	Fields   []Field  `json:"fields,omitempty"` // the members of an object
	Schema   Raw      `json:"schema,omitempty"` // a union's own JSON Schema
}

// spelled reports whether name is the field's name or one of its aliases.
func (f *Field) spelled(name string) bool {
	if f.Name == name {
		return true
	}
	for _, alias := range f.Aliases {
		if alias == name {
			return true
		}
	}
	return false
}

// holdsSecret reports whether the field or anything below it is secret.
func (f *Field) holdsSecret() bool {
	if f.Secret || (f.Items != nil && f.Items.holdsSecret()) {
		return true
	}
	return anySecret(f.Fields)
}

func anySecret(fields []Field) bool {
	for i := range fields {
		if fields[i].holdsSecret() {
			return true
		}
	}
	return false
}

// camelCase turns target_sample_rate into targetSampleRate.
func camelCase(snake string) string {
	words := strings.Split(snake, "_")
	for i, w := range words[1:] {
		if w != "" {
			words[i+1] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, "")
}
