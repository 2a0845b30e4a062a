package param

import (
	"bytes"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// hidden stands for a secret.
const hidden = "***"

// HasSecret reports whether the parameters, the text of a JSON object, give a value to a secret parameter. If in doubt it is
// true: for an unknown name beside a secret, which may be a misspelling, and for a text that can't be read.
func (s *Schema) HasSecret(params []byte) bool {
	if !s.secret {
		return false
	}
	_, found := s.redact(params)
	return found
}

// Redact returns the parameters with "***" in place of each value of a secret parameter, for logs and diagnostics. What
// [Schema.HasSecret] doubts is hidden too, the whole text if need be. The result may be params itself.
func (s *Schema) Redact(params []byte) []byte {
	if !s.secret {
		return params
	}
	out, _ := s.redact(params)
	return out
}

func (s *Schema) redact(params []byte) (out []byte, found bool) {
	params = orEmptyObject(params)
	if checkSyntax(params) != nil {
		return []byte(`"` + hidden + `"`), true
	}
	var b bytes.Buffer
	r := redactor{
		Decoder: jsontext.NewDecoder(bytes.NewBuffer(params), jsontext.AllowDuplicateNames(true)),
		out:     jsontext.NewEncoder(&b, jsontext.AllowDuplicateNames(true), jsontext.PreserveRawStrings(true)),
	}
	if err := r.object(s.fields); err != nil {
		return []byte(`"` + hidden + `"`), true
	}
	return slices.Clone(bytes.TrimSpace(b.Bytes())), r.found
}

// redactor copies a text and hides the secrets on the way.
type redactor struct {
	*jsontext.Decoder
	out   *jsontext.Encoder
	found bool
}

// value copies the value of a field.
func (r *redactor) value(f *Field) error {
	switch kind := r.PeekKind(); {
	case kind == jsontext.KindNull || !f.holdsSecret():
		return r.copy()
	case kind == jsontext.KindBeginObject && !f.Secret && f.Fields != nil:
		return r.object(f.Fields)
	case kind == jsontext.KindBeginObject && !f.Secret && f.Type == TypeObject:
		return r.members(func(string) *Field { return f.Items })
	case kind == jsontext.KindBeginArray && !f.Secret && f.Type == TypeArray:
		return r.elements(f.Items)
	}
	return r.hide()
}

// object copies an object of parameters. A name that it doesn't have is hidden with its value's text.
func (r *redactor) object(fields []Field) error {
	if r.PeekKind() != jsontext.KindBeginObject {
		return r.hide()
	}
	unknown := &Field{Secret: true}
	return r.members(func(name string) *Field {
		for i := range fields {
			if fields[i].spelled(name) {
				return &fields[i]
			}
		}
		return unknown
	})
}

// members copies an object whose members are described by field.
func (r *redactor) members(field func(name string) *Field) error {
	if err := r.token(); err != nil {
		return err
	}
	for r.PeekKind() == jsontext.KindString {
		name, err := r.ReadToken()
		if err != nil {
			return err
		}
		f := field(name.String())
		if err := r.out.WriteToken(name); err != nil {
			return err
		}
		if err := r.value(f); err != nil {
			return err
		}
	}
	return r.token()
}

func (r *redactor) elements(f *Field) error {
	if err := r.token(); err != nil {
		return err
	}
	for r.PeekKind() != jsontext.KindEndArray {
		if err := r.value(f); err != nil {
			return err
		}
	}
	return r.token()
}

func (r *redactor) token() error {
	t, err := r.ReadToken()
	if err != nil {
		return err
	}
	return r.out.WriteToken(t)
}

func (r *redactor) copy() error {
	v, err := r.ReadValue()
	if err != nil {
		return err
	}
	return r.out.WriteValue(v)
}

func (r *redactor) hide() error {
	r.found = true
	if err := r.SkipValue(); err != nil {
		return err
	}
	return r.out.WriteToken(jsontext.String(hidden))
}
