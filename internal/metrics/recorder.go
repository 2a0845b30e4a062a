package metrics

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Bounds on label values. What is beyond them is counted as "other".
const (
	mostReasons   = 32
	mostNodeTypes = 512
)

// Values of the label status.
const (
	statusSuccess = "success"
	statusError   = "error"
	statusDropped = "dropped"
)

// Outcome says whose fault it was that a call failed, which its status doesn't tell: the availability of the service is the share of
// calls that were neither refused nor failed.
type Outcome string

// The outcomes.
const (
	OK      Outcome = "ok"      // answered
	Client  Outcome = "client"  // the caller's doing: an invalid request, a limit that it set, no token, it went away
	Refused Outcome = "refused" // the service had no capacity or was stopping
	Failed  Outcome = "failed"  // an internal error, a node that failed, or it took longer than the caller waited
)

func outcomes() []string {
	return []string{string(OK), string(Client), string(Refused), string(Failed)}
}

// Options of a recorder. Everything is optional.
type Options struct {
	Version    string   // of the service
	Methods    []string // by their short names; others are counted as "other"
	ErrorTypes []string // those that are told as 0 before the first
	Reasons    []string // why calls are refused; told as 0 before the first
	Stages     []string // what calls wait for; told as 0 before the first
	Sources    Sources
}

// Sources are figures that others keep and that are read when metrics are. A source that is nil isn't told, except where a
// default is named. They are called concurrently.
type Sources struct {
	QueueDepth       func() int64     // calls that wait for admission; default 0
	QueueCapacity    func() int64     // most of them
	Shedding         func() bool      // load is being shed; default no
	ComputeSlots     func() int64     // executions that may compute at the same moment; default GOMAXPROCS
	ComputeSaturated func() float64   // seconds in which every slot was taken, since the start
	MemoryUsed       func() int64     // bytes held by executions; default 0
	MemoryBudget     func() int64     // most of them
	AbandonedWorkers func() int64     // workers that run on although their call was given up; default 0
	PoolIdle         func() int64     // bytes of buffers that are kept for use
	PoolOut          func() int64     // buffers in use
	LogLinesDropped  func() uint64    // log lines that the sink didn't take in time; default 0
	CertificateEnd   func() time.Time // when the TLS certificate expires; zero for none
}

// Recorder counts what the service does. Its methods are safe for concurrent use, cost a few atomic additions, and never wait
// for a reader.
type Recorder struct {
	started time.Time
	sources Sources
	version string

	connections atomic.Int64
	executions  atomic.Int64
	streams     streams

	methods  *family[method] // fixed: a name that isn't known is "other"
	duration *latencies
	errors   *family[counter]
	rejected *family[counter]
	missed   *family[counter]
	waited   *latencies

	nodes        *family[nodeType]
	nodeDuration *latencies

	chunks       *family[counter]
	chunkLatency *latencies
	dropped      *family[counter]

	busy     atomic.Int64 // nanoseconds that nodes computed
	samples  atomic.Uint64
	process  *process
	registry *prometheus.Registry
}

type method struct {
	success, failed counter
	outcomes        *family[counter]
}

// New makes a recorder.
func New(o Options) *Recorder {
	methods := append([]string{other}, o.Methods...)
	r := &Recorder{
		started: time.Now(), sources: o.Sources, version: o.Version,
		methods:  newFamily(len(methods), newMethod, methods...),
		duration: newLatencies("remotemedia_grpc_request_duration_seconds", "Time from the headers of a call to its end.", "method", requestBuckets(), len(methods), methods...),
		errors:   newFamily(mostReasons, newCounter, o.ErrorTypes...),
		rejected: newFamily(mostReasons, newCounter, o.Reasons...),
		missed:   newFamily(mostReasons, newCounter, missedCall, missedChunk),
		waited:   newLatencies("remotemedia_queue_wait_seconds", "Time that calls and chunks waited for admission.", "stage", requestBuckets(), mostReasons, o.Stages...),

		nodes:        newFamily(mostNodeTypes, newNodeType),
		nodeDuration: newLatencies("remotemedia_node_duration_seconds", "Time of a node in one execution or chunk.", "node_type", chunkBuckets(), mostNodeTypes),

		chunks:       newFamily(mostReasons, newCounter, statusSuccess, statusError, statusDropped),
		chunkLatency: newLatencies("remotemedia_stream_chunk_latency_seconds", "Time from the receipt of a chunk to its answer.", "", chunkBuckets(), 1),
		dropped:      newFamily(mostReasons, newCounter, DropOldest, DropNewest),
		process:      newProcess(),
	}
	r.registry = r.register()
	return r
}

func requestBuckets() []float64 {
	return []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1}
}

func chunkBuckets() []float64 {
	return []float64{.001, .005, .01, .025, .05, .1, .25, .5, 1}
}

func newMethod(string) *method {
	return &method{outcomes: newFamily(len(outcomes()), newCounter, outcomes()...)}
}

// Call is a call that has ended.
type Call struct {
	Method    string // short name
	RequestID string // for exemplars
	Took      time.Duration
	Outcome   Outcome
	ErrorType string // name of the error's type, "" for success
	Rejected  string // why it was refused, "" where it wasn't
	Late      bool   // it ended because its time was over
}

// Call counts a call that has ended.
func (r *Recorder) Call(c Call) {
	m := r.methods.of(c.Method)
	m.outcomes.of(string(c.Outcome)).Add(1)
	r.duration.of(c.Method).record(c.Took, c.RequestID)
	if c.Rejected != "" {
		r.rejected.of(c.Rejected).Add(1)
	}
	if c.Late {
		r.missed.of(missedCall).Add(1)
	}
	if c.ErrorType == "" {
		m.success.Add(1)
		return
	}
	m.failed.Add(1)
	r.Error(c.ErrorType)
}

// Error counts an error that isn't told of with a call: that of a chunk in a stream that goes on.
func (r *Recorder) Error(errorType string) { r.errors.of(errorType).Add(1) }

// Connected counts connections that were opened (1) or closed (-1).
func (r *Recorder) Connected(delta int64) { r.connections.Add(delta) }

// Executing counts executions that began (1) or ended (-1).
func (r *Recorder) Executing(delta int64) { r.executions.Add(delta) }

// Waited counts the time that a call or chunk waited for what the stage of admission gives.
func (r *Recorder) Waited(stage string, d time.Duration) { r.waited.of(stage).record(d, "") }

// Values of the label kind of deadline misses.
const (
	missedCall  = "call"  // an answer that came too late to be told
	missedChunk = "chunk" // an answer that took longer than the chunk lasts
)

// Node is what one node did in one execution or chunk.
type Node struct {
	Type    string
	Took    time.Duration
	Busy    time.Duration // the part of Took in which it computed
	Samples uint64        // input samples over all channels
	Failed  bool
}

type nodeType struct{ executions, errors, samples, total counter }

func newNodeType(string) *nodeType { return new(nodeType) }

// Node counts what a node did.
func (r *Recorder) Node(n Node) {
	t := r.nodes.of(n.Type)
	t.executions.Add(1)
	t.samples.Add(n.Samples)
	t.total.Add(uint64(max(n.Took, 0)))
	if n.Failed {
		t.errors.Add(1)
	}
	r.nodeDuration.of(n.Type).record(n.Took, "")
	r.samples.Add(n.Samples)
	r.busy.Add(int64(max(n.Busy, 0)))
}
