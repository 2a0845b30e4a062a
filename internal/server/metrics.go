package server

import (
	"time"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/engine"
)

// metrics tells what the execution cost. Clients divide by times, so that none of what happened is 0.
func (x *execution) metrics(out *engine.Output, build, encode time.Duration) *pb.ExecutionMetrics {
	in, answer := max(x.in.Decode+x.adopt, 1), max(build+encode, 1) // a clock may be too coarse for them
	codec := in + answer
	m := &x.reply.metrics
	m.WallTimeMs = positive(time.Since(x.in.Arrived))
	m.CpuTimeMs = positive(codec + busy(out.Stats))
	m.MemoryUsedBytes = uint64(max(x.session.Account().Peak(), 1))
	m.NodeMetrics = x.reply.nodes.nodeMetrics(x.plan, out.Stats)
	m.SerializationTimeMs = positive(codec)
	m.ProtoToRuntimeMs = positive(in)
	m.RuntimeToProtoMs = positive(answer)
	m.DataTypeBreakdown = x.reply.kinds
	return m
}

// busy is the time that nodes worked, without what they waited.
func busy(stats []engine.NodeStats) time.Duration {
	var d time.Duration
	for i := range stats {
		d += stats[i].Time - stats[i].Waited
	}
	return d
}

func positive(d time.Duration) float64 { return exact(max(d, 1)) }
