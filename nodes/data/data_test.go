package data_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/node/nodetest"
	"github.com/remotemedia/remotemedia-go/nodes/data"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// conversation is what a node answers to one item after the other.
type conversation struct {
	node, params string
	in           []string
	want         []string
}

func (c conversation) run(t *testing.T) {
	t.Helper()
	r := nodetest.New(t, nodetest.Find(t, data.Nodes(), c.node), c.params)
	for _, text := range c.in {
		if err := r.Process(nodetest.JSON(text)); err != nil {
			t.Errorf("%s %s on %s: %v", c.node, c.params, text, err)
		}
	}
	if err := r.Flush(); err != nil {
		t.Error(err)
	}
	if got := r.Data(); !slices.Equal(got, c.want) {
		t.Errorf("%s %s:\n  on  %q\n got  %q\n want %q", c.node, c.params, c.in, got, c.want)
	}
}

// refusal is an item on which a node fails, and words of the message.
type refusal struct{ node, params, in, message string }

func (c refusal) run(t *testing.T) {
	t.Helper()
	r := nodetest.New(t, nodetest.Find(t, data.Nodes(), c.node), c.params)
	err := r.Process(nodetest.JSON(c.in))
	var f *fault.Error
	if err == nil || !strings.Contains(err.Error(), c.message) {
		t.Errorf("%s %s on %s: error %v, expected %q", c.node, c.params, c.in, err, c.message)
	}
	if errors.As(err, &f) && f.Kind != fault.NodeExecution {
		t.Errorf("%s: kind %s", err, f.Kind)
	}
	if len(r.Items) > 0 {
		t.Errorf("%s %s on %s emitted %q", c.node, c.params, c.in, r.Data())
	}
}

func TestAudioPassesDataNodes(t *testing.T) {
	r := nodetest.New(t, nodetest.Find(t, data.Nodes(), "CalculatorNode"), "{}")
	item := r.F32(8000, []float32{0.5})
	b := item.Audio
	r.Run(item)
	if len(r.Items) != 1 || r.Items[0].Audio != b {
		t.Errorf("got %v, expected the very buffer", r.Items)
	}
}
