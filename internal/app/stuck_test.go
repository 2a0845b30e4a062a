package app_test

import (
	"net/http"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/remotemedia/remotemedia-go/internal/app"
)

// TestRel15_TooManyStuckNodesMakeItNotReady until they come back: each call ends at its limit, and the nodes behind are counted.
func TestRel15_TooManyStuckNodesMakeItNotReady(t *testing.T) {
	const most = 16
	s := start(t, func(o *app.Options) {
		o.Config.Limits.MaxTimeoutMs, o.Config.Limits.DefaultMaxTimeoutMs = 100, 100
		o.Config.Admission.LoadShedding.CPUPercent = 100 // what else the machine does has no part in this
		o.Config.Admission.LoadShedding.MemoryPercent = 100
	})
	for range most {
		failed := make(chan string, 1)
		go func() {
			got, err := s.execute("Stuck")
			if err != nil {
				failed <- err.Error()
				return
			}
			failed <- got.GetError().GetCode()
		}()
		select {
		case <-s.gates.entered:
		case got := <-failed:
			t.Fatalf("a call never got to its node: %s", got)
		}
		if got := <-failed; got != "time_limit" {
			t.Fatalf("got %s", got)
		}
	}
	s.log.await("load is being shed")
	if code, _ := s.get("/readyz"); code != http.StatusServiceUnavailable {
		t.Errorf("/readyz: %d", code)
	}
	if _, err := s.execute("Pass"); status.Code(err) != codes.Unavailable {
		t.Errorf("a new call got %v", err)
	}
	close(s.gates.release)
	s.log.await("load is no longer shed")
	if code, _ := s.get("/readyz"); code != http.StatusOK {
		t.Errorf("/readyz after they came back: %d", code)
	}
	if _, err := s.execute("Pass"); err != nil {
		t.Errorf("after they came back: %v", err)
	}
	s.stop()
	if err := <-s.ended; err != nil {
		t.Error(err)
	}
}
