package inject

import (
	"errors"

	"github.com/remotemedia/remotemedia-go/node"
)

// ErrorParams are the parameters of ErrorNode.
type ErrorParams struct {
	Message string `param:"message" default:"injected failure" doc:"The error's text."`
	After
}

func errorSpec() node.Spec {
	return node.Define(declare("ErrorNode", "Fails.", `{"message": "no luck", "after": 2}`),
		func(p ErrorParams, _ node.Env) (node.Processor, error) {
			return node.ProcessorFunc(func(c *node.Call, in node.Item) error {
				if p.spared() {
					return c.Emit(in)
				}
				return errors.New(p.Message)
			}), nil
		})
}
