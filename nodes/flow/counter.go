package flow

import (
	"strconv"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/node"
)

// CounterParams are the parameters of StatefulCounter.
type CounterParams struct {
	Initial int64 `param:"initial_value" default:"0" min:"-9007199254740991" max:"9007199254740991" doc:"The first number."`
}

func counterSpec() node.Spec {
	return node.Define(node.Spec{
		Name: "StatefulCounter", Category: Category, Summary: "Counts items.",
		Doc:     "Answers every item, whatever it holds, with `[n]`; n starts at `initial_value` and grows by one.",
		Accepts: node.Any, Produces: node.JSON, Granularity: node.PerItem, Stateful: true,
		LatencyClass: "realtime", Example: `{"initial_value": 1}`, Sample: `"anything"`,
	}, func(p CounterParams, _ node.Env) (node.Processor, error) { return &counter{p.Initial, p.Initial}, nil })
}

type counter struct{ initial, next int64 }

func (k *counter) Process(c *node.Call, in node.Item) error {
	item := node.DataItem(append(strconv.AppendInt([]byte{'['}, k.next, 10), ']'))
	item.Stamp = stampOf(in)
	k.next++
	return c.Emit(item)
}

// Reset implements node.Resetter.
func (k *counter) Reset() { k.next = k.initial }

// stampOf returns the stamp of an item of any kind.
func stampOf(in node.Item) audio.Stamp {
	if in.Audio != nil {
		return in.Audio.Stamp
	}
	return in.Stamp
}
