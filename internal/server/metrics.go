package server

import (
	"maps"
	"time"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/graph"
)

// metrics tells what the execution cost. Clients divide by times, so that none of what happened is 0.
func (x *execution) metrics(out *engine.Output, build, encode time.Duration) *pb.ExecutionMetrics {
	codec := x.in.Decode + x.adopt + build + encode
	return &pb.ExecutionMetrics{
		WallTimeMs:          positive(time.Since(x.in.Arrived)),
		CpuTimeMs:           positive(codec + busy(out.Stats)),
		MemoryUsedBytes:     uint64(max(x.session.Account().Peak(), 1)),
		NodeMetrics:         nodeMetrics(x.plan, out.Stats),
		SerializationTimeMs: positive(codec),
		ProtoToRuntimeMs:    positive(x.in.Decode + x.adopt),
		RuntimeToProtoMs:    positive(build + encode),
		DataTypeBreakdown:   x.kinds,
	}
}

// busy is the time that nodes worked, without what they waited.
func busy(stats []engine.NodeStats) time.Duration {
	var d time.Duration
	for i := range stats {
		d += stats[i].Time - stats[i].Waited
	}
	return d
}

func positive(d time.Duration) float64 { return float64(max(d, 1)) / float64(time.Millisecond) }

func nodeMetrics(plan *graph.Plan, stats []engine.NodeStats) map[string]*pb.NodeMetrics {
	m := make(map[string]*pb.NodeMetrics, len(stats))
	for i := range stats {
		if s := &stats[i]; s.Ran {
			m[plan.Nodes[i].ID] = &pb.NodeMetrics{
				ExecutionTimeMs: positive(s.Time), MemoryBytes: uint64(s.Memory), SamplesProcessed: s.Samples, CustomMetrics: customMetrics(s),
			}
		}
	}
	return m
}

// customMetrics joins the node's own figures with those that every node has.
func customMetrics(s *engine.NodeStats) string {
	m := make(map[string]any, len(s.Custom)+2)
	maps.Copy(m, s.Custom)
	m["items_in"], m["items_out"] = s.ItemsIn, s.ItemsOut
	if text := jsonText(m); text != "" {
		return text
	}
	return jsonText(map[string]any{"items_in": s.ItemsIn, "items_out": s.ItemsOut})
}
