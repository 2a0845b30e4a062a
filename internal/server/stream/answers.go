package stream

import (
	"time"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/internal/metrics"
	"github.com/remotemedia/remotemedia-go/version"
)

// Close codes of StreamClosed: how a stream ended, for programs.
const (
	closeDone     int32 = 0
	closeCanceled int32 = 1
	closeFailed   int32 = 2
	closeTimedOut int32 = 3
	closeDraining int32 = 4
)

// What a client is advised to send when it doesn't say what it will.
const (
	recommendedChunk   = 4096
	maxBufferLatencyMS = 100
)

func (s *stream) ready(expected uint64) *pb.StreamResponse {
	if expected == 0 {
		expected = recommendedChunk
	}
	plan := s.opened.Session.Plan()
	return &pb.StreamResponse{Response: &pb.StreamResponse_Ready{Ready: &pb.StreamReady{
		SessionId: s.id, RecommendedChunkSize: expected, MaxBufferLatencyMs: maxBufferLatencyMS,
		InputNodeIds: plan.IDs(plan.Sources), OutputNodeIds: plan.IDs(plan.Outputs),
		IdleTimeoutMs: uint64(s.opts.IdleTimeout.Milliseconds()), QueueCapacity: uint64(s.opts.QueueChunks),
		ProtocolVersion: version.Protocol,
	}}}
}

// reply returns the empty result of the message that is sent next. There is one, as a message is encoded when Send returns.
func (s *stream) reply() *pb.ChunkResult {
	if s.pumped.message == nil {
		s.pumped.message = &pb.StreamResponse{Response: &pb.StreamResponse_Result{Result: new(pb.ChunkResult)}}
	}
	r := s.pumped.message.GetResult()
	r.Reset()
	return r
}

// answer completes the reply r with an output, sends it and lets the output go.
func (s *stream) answer(out *engine.Output, e *entry, r *pb.ChunkResult) {
	defer out.Release()
	start := time.Now()
	r.Warnings = s.newWarnings()
	if !r.IsFinal {
		s.counted(1, e.sequence)
		s.pumped.samples.Add(e.samples)
	}
	took := max(time.Since(e.received), 1) // a clock may be too coarse for it
	r.TotalSamplesProcessed, r.ProcessingTimeMs = s.pumped.samples.Load(), ms(took)
	var err error
	if s.pumped.frame, err = s.host.Result(r, s.opened.Session, out); err != nil {
		s.endByFailure(fault.From(err), r.Sequence)
		return
	}
	s.latencies().Record(took)
	if !r.IsFinal {
		s.opts.Observer.Answered(took, e.lasts)
	}
	s.pumped.encoding += time.Since(start)
	s.sendResult()
}

// newWarnings returns those that weren't told yet.
func (s *stream) newWarnings() []string {
	if len(s.opened.Warnings) == 0 && !s.opened.Session.Warned() {
		return nil
	}
	all := append(s.opened.Warnings[:len(s.opened.Warnings):len(s.opened.Warnings)], s.opened.Session.Warnings()...)
	fresh := all[min(s.pumped.warned, len(all)):]
	s.pumped.warned = len(all)
	return fresh
}

// latencies is made with the first chunk, so that an idle stream doesn't hold it.
func (s *stream) latencies() *metrics.Histogram {
	if s.pumped.latency == nil {
		s.pumped.latency = new(metrics.Histogram)
	}
	return s.pumped.latency
}

func (s *stream) metrics() *pb.StreamResponse {
	h := s.latencies()
	waiting, dropped := s.queue.figures()
	return &pb.StreamResponse{Response: &pb.StreamResponse_Metrics{Metrics: &pb.StreamMetrics{
		SessionId: s.id, ChunksProcessed: s.pumped.chunks.Load(), AverageLatencyMs: ms(h.Mean()),
		TotalSamples: s.pumped.samples.Load(), BufferSamples: waiting, ChunksDropped: dropped,
		PeakMemoryBytes: uint64(s.opened.Session.Account().Peak()),
		P50Ms:           ms(h.Quantile(0.5)), P95Ms: ms(h.Quantile(0.95)), P99Ms: ms(h.Quantile(0.99)),
	}}}
}

func (s *stream) closed(reason string, code int32) *pb.StreamResponse {
	c := &pb.StreamClosed{
		SessionId: s.id, Reason: reason, CloseCode: code,
		ChunksProcessed: s.pumped.chunks.Load(), TotalSamples: s.pumped.samples.Load(),
	}
	wall := time.Nanosecond
	if s.isOpen() {
		wall = max(wall, time.Since(s.pumped.began))
		c.FinalMetrics = s.host.Metrics(s.opened.Session, wall, s.pumped.encoding)
	} else {
		c.FinalMetrics = &pb.ExecutionMetrics{WallTimeMs: ms(wall), MemoryUsedBytes: 1} // clients divide by both
	}
	return &pb.StreamResponse{Response: &pb.StreamResponse_Closed{Closed: c}}
}

// sendError tells an error in band, with the place in the stream.
func (s *stream) sendError(err *fault.Error, sequence uint64) {
	kind := typeOf(err)
	err.With("stream_error_type", kind.String()).With("stream_error_code", int32(kind))
	err.With("failing_sequence", sequence).With("session_id", s.id)
	e := s.host.Failure(err)
	e.StreamErrorCode, e.FailingSequence, e.SessionId = int32(kind), sequence, s.id
	s.send(&pb.StreamResponse{Response: &pb.StreamResponse_Error{Error: e}})
}

func typeOf(err *fault.Error) pb.StreamErrorType {
	switch {
	case err.Code == fault.CodeStreamInit:
		return pb.StreamErrorType_STREAM_ERROR_INIT_REQUIRED
	case err.Code == fault.CodeStreamSequence:
		return pb.StreamErrorType_STREAM_ERROR_INVALID_SEQUENCE
	case err.Code == fault.CodeStreamOverflow:
		return pb.StreamErrorType_STREAM_ERROR_BUFFER_OVERFLOW
	case err.Code == fault.CodeStreamIdle, err.Code == fault.CodeTimeLimit:
		return pb.StreamErrorType_STREAM_ERROR_TIMEOUT
	case err.Kind == fault.NodeExecution, err.Kind == fault.Internal:
		return pb.StreamErrorType_STREAM_ERROR_EXECUTION
	}
	return pb.StreamErrorType_STREAM_ERROR_UNSPECIFIED
}

func closeCodeOf(err *fault.Error) int32 {
	if typeOf(err) == pb.StreamErrorType_STREAM_ERROR_TIMEOUT {
		return closeTimedOut
	}
	return closeFailed
}
