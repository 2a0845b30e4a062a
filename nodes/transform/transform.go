// Package transform holds the nodes that make other audio of the audio they get: another rate, another encoding, other
// channels.
package transform

import "github.com/remotemedia/remotemedia-go/node"

// Category is the family's name in the catalogue.
const Category = "transform"

// Nodes lists the family.
func Nodes() []node.Spec {
	return []node.Spec{
		resampleSpec(),
		resamplerSpec(),
		formatSpec(),
		transformSpec(),
	}
}
