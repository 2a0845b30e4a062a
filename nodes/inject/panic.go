package inject

import "github.com/remotemedia/remotemedia-go/node"

// PanicParams are the parameters of PanicNode.
type PanicParams struct {
	Message string `param:"message" default:"injected panic" doc:"The value of the panic."`
	After
}

func panicSpec() node.Spec {
	return node.Define(declare("PanicNode", "Panics.", `{"message": "out of order", "after": 2}`),
		func(p PanicParams, _ node.Env) (node.Processor, error) {
			return node.ProcessorFunc(func(c *node.Call, in node.Item) error {
				if p.spared() {
					return c.Emit(in)
				}
				panic(p.Message)
			}), nil
		})
}
