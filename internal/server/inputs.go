package server

import (
	"fmt"
	"maps"
	"slices"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/graph"
	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/manifest"
	"github.com/remotemedia/remotemedia-go/node"
)

// endpoint is what the check of the inputs needs to know of a node. It can be told of a manifest that has faults, too.
type endpoint struct {
	id   string
	spec *node.Spec // nil where the type is unknown
	fed  bool       // it has an incoming connection
}

func appendEndpoints(to []endpoint, p *graph.Plan) []endpoint {
	for i := range p.Nodes {
		to = append(to, endpoint{p.Nodes[i].ID, p.Nodes[i].Spec, len(p.Nodes[i].In) > 0})
	}
	return to
}

func endpointsOfManifest(m *manifest.Manifest, catalog *node.Catalog) []endpoint {
	fed := make(map[string]bool, len(m.Connections))
	for _, c := range m.Connections {
		fed[c.To] = true
	}
	out := make([]endpoint, 0, len(m.Nodes))
	told := map[string]bool{"": true}
	for _, n := range m.Nodes {
		if told[n.ID] { // that is the fault, and what it does to the inputs isn't
			continue
		}
		told[n.ID] = true
		spec, _ := catalog.Lookup(n.Type)
		out = append(out, endpoint{n.ID, spec, fed[n.ID]})
	}
	return out
}

// inputCheck holds the inputs of a request against the nodes. Its problems are kept by what is checked, as they are told in
// that order.
type inputCheck struct {
	req    *pb.ExecuteRequest
	live   bool // inputs may come later
	nodes  []endpoint
	data   map[string]node.Item // the data inputs that are JSON
	faults struct{ unknown, missing, kind, content []fault.Problem }
}

// checkInputs returns the data items by node id and every problem of the inputs.
func checkInputs(req *planRequest, nodes []endpoint) (map[string]node.Item, []fault.Problem) {
	c := &inputCheck{req: req.ExecuteRequest, live: req.live, nodes: nodes}
	c.checkNames()
	for i := range nodes {
		c.checkContent(&nodes[i])
		c.checkPresence(&nodes[i])
		c.checkKinds(&nodes[i])
	}
	return c.data, slices.Concat(c.faults.unknown, c.faults.missing, c.faults.kind, c.faults.content)
}

// checkNames finds the ids that no node has.
func (c *inputCheck) checkNames() {
	if c.allKnown() && len(c.req.GetOutputNodes()) == 0 {
		return
	}
	known := make(map[string]bool, len(c.nodes))
	for _, n := range c.nodes {
		known[n.id] = true
	}
	report := func(code fault.Code, id, path, what string) {
		if !known[id] {
			c.unknown(code, id, path, what)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(c.req.GetAudioInputs())) {
		report(fault.CodeUnknownInput, id, audioPath(id), "audio_inputs")
	}
	for _, id := range slices.Sorted(maps.Keys(c.req.GetDataInputs())) {
		report(fault.CodeUnknownInput, id, dataPath(id), "data_inputs")
	}
	for i, id := range c.req.GetOutputNodes() {
		report(fault.CodeUnknownOutput, id, fmt.Sprintf("output_nodes[%d]", i), "output_nodes")
	}
}

// allKnown reports whether every input is a node's.
func (c *inputCheck) allKnown() bool {
	n := len(c.req.GetAudioInputs()) + len(c.req.GetDataInputs())
	for i := range c.nodes {
		if _, ok := c.req.GetAudioInputs()[c.nodes[i].id]; ok {
			n--
		}
		if _, ok := c.req.GetDataInputs()[c.nodes[i].id]; ok {
			n--
		}
	}
	return n == 0
}

func (c *inputCheck) unknown(code fault.Code, id, path, what string) {
	if len(c.faults.unknown) == manifest.MaxProblems { // nobody is told more
		return
	}
	ids := make([]string, len(c.nodes))
	for i, n := range c.nodes {
		ids[i] = n.id
	}
	hint := fault.DidYouMean(id, ids)
	if hint == "" {
		hint = "use the id of a node in the manifest"
	}
	c.faults.unknown = append(c.faults.unknown, fault.Problem{
		Code: code, NodeID: shorten(id), Path: path, Hint: hint,
		Message: fmt.Sprintf("%s names node %q, which isn't in the manifest", what, shorten(id)),
	})
}

// checkContent looks at the inputs themselves.
func (c *inputCheck) checkContent(n *endpoint) {
	if in, ok := c.req.GetAudioInputs()[n.id]; ok && len(wire.CheckAudio(in, n.id, "")) > 0 { // the path is only made where it is told
		c.faults.content = append(c.faults.content, wire.CheckAudio(in, n.id, audioPath(n.id))...)
	}
	if text, ok := c.req.GetDataInputs()[n.id]; ok {
		item, problem := wire.DataFromProto(text, n.id, dataPath(n.id))
		if problem != nil {
			c.faults.content = append(c.faults.content, *problem)
			return
		}
		put(&c.data, n.id, item)
	}
}

// checkPresence finds a node that would never run: nothing leads to it, and nothing was sent.
func (c *inputCheck) checkPresence(n *endpoint) {
	_, audio := c.req.GetAudioInputs()[n.id]
	_, data := c.req.GetDataInputs()[n.id]
	if c.live || audio || data || n.fed || n.spec == nil || n.spec.Source {
		return
	}
	c.faults.missing = append(c.faults.missing, fault.Problem{
		Code: fault.CodeMissingInput, NodeID: n.id, Path: missingPath(n), Hint: "send it " + sendable(n.spec.Accepts),
		Message: fmt.Sprintf("node %q (%s) has no incoming connection and got no input", shorten(n.id), n.spec.Name),
	})
}

// checkKinds finds inputs that the node doesn't take.
func (c *inputCheck) checkKinds(n *endpoint) {
	if n.spec == nil {
		return
	}
	if _, ok := c.req.GetAudioInputs()[n.id]; ok && n.spec.Accepts&node.Audio == 0 {
		c.wrongKind(n, node.Audio, audioPath(n.id))
	}
	if item, ok := c.data[n.id]; ok && !n.spec.Takes(item.Kind) {
		c.wrongKind(n, item.Kind, dataPath(n.id))
	}
}

func (c *inputCheck) wrongKind(n *endpoint, got node.Kinds, path string) {
	c.faults.kind = append(c.faults.kind, fault.Problem{
		Code: fault.CodeInputKind, NodeID: n.id, Path: path, Hint: "send it " + sendable(n.spec.Accepts),
		Message: fmt.Sprintf("node %q (%s) doesn't take %s: it takes %s", shorten(n.id), n.spec.Name, got, n.spec.Accepts),
	})
}

func sendable(k node.Kinds) string {
	switch {
	case k&node.Audio != 0 && k&node.Data != 0:
		return "audio_inputs or data_inputs"
	case k&node.Audio != 0:
		return "audio_inputs"
	}
	return "data_inputs"
}

func missingPath(n *endpoint) string {
	if n.spec.Accepts&node.Audio != 0 {
		return audioPath(n.id)
	}
	return dataPath(n.id)
}

func audioPath(id string) string { return fmt.Sprintf("audio_inputs[%q]", shorten(id)) }
func dataPath(id string) string  { return fmt.Sprintf("data_inputs[%q]", shorten(id)) }

// shorten keeps hostile names out of messages.
func shorten(s string) string { return fault.Shorten(s, 80) }
