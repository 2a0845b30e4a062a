package flow

import (
	"time"

	"github.com/remotemedia/remotemedia-go/node"
)

// DelayParams are the parameters of DelayNode.
type DelayParams struct {
	Delay int `param:"delay_ms" default:"0" min:"0" max:"600000" unit:"ms" doc:"How long every item waits."`
}

func delaySpec() node.Spec {
	return node.Define(node.Spec{
		Name: "DelayNode", Category: Category, Summary: "Waits before it hands an item on.",
		Doc: "Every item of any kind waits `delay_ms` in real time and leaves unchanged. The wait ends at once when the execution " +
			"is stopped, and needs no processor meanwhile. It serves tests of time limits and backpressure: it doesn't move " +
			"audio on its own clock.",
		Accepts: node.Any, Forwards: true, Granularity: node.PerSample, LatencyClass: "slow", Example: `{"delay_ms": 5}`,
	}, newDelay)
}

func newDelay(p DelayParams, _ node.Env) (node.Processor, error) {
	wait := time.Duration(p.Delay) * time.Millisecond
	return node.ProcessorFunc(func(c *node.Call, in node.Item) error {
		if err := c.Sleep(wait); err != nil {
			return err
		}
		return c.Emit(in)
	}), nil
}
