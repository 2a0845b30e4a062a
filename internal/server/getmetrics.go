package server

import (
	"context"
	"time"

	"google.golang.org/grpc"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/internal/metrics"
	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/version"
)

// getMetrics tells a snapshot of the recorder that Prometheus reads, too.
func (s *Server) getMetrics(_ context.Context, stream grpc.ServerStream) error {
	var req pb.MetricsRequest
	if err := s.receive(stream, &wire.Incoming{Message: &req}); err != nil {
		return err
	}
	if err := checkClient(req.GetClientVersion()); err != nil {
		return err // it has no place in the answer, so that it becomes FAILED_PRECONDITION
	}
	response := s.snapshot()
	if !req.GetIncludeNodeTypes() {
		response.NodeTypes = nil
	}
	if req.GetIncludeStreams() {
		response.Streams = streamsToProto(s.metrics.Streams())
	}
	if req.GetIncludePrometheusText() {
		text, err := s.metrics.Text(req.GetNamePrefixes()...)
		if err != nil {
			return fault.Wrap(fault.CodeInternal, err, "the metrics can't be written")
		}
		response.PrometheusText = text
	}
	return stream.SendMsg(response)
}

func (s *Server) snapshot() *pb.MetricsResponse {
	m := s.metrics.Snapshot()
	r := &pb.MetricsResponse{
		CollectedAt: m.Taken.UTC().Format(time.RFC3339Nano), UptimeSeconds: m.Uptime.Seconds(),
		RequestsTotal: m.Calls, RequestsFailedTotal: m.Failed,
		ActiveConnections: natural(m.Connections), ActiveExecutions: natural(m.Executions), ActiveStreams: natural(m.OpenStreams),
		QueueDepth: natural(m.QueueDepth), RejectedTotal: m.Rejected,
		ExecuteLatency: summaryToProto(s.metrics.CallLatency(shortMethod(executeMethod))), ChunkLatency: summaryToProto(m.ChunkLatency),
		ChunksTotal: m.Chunks, ChunksDroppedTotal: m.Dropped, AudioSamplesTotal: m.Samples,
		ResidentMemoryBytes: m.Resident, CpuUtilization: m.CPU, ErrorsByType: m.Errors,
		NodeTypes: make(map[string]*pb.NodeTypeStats, len(m.NodeTypes)), ProtocolVersion: version.Protocol,
	}
	for name, t := range m.NodeTypes {
		r.NodeTypes[name] = &pb.NodeTypeStats{Executions: t.Executions, Errors: t.Errors, TotalMs: exact(t.Total), Samples: t.Samples}
	}
	return r
}

func streamsToProto(streams []metrics.StreamInfo) []*pb.StreamInfo {
	out := make([]*pb.StreamInfo, len(streams))
	for i, s := range streams {
		out[i] = &pb.StreamInfo{
			SessionId: s.SessionID, Pipeline: s.Pipeline, Chunks: s.Chunks, AgeSeconds: s.Age.Seconds(), IdleSeconds: s.Idle.Seconds(),
		}
	}
	return out
}

func summaryToProto(s metrics.Summary) *pb.LatencySummary {
	return &pb.LatencySummary{
		Count: s.Count, MeanMs: exact(s.Mean), P50Ms: exact(s.P50), P95Ms: exact(s.P95), P99Ms: exact(s.P99), MaxMs: exact(s.Max),
	}
}

// exact gives a duration in milliseconds.
func exact(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// natural is a gauge as the wire has it: counted down and up by different goroutines, it may be below 0 for a moment.
func natural(n int64) uint64 { return uint64(max(n, 0)) }
