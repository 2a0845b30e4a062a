package server

import (
	"errors"
	"math"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/protowire"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/graph"
	"github.com/remotemedia/remotemedia-go/internal/metrics"
	"github.com/remotemedia/remotemedia-go/internal/server/conn"
	"github.com/remotemedia/remotemedia-go/internal/server/stream"
	"github.com/remotemedia/remotemedia-go/version"
)

// NewRecorder makes the recorder of a server's metrics: one that knows its methods and the types of its errors.
func NewRecorder(o metrics.Options) *metrics.Recorder {
	o.Methods = []string{"ExecutePipeline", "StreamPipeline", "GetVersion", "GetMetrics", "ListNodes", "DescribeNode", "ValidatePipeline", "ConvertManifest"}
	for number := range pb.ErrorType_name {
		if number != 0 {
			o.ErrorTypes = append(o.ErrorTypes, pb.ErrorType(number).String())
		}
	}
	o.ErrorTypes = append(o.ErrorTypes, canceled)
	return metrics.New(o)
}

// observe counts each call when it ends, and tells balancers how busy the service is.
func (s *Server) observe(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	err := next(srv, ss)
	c := callOf(ss.Context())
	s.metrics.Call(c.measured())
	if !c.arrived || lasting(info) {
		c.load = s.load().text
	}
	return err
}

// lasting reports whether a call may be open for long.
func lasting(info *grpc.StreamServerInfo) bool { return info.IsClientStream || info.IsServerStream }

// measured is the call as the metrics have it.
func (c *call) measured() metrics.Call {
	m := metrics.Call{Method: shortMethod(c.method), RequestID: c.requestID, Took: max(time.Since(c.started), 1), Outcome: metrics.OK}
	f := c.failure()
	if f == nil {
		return m
	}
	m.ErrorType, m.Outcome, m.Late = errorType(f), outcomeOf(f), late(f)
	if m.Outcome == metrics.Refused || f.Kind == fault.RateLimited {
		m.Rejected = reasonOf(f)
	}
	return m
}

func shortMethod(full string) string { return full[strings.LastIndexByte(full, '/')+1:] }

// outcomeOf says whose doing a fault is. A time limit that the caller may set is the service's all the same: it wasn't fast enough.
func outcomeOf(f *fault.Error) metrics.Outcome {
	switch f.Kind {
	case fault.Unavailable:
		return metrics.Refused
	case fault.Internal, fault.NodeExecution, fault.DeadlineExceeded:
		return metrics.Failed
	}
	if f.Code == fault.CodeTimeLimit {
		return metrics.Failed
	}
	return metrics.Client
}

func late(f *fault.Error) bool {
	return f.Kind == fault.DeadlineExceeded || f.Code == fault.CodeTimeLimit
}

// reasonOf is why a call was refused: what admission says, or the code.
func reasonOf(f *fault.Error) string {
	if reason, ok := f.Context["reason"].(string); ok {
		return reason
	}
	return string(f.Code)
}

// trailerLoad carries a report of the load in ORCA's format, which balancers that weigh by utilisation read.
const trailerLoad = "endpoint-load-metrics-bin"

// Fields of xds.data.orca.v3.OrcaLoadReport.
const (
	orcaCPU         = 1
	orcaMemory      = 2
	orcaApplication = 9
)

// loadEvery is how long a report holds: making one asks all that keep figures.
const loadEvery = 100 * time.Millisecond

// reports keeps the last report.
type reports struct{ last atomic.Pointer[report] }

type report struct {
	made     time.Time
	text     string
	trailers metadata.MD // it and the protocol; never changed
}

// load is the report.
func (s *Server) load() *report {
	last := s.reports.last.Load()
	if last == nil || time.Since(last.made) >= loadEvery {
		text := s.measureLoad()
		last = &report{time.Now(), text, metadata.MD{trailerLoad: {text}, trailerProtocol: {version.Protocol}}}
		s.reports.last.Store(last)
	}
	return last
}

// measureLoad encodes the load. The message has three numbers of a format that can't change; its generated code would link all of xDS.
func (s *Server) measureLoad() string {
	cpu, memory, slots := s.metrics.Utilization()
	var b []byte
	for _, field := range []struct {
		number protowire.Number
		value  float64
	}{{orcaCPU, cpu}, {orcaMemory, memory}, {orcaApplication, slots}} {
		b = protowire.AppendTag(b, field.number, protowire.Fixed64Type)
		b = protowire.AppendFixed64(b, math.Float64bits(field.value))
	}
	return string(b)
}

// nodesRan counts what the nodes of a session did since an earlier look at its figures, nil for none.
func (s *Server) nodesRan(plan *graph.Plan, before, now []engine.NodeStats, err *fault.Error) {
	for i := range now {
		n, was := &now[i], engine.NodeStats{}
		if before != nil {
			was = before[i]
		}
		failed := err != nil && err.Kind != fault.Canceled && err.NodeID == plan.Nodes[i].ID
		if n.Time == was.Time && n.ItemsIn == was.ItemsIn && !failed {
			continue
		}
		took := n.Time - was.Time
		s.metrics.Node(metrics.Node{
			Type: plan.Nodes[i].Spec.Name, Took: took, Busy: took - (n.Waited - was.Waited), Samples: n.Samples - was.Samples, Failed: failed,
		})
	}
}

// execute runs the inputs, counted.
func (x *execution) execute(left func(error)) error {
	s, c, session, slot := x.server, x.call, x.session, x.slot // x may be another's by the time that it is left
	s.metrics.Executing(1)
	session.Inline(func(err error) {
		slot.Release()
		s.executed(c, session, err)
		left(err)
	})
	err := engine.Guard(x.run)
	if !errors.Is(err, engine.ErrGivenUp) {
		s.executed(c, session, err)
	}
	return err
}

func (s *Server) executed(c *call, session *engine.Session, err error) {
	s.metrics.Executing(-1)
	f, plan, stats := fault.From(err), session.Plan(), session.Stats()
	s.nodesRan(plan, nil, stats, f)
	c.traceNodes(plan, stats, f)
}

// Opened implements stream.Observer.
func (l *live) Opened(sessionID string, session *engine.Session) {
	l.sessionID, l.session = sessionID, session
	l.measure = l.server.metrics.OpenStream(sessionID, shorten(session.Plan().Name), l.call.requestID)
}

// Answered implements stream.Observer.
func (l *live) Answered(took, lasts time.Duration) {
	l.measure.Answered(took, lasts)
	l.turned(nil)
	l.traceChunk(took, nil)
}

// Failed implements stream.Observer.
func (l *live) Failed(err *fault.Error, goesOn bool) {
	l.measure.Failed()
	l.turned(err)
	l.traceChunk(0, err)
	if goesOn { // otherwise it is counted with the call
		l.server.metrics.Error(errorType(err))
	}
}

// Dropped implements stream.Observer.
func (l *live) Dropped(policy stream.Policy, n uint64) {
	reason := metrics.DropOldest
	if policy == stream.DropNewest {
		reason = metrics.DropNewest
	}
	l.measure.Dropped(reason, n)
}

// turned counts what the nodes did in the last turn.
func (l *live) turned(err *fault.Error) {
	stats := l.session.Figures(l.spare)
	l.server.nodesRan(l.session.Plan(), l.seen, stats, err)
	l.seen, l.spare = stats, l.seen
}

// counted is a listener that counts the connections that are open.
type counted struct {
	net.Listener
	recorder *metrics.Recorder
}

// Accept waits for a connection.
func (l counted) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.recorder.Connected(1)
	return conn.Counted(c, func() { l.recorder.Connected(-1) }), nil
}
