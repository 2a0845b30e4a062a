package server

import (
	"maps"
	"time"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/engine"
)

// metrics tells what the execution cost. Clients divide by times, so that none of what happened is 0.
func (x *execution) metrics(out *engine.Output, build, encode time.Duration) *pb.ExecutionMetrics {
	codec := x.in.Decode + x.adopt + build + encode
	busy := codec
	for i := range out.Stats {
		busy += out.Stats[i].Time - out.Stats[i].Waited
	}
	return &pb.ExecutionMetrics{
		WallTimeMs:          positive(time.Since(x.in.Arrived)),
		CpuTimeMs:           positive(busy),
		MemoryUsedBytes:     uint64(max(x.session.Account().Peak(), 1)),
		NodeMetrics:         x.nodeMetrics(out),
		SerializationTimeMs: positive(codec),
		ProtoToRuntimeMs:    positive(x.in.Decode + x.adopt),
		RuntimeToProtoMs:    positive(build + encode),
		DataTypeBreakdown:   x.kinds,
	}
}

func positive(d time.Duration) float64 { return float64(max(d, 1)) / float64(time.Millisecond) }

func (x *execution) nodeMetrics(out *engine.Output) map[string]*pb.NodeMetrics {
	m := make(map[string]*pb.NodeMetrics, len(out.Stats))
	for i := range out.Stats {
		if s := &out.Stats[i]; s.Ran {
			m[x.plan.Nodes[i].ID] = &pb.NodeMetrics{
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
