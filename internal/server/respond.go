package server

import (
	"fmt"
	"time"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/version"
)

// respond encodes the answer: first the result, then its metrics, which tell how long the first took.
func (x *execution) respond(out *engine.Output) (wire.Frame, error) {
	start := time.Now()
	var o outputs
	o.fill(out)
	result := x.result(out, &o)
	build := time.Since(start)
	return x.server.codec.EncodeExecution(o.audio, x.session.Account(), result, func(encode time.Duration) *pb.ExecutionMetrics {
		return x.metrics(out, build, encode)
	})
}

// result is everything but the audio and the metrics.
func (x *execution) result(out *engine.Output, o *outputs) *pb.ExecutionResult {
	r := &pb.ExecutionResult{
		DataOutputs: o.data, DataOutputLists: o.dataLists,
		EffectiveLimits: limitsToProto(x.limits), RequestId: x.call.requestID, ProtocolVersion: version.Protocol,
	}
	r.Status, r.NodeResults = x.nodeResults(out)
	x.warn(out)
	r.Warnings = x.warnings
	return r
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

// nodeResults tells of every node of the manifest, in its order, whether it ran and what it gave.
func (x *execution) nodeResults(out *engine.Output) (pb.ExecutionStatus, []*pb.NodeResult) {
	status := pb.ExecutionStatus_EXECUTION_STATUS_SUCCESS
	results := make([]*pb.NodeResult, len(out.Stats))
	for i := range out.Stats {
		r := &pb.NodeResult{NodeId: x.plan.Nodes[i].ID, Status: pb.NodeStatus_NODE_STATUS_SUCCESS}
		if !out.Stats[i].Ran {
			r.Status = pb.NodeStatus_NODE_STATUS_SKIPPED
			status = pb.ExecutionStatus_EXECUTION_STATUS_PARTIAL_SUCCESS
		}
		r.OutputMetadata = outputMetadata(&out.Stats[i])
		results[i] = r
	}
	return status, results
}

func outputMetadata(s *engine.NodeStats) string {
	m := map[string]any{"kinds": append([]string{}, s.Kinds.Names()...), "items": s.ItemsOut}
	if s.Format.Rate > 0 {
		m["output_format"], m["channels"], m["sample_rate"] = s.Format.Encoding.String(), s.Format.Channels, s.Format.Rate
		m["num_samples"] = s.SamplesOut
	}
	return jsonText(m)
}

// jsonText encodes figures; what can't be encoded, which a node's own figures may hold, is left out.
func jsonText(m map[string]any) string {
	if text, err := wire.EncodeJSON(wire.FiniteMap(m)); err == nil {
		return text
	}
	return ""
}
