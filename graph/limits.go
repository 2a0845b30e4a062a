package graph

import (
	"fmt"

	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/manifest"
)

// TypeLimits bound the nodes of one type, within the limits of the execution. A zero field bounds nothing.
type TypeLimits struct {
	MemoryBytes int64  // that one call into a node may add to the execution's account
	TimeoutMS   uint64 // of one call into a node
	Samples     uint64 // over all channels, of one buffer into a node
	PerPipeline int    // nodes of the type in one pipeline
}

// bound puts the limits of the type into a node, and reports the first node of the type that is one too many.
func (c *compiler) bound(in *manifest.Node, out *Node, path string) {
	limits, ok := c.opts.Types[out.Spec.Name]
	if !ok {
		return
	}
	out.MaxMemoryBytes, out.MaxSamples = limits.MemoryBytes, limits.Samples
	if limits.TimeoutMS > 0 && (out.TimeoutMS == 0 || out.TimeoutMS > limits.TimeoutMS) {
		out.TimeoutMS = limits.TimeoutMS
	}
	if limits.PerPipeline == 0 {
		return
	}
	if c.ofType == nil {
		c.ofType = make(map[string]int)
	}
	if c.ofType[out.Spec.Name]++; c.ofType[out.Spec.Name] == limits.PerPipeline+1 {
		c.report(fault.CodeTooManyNodes, in.ID, path+".node_type", fmt.Sprintf("use at most %d, or raise the limit of the type", limits.PerPipeline),
			"the manifest has more than %d nodes of the type %s", limits.PerPipeline, out.Spec.Name)
	}
}
