// Package detect holds the nodes that find things in audio and tell them as JSON.
package detect

import "github.com/remotemedia/remotemedia-go/node"

// Category is the family's name in the catalogue.
const Category = "detect"

// Nodes lists the family.
func Nodes() []node.Spec {
	return []node.Spec{
		vadSpec(),
		activitySpec(),
		sileroSpec(),
	}
}
