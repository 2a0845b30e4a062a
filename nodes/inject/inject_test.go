package inject_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/remotemedia/remotemedia-go/mem"
	"github.com/remotemedia/remotemedia-go/node/nodetest"
	"github.com/remotemedia/remotemedia-go/nodes/inject"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func rig(t *testing.T, name, params string) *nodetest.Rig {
	t.Helper()
	return nodetest.New(t, nodetest.Find(t, inject.Nodes(), name), params)
}

func TestErrorComesAfterTheSparedItems(t *testing.T) {
	r := rig(t, "ErrorNode", `{"message": "no luck", "after": 2}`)
	if err := r.Process(nodetest.JSON("1"), nodetest.JSON("2")); err != nil {
		t.Fatal(err)
	}
	if err := r.Process(nodetest.JSON("3")); err == nil || err.Error() != "no luck" {
		t.Errorf("got error %v, expected no luck", err)
	}
	if got := r.Data(); len(got) != 2 {
		t.Errorf("got %q, expected the two spared items", got)
	}
}

func TestPanic(t *testing.T) {
	r := rig(t, "PanicNode", `{"message": "bang"}`)
	defer func() {
		if p := recover(); p != "bang" {
			t.Errorf("recovered %v, expected bang", p)
		}
	}()
	_ = r.Process(nodetest.JSON("1"))
	t.Error("it didn't panic")
}

func TestSleepHeedsCancelUnlessToldNotTo(t *testing.T) {
	for params, want := range map[string]time.Duration{
		`{"ms": 5000}`:                        time.Second,
		`{"ms": 5000, "ignore_cancel": true}`: 5 * time.Second,
		`{"ms": 500}`:                         500 * time.Millisecond,
	} {
		synctest.Test(t, func(t *testing.T) {
			r := rig(t, "SleepNode", params)
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			r.SetContext(ctx)
			start := time.Now()
			err := r.Process(nodetest.JSON("1"))
			if got := time.Since(start); got != want {
				t.Errorf("%s took %v, expected %v", params, got, want)
			}
			if stopped := errors.Is(err, context.DeadlineExceeded); stopped != (want == time.Second) {
				t.Errorf("%s: error %v", params, err)
			}
		})
	}
}

func TestAllocKeepsWhatItTakesAndMeetsTheLimit(t *testing.T) {
	r := rig(t, "AllocNode", `{"bytes": 1000}`)
	r.Run(nodetest.JSON("1"), nodetest.JSON("2"))
	if got := r.Account().Used(); got != 2000 {
		t.Errorf("it holds %d bytes, expected 2000", got)
	}
	r = rig(t, "AllocNode", `{"bytes": 1099511627776}`)
	var limit *mem.LimitError
	if err := r.Process(nodetest.JSON("1")); !errors.As(err, &limit) {
		t.Errorf("got error %v, expected that of the limit", err)
	}
}

func TestLeakLeavesMemoryThatNothingCounts(t *testing.T) {
	r := rig(t, "LeakNode", `{"bytes": 1000, "after": 1}`)
	before := len(inject.Left())
	r.Run(nodetest.JSON("1"), nodetest.JSON("2"), nodetest.JSON("3"))
	if got := inject.Left()[before:]; len(got) != 2 || len(got[0]) != 1000 || r.Account().Used() != 0 {
		t.Errorf("%d blocks were left behind, expected 2 of 1000 bytes; the account has %d bytes", len(got), r.Account().Used())
	}
}
