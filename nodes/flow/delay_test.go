package flow_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/node/nodetest"
	"github.com/remotemedia/remotemedia-go/nodes/flow"
)

func TestDelayWaitsForEveryItem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rig(t, "DelayNode", `{"delayMs": 250}`)
		start := time.Now()
		r.Run(nodetest.JSON("1"), nodetest.JSON("2"))
		if got := time.Since(start); got != 500*time.Millisecond || len(r.Items) != 2 {
			t.Errorf("%d items took %v, expected 2 in 500ms", len(r.Items), got)
		}
	})
}

func TestDelayEndsWhenTheExecutionDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rig(t, "DelayNode", `{"delay_ms": 600000}`)
		reason := errors.New("enough")
		start := time.Now()
		r.CancelAt(0, reason)
		if err := r.Process(nodetest.JSON("1")); !errors.Is(err, reason) || time.Since(start) != 0 || len(r.Items) != 0 {
			t.Errorf("error %v after %v with %d items", err, time.Since(start), len(r.Items))
		}
	})
}

func TestDelayIsBounded(t *testing.T) {
	for _, params := range []string{`{"delay_ms": -1}`, `{"delay_ms": 600001}`, `{"delay_ms": "5"}`, `{"delay_ms": 0.5}`} {
		_, problems := nodetest.Find(t, flow.Nodes(), "DelayNode").Decode([]byte(params))
		if fault.FromProblems(problems) == nil {
			t.Errorf("%s is accepted", params)
		}
	}
}
