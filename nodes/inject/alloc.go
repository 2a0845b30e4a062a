package inject

import (
	"github.com/remotemedia/remotemedia-go/mem"
	"github.com/remotemedia/remotemedia-go/node"
)

// AllocParams are the parameters of AllocNode.
type AllocParams struct {
	Bytes int `param:"bytes" default:"1048576" min:"0" max:"1099511627776" unit:"bytes" doc:"How much every item takes."`
	After
}

func allocSpec() node.Spec {
	return node.Define(declare("AllocNode", "Takes memory and keeps it to the end.", `{"bytes": 4096}`),
		func(p AllocParams, _ node.Env) (node.Processor, error) { return &alloc{AllocParams: p}, nil })
}

type alloc struct {
	AllocParams
	held []*mem.Block
}

func (a *alloc) Process(c *node.Call, in node.Item) error {
	if a.spared() {
		return c.Emit(in)
	}
	block, err := c.Account().Alloc(a.Bytes)
	if err != nil {
		return err
	}
	a.held = append(a.held, block)
	clear(block.Bytes()) // so that the memory is really there
	return c.Emit(in)
}

// Close implements node.Closer.
func (a *alloc) Close() {
	for _, block := range a.held {
		block.Release()
	}
	a.held = nil
}
