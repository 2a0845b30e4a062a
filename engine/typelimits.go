package engine

import (
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/node"
)

// checkSamples holds a buffer against the limit of the node's type.
func (n *instance) checkSamples(item node.Item) error {
	most := n.node.MaxSamples
	if most == 0 || item.Audio == nil || uint64(item.Audio.NumSamples()) <= most {
		return nil
	}
	f := SampleLimit(n.node.ID, uint64(item.Audio.NumSamples()), most).With("node_type", n.node.Spec.Name)
	return n.session.explain(n, item, f)
}

// checkMemory holds what a call added to the account against the limit of the node's type. The execution's own limit holds during
// the call; this one is found after it.
func (n *instance) checkMemory(before int64) error {
	most, added := n.node.MaxMemoryBytes, n.session.account.Used()-before
	if most == 0 || added <= most {
		return nil
	}
	return fault.Limit(fault.CodeMemoryLimit, "max_memory_bytes of the node type", added, 0, most,
		"send less audio a call, or ask the operator to raise the limit of the type")
}
