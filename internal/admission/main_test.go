package admission

import (
	"errors"
	"testing"

	"go.uber.org/goleak"

	"github.com/remotemedia/remotemedia-go/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// refusedFor insists on a refusal for a reason and returns it.
func refusedFor(t *testing.T, err error, want Reason) *fault.Error {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Code != fault.CodeOverloaded {
		t.Fatalf("got %v, want a refusal", err)
	}
	if got := f.Context["reason"]; got != string(want) {
		t.Fatalf("refused for %v, want %v: %v", got, want, f)
	}
	return f
}

func checkStats(t *testing.T, c *Controller, want Stats) {
	t.Helper()
	got := c.Stats()
	type held struct{ places, queued, slots, waiting, live, streams int }
	g := held{got.Places, got.Queued, got.Slots, got.Waiting, got.WaitingLive, got.Streams}
	w := held{want.Places, want.Queued, want.Slots, want.Waiting, want.WaitingLive, want.Streams}
	if g != w {
		t.Errorf("stats %+v, want %+v", g, w)
	}
}

// checkEmpty insists that nothing is held or wanted any more.
func checkEmpty(t *testing.T, c *Controller) {
	t.Helper()
	checkStats(t, c, Stats{})
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.tenants) != 0 || c.backlog != 0 || c.coming.list.Len() != 0 {
		t.Errorf("%d tenants, a backlog of %d and %d calls on their way are left", len(c.tenants), c.backlog, c.coming.list.Len())
	}
}
