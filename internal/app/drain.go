package app

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/remotemedia/remotemedia-go/internal/server"
)

// cutTime is how long calls get to end that have been cut. They end at once, unless something is broken.
const cutTime = 500 * time.Millisecond

// stop ends the service in order: readiness first, so that balancers look elsewhere, the operators' port last.
func (a *app) stop() error {
	a.change(func(s *state) { s.serving = false })
	a.log.Info("stopping", "in_flight", len(a.server.InFlight()))
	time.Sleep(a.config.Server.DrainDelay) // for balancers to notice; calls are served meanwhile
	err := a.drain(a.config.Server.DrainTimeout)
	if a.admin != nil {
		err = errors.Join(err, a.admin.close())
	}
	a.log.Info("stopped", "abandoned_workers", a.engine.Abandoned())
	return err
}

// drain waits for the calls in flight, which a stuck one would make for ever, and cuts and names them when the time is over.
func (a *app) drain(timeout time.Duration) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		a.server.GracefulStop()
	}()
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case <-done:
		return nil
	case <-timer.C:
	}
	stuck := a.server.InFlight()
	a.server.Stop()
	timer.Reset(cutTime)
	select {
	case <-done:
	case <-timer.C: // a handler doesn't return: the process ends without it
	}
	return a.name(stuck, timeout)
}

// name tells which calls were cut, the oldest first.
func (a *app) name(stuck []server.InFlight, timeout time.Duration) error {
	const most = 5
	slices.SortFunc(stuck, func(x, y server.InFlight) int { return cmp.Compare(y.Age, x.Age) })
	var names []string
	for _, c := range stuck {
		a.log.Error("a call was cut", "method", strings.TrimPrefix(c.Method, "/"), "request_id", c.RequestID, "client", c.Client,
			"pipeline", c.Pipeline, "node_id", c.Node, "age_ms", c.Age.Milliseconds())
		if len(names) < most {
			names = append(names, fmt.Sprintf("%s at node %q (request %s)", strings.TrimPrefix(c.Method, "/"), c.Node, c.RequestID))
		}
	}
	if len(names) == 0 {
		return fmt.Errorf("connections were still open after %v and were cut", timeout)
	}
	return fmt.Errorf("%d calls were still running after %v and were cut: %s", len(stuck), timeout, strings.Join(names, ", "))
}
