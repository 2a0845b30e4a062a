package accept

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/remotemedia/remotemedia-go/bench/benchtest"
	"github.com/remotemedia/remotemedia-go/bench/measure"
	"github.com/remotemedia/remotemedia-go/bench/suite"
	"github.com/remotemedia/remotemedia-go/internal/load"
)

// counting is a workload whose operators count.
type counting struct {
	mu   sync.Mutex
	done map[int]int
}

func (c *counting) Kind() load.Kind                                        { return load.Calls }
func (c *counting) Open(context.Context, load.Setup) (load.Session, error) { return c, nil }
func (c *counting) Close() error                                           { return nil }

func (c *counting) Operator(n int) (load.Operator, error) { return countingOperator{c, n}, nil }

type countingOperator struct {
	of *counting
	n  int
}

func (o countingOperator) Do(context.Context, *load.Op) error {
	o.of.mu.Lock()
	defer o.of.mu.Unlock()
	o.of.done[o.n]++
	return nil
}

// With one worker, or an open loop that needs but a few, every connection is used all the same.
func TestEveryConnectionIsUsedInTurn(t *testing.T) {
	c := &counting{done: make(map[int]int)}
	r, err := load.Run(t.Context(), load.Config{Workload: rotated{c, 10}, Concurrency: 2, Requests: 100})
	if err != nil || r.Units != 100 || len(c.done) != 10 {
		t.Fatalf("%v: %d units on %d connections", err, r.Units, len(c.done))
	}
	for n, done := range c.done {
		if done != 10 {
			t.Errorf("connection %d had %d calls of 100, not 10", n, done)
		}
	}
}

func TestPassedOnlyIfAllAreMet(t *testing.T) {
	good, bad := most("A", "a", one(1), 2, ""), least("B", "b", one(1), 2, "ms")
	aside := told("C", "c", one(9), "", "aside")
	for _, c := range []struct {
		verdicts []measure.Verdict
		want     bool
	}{
		{nil, false}, {[]measure.Verdict{good, aside}, true}, {[]measure.Verdict{good, bad}, false},
		{[]measure.Verdict{good, {What: "never measured", Limit: 1}}, false},
	} {
		if got := Passed(c.verdicts); got != c.want {
			t.Errorf("%v: %v", c.verdicts, got)
		}
	}
	table := Table([]measure.Verdict{good, bad, aside})
	for _, wanted := range []string{
		"| A | a | <= 2.00 | 1.00 | yes | +50 % |", "| B | b | >= 2.00 ms | 1.00 ms | no | -50 % |", "| C | c |  | 9.00 | told |  | aside |",
	} {
		if !strings.Contains(table, wanted) {
			t.Errorf("the table lacks %q:\n%s", wanted, table)
		}
	}
}

// A short run with few clients: everything is measured, and nothing goes wrong. Its times say nothing.
func TestSC_EveryFigureIsMeasured(t *testing.T) {
	var progress bytes.Buffer
	verdicts, err := Run(t.Context(), Options{
		Folder: suite.Folder(benchtest.Programs(t)), Progress: &progress, Calls: 40, Seconds: 100 * time.Millisecond, Rounds: 1, Clients: 20,
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, progress.String())
	}
	ids := make(map[string]int)
	for _, v := range verdicts {
		ids[v.ID]++
		if !v.Known() {
			t.Errorf("%s %s wasn't measured", v.ID, v.What)
		}
		if strings.Contains(v.What, "errors") && v.Figure.Median != 0 {
			t.Errorf("%s %s: %v", v.ID, v.What, v.Figure)
		}
	}
	for _, id := range []string{"SC-001", "SC-002", "SC-003", "SC-004", "SC-005", "SC-008", "RS-6", "T033", "T034", "T035", "US3"} {
		if ids[id] == 0 {
			t.Errorf("nothing was measured for %s", id)
		}
	}
}

func TestRunNeedsTheService(t *testing.T) {
	if _, err := Run(t.Context(), Options{Folder: suite.Folder(t.TempDir()), Progress: &bytes.Buffer{}}); err == nil {
		t.Error("a run without a service told nothing")
	}
}
