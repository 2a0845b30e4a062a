//go:build faultnodes

package nodes

import (
	"github.com/remotemedia/remotemedia-go/node"
	"github.com/remotemedia/remotemedia-go/nodes/inject"
)

// Faults lists the nodes that fail on purpose.
func Faults() []node.Spec { return inject.Nodes() }
