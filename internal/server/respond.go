package server

import (
	"fmt"
	"time"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/internal/wire"
)

// respond encodes the answer: first the result, then its metrics, which tell how long the first took.
func (x *execution) respond(out *engine.Output) (wire.Frame, error) {
	start := time.Now()
	result := x.result(out)
	build := time.Since(start)
	return x.server.codec.EncodeExecution(x.reply.outputs.audio, x.session.Account(), result, func(encode time.Duration) *pb.ExecutionMetrics {
		return x.metrics(out, build, encode)
	})
}

// warn collects the warnings of limits, manifest, nodes and skipped nodes, in that order.
func (x *execution) warn(out *engine.Output) {
	for _, p := range x.plan.Warnings {
		x.warnings = append(x.warnings, p.String())
	}
	x.warnings = append(x.warnings, x.session.Warnings()...)
	for i := range out.Stats {
		if !out.Stats[i].Ran {
			x.warnings = append(x.warnings, fmt.Sprintf("node %q was skipped: nothing reached it", x.plan.Nodes[i].ID))
		}
	}
	x.call.warnings = len(x.warnings)
}
