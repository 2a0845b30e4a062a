package app

import (
	"time"

	"github.com/remotemedia/remotemedia-go/internal/admission"
	"github.com/remotemedia/remotemedia-go/internal/metrics"
	"github.com/remotemedia/remotemedia-go/internal/server"
	"github.com/remotemedia/remotemedia-go/version"
)

// newRecorder makes the recorder of the service's metrics, which reads the figures that its parts keep.
func (a *app) newRecorder() *metrics.Recorder {
	sources := metrics.Sources{
		AbandonedWorkers: a.engine.Abandoned, MemoryUsed: a.budget.Used, MemoryBudget: a.budget.Limit,
		PoolIdle: a.engine.Pool().Retained, PoolOut: a.engine.Pool().Out,
	}
	if a.lines != nil {
		sources.LogLinesDropped = a.lines.Dropped
	}
	if a.tls != nil {
		sources.CertificateEnd = func() time.Time { return a.tls.Expiry().Leaf }
	}
	o := metrics.Options{Version: version.Runtime}
	if c := a.admission; c != nil {
		sources.QueueDepth = func() int64 { return int64(c.Stats().Queued) }
		sources.QueueCapacity = func() int64 { return int64(c.Stats().QueueLimit) }
		sources.Shedding = func() bool { return len(c.Stats().Shedding) > 0 }
		sources.ComputeSlots = func() int64 { return int64(c.Stats().SlotsLimit) }
		sources.ComputeSaturated = func() float64 { return c.Stats().Saturated.Seconds() }
		o.Reasons, o.Stages = reasons(), stages()
	}
	o.Sources = sources
	return server.NewRecorder(o)
}

func reasons() []string {
	var out []string
	for _, r := range admission.Reasons() {
		out = append(out, string(r))
	}
	return out
}

func stages() []string {
	return []string{admission.StagePlace.String(), admission.StageSlot.String(), admission.StageChunk.String(), admission.StagePause.String()}
}
