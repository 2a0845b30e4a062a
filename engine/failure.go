package engine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"time"

	"github.com/google/uuid"

	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/mem"
	"github.com/remotemedia/remotemedia-go/node"
)

var errNodeTimeLimit = errors.New("node time limit")

// explain turns whatever a call into a node returned into a fault that tells the node and the state at failure.
func (s *Session) explain(n *instance, item node.Item, err error) error {
	var limit *mem.LimitError
	switch {
	case errors.As(err, &limit):
		err = memoryLimit(limit)
	case errors.Is(err, errNodeTimeLimit):
		err = timeLimit("timeout_ms of the node", millis(n.node.TimeoutMS), time.Since(s.started))
	case stopped(err):
		return s.interrupted(err)
	}
	var f *fault.Error
	if !errors.As(err, &f) {
		f = fault.Wrap(fault.CodeNodeFailed, err, "node %q (%s) failed", n.node.ID, n.node.Spec.Name)
	}
	f.WithNode(n.node.ID).WithOp("node.process")
	s.describe(f, n)
	f.With("inputs", describeInput(item))
	return f
}

// stopped reports whether err says that the execution is to stop, rather than that the node failed.
func stopped(err error) bool {
	return errors.Is(err, errTimeLimit) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// interrupted makes the error of an execution that was stopped from outside: by its time limit, the caller's deadline, or the
// caller itself. It may be called while the job is still in a node.
func (s *Session) interrupted(cause error) error {
	var f *fault.Error
	switch {
	case errors.As(cause, &f):
		return f
	case errors.Is(cause, errTimeLimit):
		f = timeLimit("max_timeout_ms", s.limits.Timeout, time.Since(s.started))
	case errors.Is(cause, context.DeadlineExceeded):
		f = fault.New(fault.CodeDeadline, "the caller's deadline passed")
	default:
		f = fault.Wrap(fault.CodeCanceled, cause, "the call was given up")
	}
	n := &s.nodes[s.plan.Order[s.current.Load()]]
	f.WithNode(n.node.ID).WithOp("engine.run")
	s.describe(f, n)
	return f
}

// describe adds the state at failure to the context.
func (s *Session) describe(f *fault.Error, n *instance) {
	at := int(s.current.Load())
	f.With("node_type", n.node.Spec.Name)
	f.With("params", truncate(string(n.node.Text)))
	f.With("completed_nodes", s.plan.IDs(s.plan.Order[:at]))
	f.With("pending_nodes", s.plan.IDs(s.plan.Order[at+1:]))
	f.With("elapsed_ms", roundMillis(time.Since(s.started)))
}

func describeInput(item node.Item) []map[string]any {
	if item.Kind == 0 {
		return []map[string]any{}
	}
	in := map[string]any{"kind": item.Kind.String()}
	if b := item.Audio; b != nil {
		in["sample_rate"], in["channels"], in["num_samples"] = b.Format.Rate, b.Format.Channels, b.NumSamples()
	} else {
		in["data"] = truncate(string(item.Data))
	}
	return []map[string]any{in}
}

func memoryLimit(e *mem.LimitError) *fault.Error {
	hint := "send less audio a call, stream it, or ask for a higher max_memory_bytes"
	if e.Shared {
		return fault.Limit(fault.CodeMemoryLimit, "the service's memory", e.Requested, e.Used, e.Allowed, "try again later")
	}
	return fault.Limit(fault.CodeMemoryLimit, "max_memory_bytes", e.Requested, e.Used, e.Allowed, hint)
}

func timeLimit(name string, allowed, used time.Duration) *fault.Error {
	return fault.Limit(fault.CodeTimeLimit, name, allowed.Milliseconds(), roundMillis(used), allowed.Milliseconds(),
		"send less audio a call, or ask for a higher limit")
}

// MemoryLimit turns the *mem.LimitError in err's chain into the fault of a breached memory limit at a node; other errors are
// wrapped as internal.
func MemoryLimit(err error, nodeID string) *fault.Error {
	var e *mem.LimitError
	if errors.As(err, &e) {
		return memoryLimit(e).WithNode(nodeID)
	}
	return fault.From(err).WithNode(nodeID)
}

// SampleLimit is the fault of an input buffer with too many samples.
func SampleLimit(nodeID string, samples, allowed uint64) *fault.Error {
	return fault.Limit(fault.CodeSampleLimit, "max_audio_samples", samples, 0, allowed,
		fmt.Sprintf("split the audio for node %q into several calls or stream it", nodeID)).WithNode(nodeID)
}

// Recovered turns the value of a recovered panic into an internal error with an id; the stack is the caller's.
func Recovered(p any) *fault.Error {
	id := uuid.NewString()
	f := fault.New(fault.CodePanic, "internal error %s: it was contained, and the log has the trace", id)
	f.ID, f.Stack = id, string(debug.Stack())
	f.Cause = nil
	f.With("error_id", id)
	f.Op = fmt.Sprintf("recovered: %v", p)
	return f
}

// truncate bounds what the state at failure tells of a value.
func truncate(s string) string { return fault.Shorten(s, 1024) }

func roundMillis(d time.Duration) float64 { return math.Round(float64(d)/1e3) / 1e3 }

func millis(ms uint64) time.Duration {
	return time.Duration(min(ms, uint64(math.MaxInt64/int64(time.Millisecond)))) * time.Millisecond
}
