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
	place, err := a.Enter(ss.Context(), c.tenant)
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

// compute gives an execution whose request is there its slot.
func (c *call) compute(ctx context.Context) (*admission.Slot, error) { return c.place.Compute(ctx) }

// computeChunk gives a turn of a stream its slot, for stream.Options.
func (l *live) computeChunk(ctx context.Context, came time.Time) (stream.Slot, error) {
	return l.call.admitted.Compute(ctx, came)
}
