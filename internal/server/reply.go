package server

import (
	"strconv"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/graph"
	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/mem"
	"github.com/remotemedia/remotemedia-go/node"
	"github.com/remotemedia/remotemedia-go/version"
)

// reply is the memory of an answer's messages, used again from call to call: they are encoded before the call ends.
type reply struct {
	outputs outputs
	result  pb.ExecutionResult
	limits  pb.ResourceLimits
	metrics pb.ExecutionMetrics
	nodes   nodeReplies
	kinds   map[string]uint64
	text    []byte // the JSON texts of the nodes
}

// nodeReplies are what an answer tells of each node.
type nodeReplies struct {
	results []*pb.NodeResult
	metrics []*pb.NodeMetrics
	byID    map[string]*pb.NodeMetrics
}

// small reports whether these are worth keeping.
func (n *nodeReplies) small() bool { return cap(n.results) <= maxKeptNodes }

// reset lets go of what the last answer referred to.
func (r *reply) reset() {
	r.outputs.reset()
	r.result.Reset()
	r.metrics.Reset()
	clear(r.kinds)
	clear(r.nodes.byID)
	for i := range r.nodes.results {
		r.nodes.results[i].Reset()
		r.nodes.metrics[i].Reset()
	}
	if r.text = r.text[:0]; cap(r.text) > maxKept {
		r.text = nil
	}
}

// grow makes room for n nodes.
func (n *nodeReplies) grow(nodes int) {
	for len(n.results) < nodes {
		n.results = append(n.results, new(pb.NodeResult))
		n.metrics = append(n.metrics, new(pb.NodeMetrics))
	}
}

// kind counts an input.
func (r *reply) kind(k node.Kinds) {
	if r.kinds == nil {
		r.kinds = make(map[string]uint64)
	}
	r.kinds[k.String()]++
}

// result is everything but the audio and the metrics.
func (x *execution) result(out *engine.Output) *pb.ExecutionResult {
	r := &x.reply
	r.outputs.fill(out)
	fillLimits(&r.limits, x.limits)
	m := &r.result
	m.DataOutputs, m.DataOutputLists = r.outputs.data, r.outputs.dataLists
	m.EffectiveLimits, m.RequestId, m.ProtocolVersion = &r.limits, x.call.requestID, version.Protocol
	m.Status, m.NodeResults = x.nodeResults(out)
	x.warn(out)
	m.Warnings = x.warnings
	return m
}

// nodeResults tells of every node of the manifest, in its order, whether it ran and what it gave.
func (x *execution) nodeResults(out *engine.Output) (pb.ExecutionStatus, []*pb.NodeResult) {
	status := pb.ExecutionStatus_EXECUTION_STATUS_SUCCESS
	x.reply.nodes.grow(len(out.Stats))
	for i := range out.Stats {
		r := x.reply.nodes.results[i]
		r.NodeId, r.Status = x.plan.Nodes[i].ID, pb.NodeStatus_NODE_STATUS_SUCCESS
		if !out.Stats[i].Ran {
			r.Status = pb.NodeStatus_NODE_STATUS_SKIPPED
			status = pb.ExecutionStatus_EXECUTION_STATUS_PARTIAL_SUCCESS
		}
		at := len(x.reply.text)
		x.reply.text = appendOutputMetadata(x.reply.text, &out.Stats[i])
		r.OutputMetadata = mem.StringOf(x.reply.text[at:]) // which isn't written to before the answer is encoded
	}
	return status, x.reply.nodes.results[:len(out.Stats)]
}

// appendOutputMetadata renders what a node gave as a JSON object with sorted names, all of whose texts are plain words.
func appendOutputMetadata(to []byte, s *engine.NodeStats) []byte {
	hasFormat := s.Format.Rate > 0
	to = append(to, '{')
	if hasFormat {
		to = append(to, `"channels":`...)
		to = append(strconv.AppendInt(to, int64(s.Format.Channels), 10), ',')
	}
	to = append(to, `"items":`...)
	to = strconv.AppendUint(to, s.ItemsOut, 10)
	to = append(to, `,"kinds":[`...)
	for left := s.Kinds; left != 0; left &= left - 1 {
		if left != s.Kinds {
			to = append(to, ',')
		}
		lowest := left & -left
		to = append(append(append(to, '"'), lowest.String()...), '"')
	}
	to = append(to, ']')
	if hasFormat {
		to = append(to, `,"num_samples":`...)
		to = strconv.AppendUint(to, s.SamplesOut, 10)
		to = append(append(append(to, `,"output_format":"`...), s.Format.Encoding.String()...), '"')
		to = append(to, `,"sample_rate":`...)
		to = strconv.AppendInt(to, int64(s.Format.Rate), 10)
	}
	return append(to, '}')
}

// nodeMetrics tells what each node that ran cost.
func (n *nodeReplies) nodeMetrics(plan *graph.Plan, stats []engine.NodeStats) map[string]*pb.NodeMetrics {
	n.grow(len(stats))
	for i := range stats {
		if s := &stats[i]; s.Ran {
			m := n.metrics[i]
			m.ExecutionTimeMs, m.MemoryBytes, m.SamplesProcessed = positive(s.Time), uint64(s.Memory), s.Samples
			m.CustomMetrics = customMetrics(s)
			put(&n.byID, plan.Nodes[i].ID, m)
		}
	}
	return n.byID
}

// customMetrics joins the node's own figures with those that every node has.
func customMetrics(s *engine.NodeStats) string {
	if len(s.Custom) > 0 {
		m := make(map[string]any, len(s.Custom)+2)
		for k, v := range s.Custom {
			m[k] = v
		}
		m["items_in"], m["items_out"] = s.ItemsIn, s.ItemsOut
		if text, err := wire.EncodeJSON(wire.FiniteMap(m)); err == nil { // what can't be encoded, which a node's figures may hold, is left out
			return text
		}
	}
	var few [64]byte
	to := append(few[:0], `{"items_in":`...)
	to = strconv.AppendUint(to, s.ItemsIn, 10)
	to = append(to, `,"items_out":`...)
	to = strconv.AppendUint(to, s.ItemsOut, 10)
	return string(append(to, '}'))
}
