package load

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// A connection may take longer than a call may: only calls are held to their timeout.
func TestConnectionsTakeTheirTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		target, stop := virtualServer(t, []byte("answer"), echo(func() time.Duration { return time.Millisecond }))
		defer stop()
		dial := target.Dial
		target.Dial = func(ctx context.Context, address string) (net.Conn, error) {
			time.Sleep(time.Second) // virtual
			return dial(ctx, address)
		}
		r, err := Run(t.Context(), Config{Target: target, Workload: &UnaryWorkload{Method: "/echo/echo", Request: []byte("a")}, Requests: 3, Timeout: 10 * time.Millisecond, PlainTimers: true})
		if err != nil || r.Units+r.Failed != 3 {
			t.Errorf("%+v, %v", r, err)
		}
	})
}
