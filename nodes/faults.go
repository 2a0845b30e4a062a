//go:build !faultnodes

package nodes

import "github.com/remotemedia/remotemedia-go/node"

// Faults lists the nodes that fail on purpose. There are none in a program that isn't built for tests.
func Faults() []node.Spec { return nil }
