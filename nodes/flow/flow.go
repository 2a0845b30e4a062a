// Package flow holds the nodes that decide when and in which company items go on, and leave their content alone.
package flow

import "github.com/remotemedia/remotemedia-go/node"

// Category is the family's name in the catalogue.
const Category = "flow"

// Nodes lists the family.
func Nodes() []node.Spec {
	return append(identities(),
		echoSpec(),
		delaySpec(),
		counterSpec(),
		bufferSpec(),
		audioBufferSpec(),
	)
}
