package media

import (
	"encoding/json"
	"time"
)

// Inputs are the items that enter a pipeline together. The key is the id of the node that gets the item; "" stands for the
// one node without an incoming connection.
type Inputs struct {
	Audio map[string]Audio
	Data  map[string]json.RawMessage // JSON texts, each one item
}

// Limits bound an execution. Zero fields mean the default of whoever runs it.
type Limits struct {
	MemoryBytes uint64        // most bytes held at once
	Timeout     time.Duration // most time; of a stream, for one turn
	Samples     uint64        // most samples, over all channels, of one input
}

// Status says how an execution, or a node in it, ended.
type Status string

// The statuses. A failed execution has no result but an error.
const (
	Success Status = "success"
	Partial Status = "partial success" // of an execution: some node was skipped
	Skipped Status = "skipped"         // of a node: nothing reached it
	Failed  Status = "failed"
)

// Result is what a pipeline gave: the items of the nodes without a successor and of those that the manifest marks as
// output, by node id.
type Result struct {
	Status   Status
	Audio    map[string]Audio           // all audio of a node, joined; the last item where formats differ
	Data     map[string]json.RawMessage // the one item of a node, or an array of its items
	Lists    map[string]Items           // every item by itself, in order
	Nodes    []NodeReport               // one for each node, in the order of the manifest
	Warnings []string
	Metrics  Metrics

	RequestID string // names the call in the service's log; "" for a run in the own process
}

// Items are the items that one node gave, each kind in order.
type Items struct {
	Audio []Audio
	Data  []json.RawMessage
}

// Metrics are the figures of an execution.
type Metrics struct {
	Wall       time.Duration // from the call, or the complete request, to the result
	Busy       time.Duration // time that nodes were at work
	PeakMemory uint64        // most bytes held at once
	QueueWait  time.Duration // in the service, waiting for a place
}

// NodeReport is what happened in one node.
type NodeReport struct {
	ID       string
	Type     string // as the manifest spells it
	Status   Status
	Time     time.Duration
	Memory   uint64 // most bytes that one item added
	Samples  uint64 // input samples over all channels
	ItemsIn  uint64
	ItemsOut uint64
	Custom   map[string]any // the node's own figures
}
