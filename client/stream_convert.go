package client

import (
	"encoding/json"
	"time"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/manifest"
	"github.com/remotemedia/remotemedia-go/media"
)

// Backpressure says what the service does with a chunk that finds its queue full.
type Backpressure uint8

// The policies.
const (
	Block      Backpressure = iota // it stops reading, so that Send waits; nothing is lost
	DropOldest                     // the chunk that waited longest is dropped and answered so
	DropNewest                     // the chunk that came is dropped and answered so
	Refuse                         // the stream ends with an error
)

// StreamOptions are what a stream may ask for; the zero value asks for nothing.
type StreamOptions struct {
	Data            map[string]json.RawMessage // data items by node, which join the first chunk
	Limits          media.Limits               // Timeout is that of each chunk
	Backpressure    Backpressure
	RequestID       string   // names the stream in the service's log
	OutputNodes     []string // nodes whose outputs come besides those of the sinks
	ChunkSamples    uint64   // that chunks will have, over all channels
	MetricsInterval uint64   // chunks from one update of Stats to the next; 0 is 10
	ContinueOnError bool     // a chunk on which a node fails is answered with the Failure, and the stream goes on
}

// Session is what the service says when a stream is ready.
type Session struct {
	ID          string
	Inputs      []string      // nodes that take chunks, in the order of the manifest
	Outputs     []string      // nodes whose outputs come
	IdleTimeout time.Duration // the stream is closed when no chunk comes for so long; 0 where the service doesn't say
	Queue       uint64        // chunks that wait at most; 0 where the service doesn't say
}

// StreamStats are a stream's counters so far.
type StreamStats struct {
	Chunks, Dropped uint64
	Samples         uint64        // of input, over all channels
	Waiting         uint64        // samples that are queued
	PeakMemory      uint64        // bytes
	P50, P95, P99   time.Duration // of Answer.Took
}

// How a stream ended, in Closed.Code.
const (
	CloseDone     = 0
	CloseCanceled = 1
	CloseFailed   = 2
	CloseTimedOut = 3
	CloseDraining = 4
)

// Closed is a service's last word in a stream.
type Closed struct {
	Reason  string
	Code    int
	Chunks  uint64
	Samples uint64             // of input, over all channels
	Nodes   []media.NodeReport // in the order of the manifest; they cover the whole stream
	Metrics media.Metrics
}

func encodeInit(m *manifest.Manifest, o StreamOptions) (*pb.StreamInit, error) {
	whole, err := encode(Request{Manifest: m, Inputs: media.Inputs{Data: o.Data}, Limits: o.Limits})
	if err != nil {
		return nil, err
	}
	return &pb.StreamInit{
		Manifest: whole.GetManifest(), DataInputs: whole.GetDataInputs(), ResourceLimits: whole.GetResourceLimits(),
		ExpectedChunkSize: o.ChunkSamples,
		Backpressure:      pb.BackpressurePolicy(o.Backpressure) + pb.BackpressurePolicy_BACKPRESSURE_POLICY_BLOCK,
		OutputNodes:       o.OutputNodes, MetricsIntervalChunks: o.MetricsInterval, ContinueOnError: o.ContinueOnError,
	}, nil
}

func chunkToProto(node string, sequence uint64, c Chunk) (*pb.StreamRequest, error) {
	if c.At < 0 {
		return nil, fault.New(fault.CodeBadAudio, "chunk %d is at %v: media time begins at 0", sequence, c.At).WithNode(node)
	}
	at := uint64(c.At / time.Millisecond)
	if c.Data != nil {
		chunk := &pb.JsonChunk{NodeId: node, Json: string(c.Data), Sequence: sequence, TimestampMs: at, Port: c.Port}
		return &pb.StreamRequest{Request: &pb.StreamRequest_DataChunk{DataChunk: chunk}}, nil
	}
	buffer, err := audioToProto(node, c.Audio)
	if err != nil {
		return nil, err
	}
	chunk := &pb.AudioChunk{NodeId: node, Buffer: buffer, Sequence: sequence, TimestampMs: at}
	return &pb.StreamRequest{Request: &pb.StreamRequest_AudioChunk{AudioChunk: chunk}}, nil
}

func sessionFromProto(r *pb.StreamReady) Session {
	return Session{
		ID: r.GetSessionId(), Inputs: r.GetInputNodeIds(), Outputs: r.GetOutputNodeIds(),
		IdleTimeout: time.Duration(r.GetIdleTimeoutMs()) * time.Millisecond, Queue: r.GetQueueCapacity(),
	}
}

func answerFromProto(r *pb.ChunkResult, m *manifest.Manifest) *Answer {
	outputs := decode(&pb.ExecutionResult{
		AudioOutputs: r.GetAudioOutputs(), DataOutputs: r.GetDataOutputs(),
		AudioOutputLists: r.GetAudioOutputLists(), DataOutputLists: r.GetDataOutputLists(), Warnings: r.GetWarnings(),
	}, m)
	return &Answer{
		Result: *outputs, Sequence: r.GetSequence(), Final: r.GetIsFinal(), Dropped: r.GetDropped(),
		Took: fromMillis(r.GetProcessingTimeMs()), Samples: r.GetTotalSamplesProcessed(),
	}
}

func statsFromProto(m *pb.StreamMetrics) StreamStats {
	return StreamStats{
		Chunks: m.GetChunksProcessed(), Dropped: m.GetChunksDropped(), Samples: m.GetTotalSamples(),
		Waiting: m.GetBufferSamples(), PeakMemory: m.GetPeakMemoryBytes(),
		P50: fromMillis(m.GetP50Ms()), P95: fromMillis(m.GetP95Ms()), P99: fromMillis(m.GetP99Ms()),
	}
}

// closedFromProto reports every node of the manifest; those without figures were reached by nothing.
func closedFromProto(c *pb.StreamClosed, m *manifest.Manifest) *Closed {
	figures := c.GetFinalMetrics()
	whole := &pb.ExecutionResult{Metrics: figures}
	for _, n := range m.Nodes {
		status := pb.NodeStatus_NODE_STATUS_SKIPPED
		if figures.GetNodeMetrics()[n.ID] != nil {
			status = pb.NodeStatus_NODE_STATUS_SUCCESS
		}
		whole.NodeResults = append(whole.NodeResults, &pb.NodeResult{NodeId: n.ID, Status: status})
	}
	r := decode(whole, m)
	return &Closed{
		Reason: c.GetReason(), Code: int(c.GetCloseCode()), Chunks: c.GetChunksProcessed(), Samples: c.GetTotalSamples(),
		Nodes: r.Nodes, Metrics: r.Metrics,
	}
}
