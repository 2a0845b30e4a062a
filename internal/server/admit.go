package server

import (
	"context"
	"strings"
	"time"

	"google.golang.org/grpc"

	"github.com/remotemedia/remotemedia-go/internal/admission"
	"github.com/remotemedia/remotemedia-go/internal/server/stream"
)

// admit refuses what there is no capacity for, by the headers alone. What operators need most when there is none is always
// admitted: health, reflection, versions and metrics, each of which costs next to nothing.
func (s *Server) admit(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	a := s.options.Admission
	if a == nil || alwaysAdmitted(info.FullMethod) {
		return next(srv, ss)
	}
	c := callOf(ss.Context())
	if info.IsClientStream || info.IsServerStream {
		admitted, err := a.OpenStream(c.tenant)
		if err != nil {
			return err
		}
		defer admitted.Close()
		c.admitted = admitted
		return next(srv, ss)
	}
	place, err := c.enter(ss.Context(), a)
	if err != nil {
		return err
	}
	defer place.Leave()
	c.place = place
	return next(srv, ss)
}

func alwaysAdmitted(method string) bool {
	return method == versionMethod || method == metricsMethod || strings.HasPrefix(method, "/grpc.")
}

// enter gives a call its place.
func (c *call) enter(ctx context.Context, a *admission.Controller) (*admission.Place, error) {
	if c.span == nil {
		return a.Enter(ctx, c.tenant)
	}
	from := time.Now()
	defer func() { c.queued = time.Since(from) }()
	return a.Enter(ctx, c.tenant)
}

// compute gives an execution whose request is there its slot.
func (c *call) compute(ctx context.Context) (*admission.Slot, error) {
	if c.span == nil {
		return c.place.Compute(ctx)
	}
	from := time.Now()
	slot, err := c.place.Compute(ctx)
	c.span.Part("queue", from, time.Now(), faultOf(err))
	return slot, err
}

// computeChunk gives a turn of a stream its slot, for stream.Options.
func (l *live) computeChunk(ctx context.Context, came time.Time) (stream.Slot, error) {
	slot, err := l.call.admitted.Compute(ctx, came)
	if l.call.span != nil {
		l.came, l.queued = came, time.Since(came)
	}
	return slot, err
}
