// Package nodes is the library of node types: it lists the families of its subpackages. A node is one file in its family,
// with its parameters, its documentation and its test beside it.
package nodes

import (
	"github.com/remotemedia/remotemedia-go/node"
	"github.com/remotemedia/remotemedia-go/nodes/data"
	"github.com/remotemedia/remotemedia-go/nodes/detect"
	"github.com/remotemedia/remotemedia-go/nodes/flow"
	"github.com/remotemedia/remotemedia-go/nodes/transform"
)

// Catalog returns the catalogue of all node types, for a service of the given version.
func Catalog(version string) (*node.Catalog, error) {
	return node.NewCatalog(version,
		flow.Nodes(),
		data.Nodes(),
		transform.Nodes(),
		detect.Nodes(),
		Faults(),
	)
}
