package inject

import (
	"time"

	"github.com/remotemedia/remotemedia-go/node"
)

// SleepParams are the parameters of SleepNode.
type SleepParams struct {
	Millis       int  `param:"ms" alias:"sleep_ms,delay_ms" default:"1000" min:"0" max:"600000" unit:"ms" doc:"How long an item takes."`
	IgnoreCancel bool `param:"ignore_cancel" default:"false" doc:"Sleeps on when the execution is stopped, and keeps its place on the processor."`
	After
}

func sleepSpec() node.Spec {
	return node.Define(declare("SleepNode", "Takes its time, if wanted without heed of being stopped.", `{"ms": 1}`),
		func(p SleepParams, _ node.Env) (node.Processor, error) {
			d := time.Duration(p.Millis) * time.Millisecond
			return node.ProcessorFunc(func(c *node.Call, in node.Item) error {
				if p.spared() {
					return c.Emit(in)
				}
				if p.IgnoreCancel {
					time.Sleep(d)
				} else if err := c.Sleep(d); err != nil {
					return err
				}
				return c.Emit(in)
			}), nil
		})
}
