// Package graph turns a manifest and a catalogue into a [Plan]: every check of meaning, the order of execution, the edges
// with their ports, and the formats declared on them. It finds all faults of a manifest at once and runs nothing.
package graph

import (
	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/manifest"
	"github.com/remotemedia/remotemedia-go/node"
)

// Plan is a checked pipeline, ready to run any number of times. It is immutable and safe for concurrent use.
type Plan struct {
	Name     string          // the manifest's metadata.name, "unnamed" where it has none
	Nodes    []Node          // in manifest order
	Order    []int           // indices into Nodes, topological, ties in manifest order
	Sources  []int           // nodes without an incoming edge, in manifest order
	Outputs  []int           // sinks and nodes marked as output, in manifest order
	Warnings []fault.Problem // what was told but doesn't stop
	Secret   bool            // some node has a secret parameter: the plan isn't cached
	Manifest *manifest.Manifest

	byID map[string]int
}

// Node is one node of a plan.
type Node struct {
	ID     string
	Type   string // as spelled in the manifest
	Spec   *node.Spec
	Params any    // decoded, read-only
	Text   []byte // the parameters as JSON, secrets redacted, for error contexts
	In     []Edge // incoming edges in manifest order
	Edges  []Edge // outgoing edges in manifest order
	Output bool   // its items are returned

	TimeoutMS      uint64       // the node's own limit for one call, 0 for none
	MaxMemoryBytes int64        // that one call may add, 0 for no limit but the execution's
	MaxSamples     uint64       // of one buffer, over all channels; 0 for no limit but the execution's
	Kinds          node.Kinds   // what it may emit
	Format         audio.Format // declared format of the audio that it emits; zero fields are unknown
}

// Edge is one connection.
type Edge struct {
	From, To   int    // indices into Plan.Nodes
	FromPort   string // "" for the default port
	ToPort     string
	InSlot     int // position among the receiver's incoming edges
	Connection int // index into the manifest's connections
}

// Lookup returns the index of a node id.
func (p *Plan) Lookup(id string) (int, bool) {
	i, ok := p.byID[id]
	return i, ok
}

// OnlySource returns the index of the one source; ok is false where there are several.
func (p *Plan) OnlySource() (int, bool) {
	if len(p.Sources) != 1 {
		return 0, false
	}
	return p.Sources[0], true
}

// IDs returns the node ids at the given indices.
func (p *Plan) IDs(indices []int) []string {
	out := make([]string, len(indices))
	for i, n := range indices {
		out[i] = p.Nodes[n].ID
	}
	return out
}
