package server

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/internal/metrics"
	"github.com/remotemedia/remotemedia-go/internal/server/stream"
	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/mem"
)

// StreamOptions are the times and bounds of live streams; the zero value of each field means the contract's.
type StreamOptions struct {
	InitTimeout time.Duration // for the first request
	IdleTimeout time.Duration // without any request
	SendTimeout time.Duration // for one answer to be taken by the peer
	QueueChunks int           // chunks that wait at most
	QueueBytes  int           // bytes that wait at most
}

// live is one call of StreamPipeline: the server's side of package stream.
type live struct {
	server *Server
	call   *call
	grpc   grpc.ServerStream

	requests  wire.Requests // as they are read
	outputs   outputs       // of the answer being sent
	sessionID string        // this and what follows is set when the stream is open
	session   *engine.Session
	measure   *metrics.Stream
	seen      []engine.NodeStats          // of the turns that were counted
	spare     []engine.NodeStats          // for the next turn
	last      atomic.Pointer[fault.Error] // that was told

	// For spans, where there are any.
	answered uint64        // chunks, or failed
	came     time.Time     // the last that asked for its share of the processors
	queued   time.Duration // how long it waited for it
}

// streamPipeline serves a live stream. What goes wrong is told in band, so that the status is OK unless the client is gone or
// doesn't read.
func (s *Server) streamPipeline(ctx context.Context, ss grpc.ServerStream) error {
	l := &live{server: s, call: callOf(ctx), grpc: ss}
	o := s.settings.Load().Stream
	err := stream.Run(l, l, stream.Options{
		InitTimeout: o.InitTimeout, IdleTimeout: o.IdleTimeout, SendTimeout: o.SendTimeout,
		QueueChunks: o.QueueChunks, QueueBytes: o.QueueBytes, Drain: s.drain, Ended: l.ended, Observer: l, Compute: l.computeChunk,
	})
	if errors.Is(err, stream.ErrStalled) {
		return fault.Wrap(fault.CodeStreamStalled, err, "the stream was cut")
	}
	return err
}

// Context implements stream.Conn.
func (l *live) Context() context.Context { return l.grpc.Context() }

// Recv implements stream.Conn.
func (l *live) Recv() (*pb.StreamRequest, error) {
	if err := l.server.receiveAny(l.grpc, &l.requests); err != nil {
		return nil, err
	}
	if l.requests.Err != nil {
		return nil, undecodable(l.requests.Err)
	}
	return l.requests.Message, nil
}

// Audio implements stream.Conn.
func (l *live) Audio(in *pb.AudioBuffer, account *mem.Account) (*audio.Buffer, bool, error) {
	return l.requests.Audio(in, account)
}

// Done implements stream.Conn.
func (l *live) Done() { l.requests.Release() }

// Send implements stream.Conn.
func (l *live) Send(m *pb.StreamResponse) error { return l.grpc.SendMsg(m) }

// SendResult implements stream.Conn.
func (l *live) SendResult(f *wire.Frame) error {
	defer f.Free() // where it couldn't be sent
	return l.grpc.SendMsg(f)
}

// Open implements stream.Host.
func (l *live) Open(_ context.Context, init *pb.StreamInit) (*stream.Opened, *fault.Error) {
	opened, err := l.open(init)
	if err != nil {
		return nil, fault.From(err)
	}
	return opened, nil
}

func (l *live) open(init *pb.StreamInit) (*stream.Opened, error) {
	if err := checkClient(init.GetClientVersion()); err != nil {
		return nil, err
	}
	limits, warnings, err := l.server.limits(init.GetResourceLimits())
	if err != nil {
		return nil, err
	}
	req := &pb.ExecuteRequest{Manifest: init.GetManifest(), DataInputs: init.GetDataInputs(), OutputNodes: init.GetOutputNodes()}
	plan, data, err := l.server.plan(&planRequest{ExecuteRequest: req, live: true}, limits)
	if err != nil {
		return nil, err
	}
	session, err := l.server.options.Engine.Open(plan, limits)
	if err != nil {
		return nil, err
	}
	l.call.running.session.Store(session)
	for _, p := range plan.Warnings {
		warnings = append(warnings, p.String())
	}
	opened := &stream.Opened{Session: session, Warnings: warnings}
	for i := range plan.Nodes {
		if item, ok := data[plan.Nodes[i].ID]; ok {
			opened.Data = append(opened.Data, engine.Input{Node: i, Item: item})
		}
	}
	return opened, nil
}

// Failure implements stream.Host. The pump calls it while the handler waits.
func (l *live) Failure(err *fault.Error) *pb.ErrorResponse {
	err = withID(err)
	l.last.Store(err)
	l.server.log.LogAttrs(context.Background(), slog.LevelWarn, "stream error", appendFault(l.attributes(), err)...)
	return wire.ErrorToProto(err, wire.ErrorOptions{RequestID: l.call.requestID, Debug: l.server.options.Debug})
}

// Result implements stream.Host. The audio was rendered with the output, so that no memory is asked for here.
func (l *live) Result(r *pb.ChunkResult, s *engine.Session, out *engine.Output) (wire.Frame, error) {
	l.outputs.fill(out)
	r.DataOutputs, r.DataOutputLists = l.outputs.data, l.outputs.dataLists
	return l.server.codec.EncodeChunk(l.outputs.audio, s.Account(), r)
}

// Metrics implements stream.Host.
func (l *live) Metrics(s *engine.Session, wall, serialization time.Duration) *pb.ExecutionMetrics {
	l.turned(nil)
	stats := s.Stats()
	l.call.traceNodes(s.Plan(), stats, l.last.Load())
	return &pb.ExecutionMetrics{
		WallTimeMs: positive(wall), CpuTimeMs: positive(serialization + busy(stats)), SerializationTimeMs: positive(serialization),
		MemoryUsedBytes: uint64(max(s.Account().Peak(), 1)), NodeMetrics: new(nodeReplies).nodeMetrics(s.Plan(), stats),
	}
}

// attributes name the stream in the log.
func (l *live) attributes() []slog.Attr {
	out := []slog.Attr{slog.String("request_id", l.call.requestID)}
	if l.session == nil {
		return out
	}
	return append(out, slog.String("session_id", l.sessionID), slog.String("pipeline", shorten(l.session.Plan().Name)))
}

// ended keeps for the log what the stream did.
func (l *live) ended(s stream.Summary) {
	l.call.pipeline = shorten(s.Pipeline)
	l.call.stream = &s
	if s.Reason == "error" {
		l.call.inBand = l.last.Load()
	}
	if l.session != nil {
		l.call.nodes = len(l.session.Plan().Nodes)
		l.measure.Close()
	}
}
