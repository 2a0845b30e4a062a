package inject

import (
	"sync"

	"github.com/remotemedia/remotemedia-go/node"
)

// LeakParams are the parameters of LeakNode.
type LeakParams struct {
	Bytes int `param:"bytes" default:"1024" min:"0" max:"1048576" unit:"bytes" doc:"How much every item leaves behind."`
	After
}

func leakSpec() node.Spec {
	return node.Define(declare("LeakNode", "Leaves memory behind that nothing counts and nobody lets go of.", `{"bytes": 1024}`),
		func(p LeakParams, _ node.Env) (node.Processor, error) {
			return node.ProcessorFunc(func(c *node.Call, in node.Item) error {
				if !p.spared() {
					left.leave(p.Bytes)
				}
				return c.Emit(in)
			}), nil
		})
}

// left is what all nodes of this type left behind: a leak is one because it outlives everything.
var left leak

type leak struct {
	mu     sync.Mutex
	blocks [][]byte
}

func (l *leak) leave(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.blocks = append(l.blocks, make([]byte, n))
}
