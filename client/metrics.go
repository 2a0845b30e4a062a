package client

import (
	"context"
	"time"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
)

// MetricsOptions say what is wanted besides the counters.
type MetricsOptions struct {
	NodeTypes  bool     // figures of each node type
	Streams    bool     // the open streams
	Prometheus bool     // the text of Prometheus' format
	Prefixes   []string // of the names in that text; none means all
}

// ServiceMetrics are a snapshot of a service's counters. Totals count since it started.
type ServiceMetrics struct {
	Collected time.Time // zero where the service's clock can't be read
	Uptime    time.Duration

	Requests, Failed, Refused uint64 // all methods; Refused for want of capacity
	Connections               uint64 // open now
	Executions, OpenStreams   uint64 // under way now
	Waiting                   uint64 // for admission now

	ExecuteLatency, ChunkLatency LatencySummary
	Chunks, ChunksDropped        uint64
	Samples                      uint64  // of input, over all channels and nodes
	ResidentMemory               uint64  // bytes
	CPU                          float64 // share of the processors in use, 0 to 1

	Errors     map[string]uint64        // by the name of their type
	NodeTypes  map[string]NodeTypeStats // by canonical name; nil unless asked for
	Streams    []StreamInfo             // nil unless asked for
	Prometheus string                   // "" unless asked for
}

// LatencySummary describes a distribution; all is 0 when nothing was observed.
type LatencySummary struct {
	Count                    uint64
	Mean, P50, P95, P99, Max time.Duration
}

// NodeTypeStats count the work of a node type.
type NodeTypeStats struct {
	Executions, Errors uint64
	Busy               time.Duration
	Samples            uint64 // of input, over all channels
}

// StreamInfo describes an open stream.
type StreamInfo struct {
	Session, Pipeline string
	Chunks            uint64
	Age, Idle         time.Duration
}

// Metrics asks for a snapshot of the service's counters; where it has tokens, for that the scope metrics is needed.
func (c *Client) Metrics(ctx context.Context, o MetricsOptions) (*ServiceMetrics, error) {
	in := &pb.MetricsRequest{
		ClientVersion: c.settings.version, IncludeNodeTypes: o.NodeTypes, IncludeStreams: o.Streams,
		IncludePrometheusText: o.Prometheus, NamePrefixes: o.Prefixes,
	}
	out := new(pb.MetricsResponse)
	if err := c.call(ctx, metricsMethod, "", in, out); err != nil {
		return nil, err
	}
	return metricsFromProto(out), nil
}

func metricsFromProto(in *pb.MetricsResponse) *ServiceMetrics {
	collected, _ := time.Parse(time.RFC3339Nano, in.GetCollectedAt()) // zero is documented
	m := &ServiceMetrics{
		Collected: collected, Uptime: fromMillis(in.GetUptimeSeconds() * 1000),
		Requests: in.GetRequestsTotal(), Failed: in.GetRequestsFailedTotal(), Refused: in.GetRejectedTotal(),
		Connections: in.GetActiveConnections(), Executions: in.GetActiveExecutions(), OpenStreams: in.GetActiveStreams(),
		Waiting: in.GetQueueDepth(), ExecuteLatency: summaryFromProto(in.GetExecuteLatency()), ChunkLatency: summaryFromProto(in.GetChunkLatency()),
		Chunks: in.GetChunksTotal(), ChunksDropped: in.GetChunksDroppedTotal(), Samples: in.GetAudioSamplesTotal(),
		ResidentMemory: in.GetResidentMemoryBytes(), CPU: in.GetCpuUtilization(), Errors: in.GetErrorsByType(), Prometheus: in.GetPrometheusText(),
	}
	for name, t := range in.GetNodeTypes() {
		if m.NodeTypes == nil {
			m.NodeTypes = make(map[string]NodeTypeStats)
		}
		m.NodeTypes[name] = NodeTypeStats{t.GetExecutions(), t.GetErrors(), fromMillis(t.GetTotalMs()), t.GetSamples()}
	}
	for _, s := range in.GetStreams() {
		m.Streams = append(m.Streams, StreamInfo{
			Session: s.GetSessionId(), Pipeline: s.GetPipeline(), Chunks: s.GetChunks(),
			Age: fromMillis(s.GetAgeSeconds() * 1000), Idle: fromMillis(s.GetIdleSeconds() * 1000),
		})
	}
	return m
}

func summaryFromProto(s *pb.LatencySummary) LatencySummary {
	return LatencySummary{
		s.GetCount(), fromMillis(s.GetMeanMs()), fromMillis(s.GetP50Ms()), fromMillis(s.GetP95Ms()), fromMillis(s.GetP99Ms()), fromMillis(s.GetMaxMs()),
	}
}
