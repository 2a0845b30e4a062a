package data_test

import (
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/remotemedia/remotemedia-go/mem"
	"github.com/remotemedia/remotemedia-go/node/nodetest"
	"github.com/remotemedia/remotemedia-go/nodes/data"
)

// A text of many small values costs memory in proportion to its length, not to the size of a table of its values.
func TestMemoryIsInProportionToTheText(t *testing.T) {
	const n = 1 << 18
	for name, c := range map[string]struct{ node, text string }{
		"array":     {"CalculatorNode", "[" + strings.Repeat("1,", n) + "1]"},
		"scale":     {"MultiplyNode", "[" + strings.Repeat("1,", n) + "1]"},
		"members":   {"CalculatorNode", "{" + strings.Repeat(`"x":1,`, n) + `"value":1}`},
		"operands":  {"CalculatorNode", `{"operation":"add","args":[` + strings.Repeat("1,", n) + "1]}"},
		"text":      {"TextProcessorNode", "{" + strings.Repeat(`"x":1,`, n) + `"text":"a"}`},
		"not array": {"CalculatorNode", "[" + strings.Repeat("1,", n) + "{}]"},
	} {
		t.Run(name, func(t *testing.T) {
			r := nodetest.New(t, nodetest.Find(t, data.Nodes(), c.node), `{}`)
			item := nodetest.JSON(c.text)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := r.Process(item)
			runtime.ReadMemStats(&after)
			if err != nil {
				t.Fatal(err)
			}
			if got, most := after.TotalAlloc-before.TotalAlloc, uint64(8*len(c.text)); got > most {
				t.Errorf("%d bytes were allocated for a text of %d", got, len(c.text))
			}
		})
	}
}

// A result that is much longer than its input meets the limit while it is written.
func TestLongResultsMeetTheMemoryLimit(t *testing.T) {
	r := nodetest.New(t, nodetest.Find(t, data.Nodes(), "MultiplyNode"), `{"factor": 1.234567890123456e-300}`)
	const room = 1 << 20
	fill := int(nodetest.Limit - r.Account().Used() - room)
	if err := r.Account().Charge(fill); err != nil {
		t.Fatal(err)
	}
	defer r.Account().Release(fill)
	err := r.Process(nodetest.JSON("[" + strings.Repeat("1,", room/8) + "1]"))
	if limit := new(mem.LimitError); !errors.As(err, &limit) {
		t.Errorf("got %v", err)
	}
}
