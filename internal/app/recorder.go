package app

import (
	"github.com/remotemedia/remotemedia-go/internal/metrics"
	"github.com/remotemedia/remotemedia-go/internal/server"
	"github.com/remotemedia/remotemedia-go/version"
)

// newRecorder makes the recorder of the service's metrics, which reads the figures that its parts keep.
func (a *app) newRecorder() *metrics.Recorder {
	return server.NewRecorder(metrics.Options{Version: version.Runtime, Sources: metrics.Sources{
		AbandonedWorkers: a.engine.Abandoned, LogLinesDropped: a.options.LogDropped,
	}})
}
