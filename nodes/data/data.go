// Package data holds the nodes that compute with JSON and text.
package data

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/node"
)

// Category is the family's name in the catalogue.
const Category = "data"

// Nodes lists the family.
func Nodes() []node.Spec {
	return []node.Spec{
		calculatorSpec(),
		multiplySpec(),
		addSpec(),
		textSpec(),
		extractSpec(),
	}
}

// decode reads JSON that is known to be valid. Of members that are there twice the last counts.
func decode(text []byte, into any) error {
	return json.Unmarshal(text, into, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

// emitText passes on a JSON text that the node has written.
func emitText(c *node.Call, text []byte, at audio.Stamp) error {
	item := node.DataItem(text)
	item.Stamp = at
	return c.Emit(item)
}

// appendMember writes the name and the value of a JSON object's member.
func appendMember(out []byte, name string, value any) ([]byte, error) {
	key, err := jsontext.AppendQuote(nil, name)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	out = append(append(out, key...), ':')
	return append(out, text...), nil
}
