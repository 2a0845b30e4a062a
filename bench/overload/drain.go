package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/remotemedia/remotemedia-go/internal/load"
)

// drain asks the service to stop while ten times the capacity is offered (rows 6 and 19): it answers at once, what was let in is answered, and
// the process ends in time.
func (t *trial) drain(ctx context.Context) error {
	s, err := t.start(ctx, "drain", "")
	if err != nil {
		return err
	}
	flood := t.seconds(8)
	drained := make(chan stopping, 1)
	timer := time.AfterFunc(flood/2+time.Second, func() {
		began := time.Now()
		err := s.Post(ctx, "/drain")
		told := time.Since(began)
		<-s.Ended()
		drained <- stopping{told, time.Since(began), err}
	})
	var cut cuts
	r, err := t.offer(ctx, s, 10, flood, func(_ *load.Config, w *load.UnaryWorkload) { w.Ended = cut.ended })
	if timer.Stop() || err != nil {
		return errors.Join(err, s.Stop())
	}
	got := <-drained
	if got.err != nil {
		return got.err
	}
	const drainTimeout = 30 * time.Second
	t.report.AtMost("6", "10x C: /drain is answered in", ms(got.told), 50, "ms", "")
	t.report.AtMost("19", "10x C: from /drain to the end of the process", got.ended.Seconds(), drainTimeout.Seconds(), "s", "")
	t.report.AtMost("19", "10x C: calls that were cut by the end", float64(cut.n.Load()), 0, "", fmt.Sprintf("%+v; %s", split(r), cut.example()))
	return nil
}

// stopping is how a stop went.
type stopping struct {
	told, ended time.Duration
	err         error
}

// cuts counts calls that had begun and got no answer because the service stopped. To be told that it takes no calls, or to find nobody at the
// address, isn't that: such calls go elsewhere.
type cuts struct {
	n     atomic.Int64
	first atomic.Pointer[string]
}

func (c *cuts) ended(err error, trailer metadata.MD, _ time.Duration) {
	s := status.Convert(err)
	elsewhere := s.Code() == codes.Unavailable && (len(trailer) > 0 || strings.Contains(s.Message(), "connection refused"))
	if elsewhere || s.Code() == codes.DeadlineExceeded {
		return
	}
	c.n.Add(1)
	text := s.String()
	c.first.CompareAndSwap(nil, &text)
}

func (c *cuts) example() string {
	if text := c.first.Load(); text != nil {
		return *text
	}
	return ""
}
