package graph

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/manifest"
	"github.com/remotemedia/remotemedia-go/node"
)

func (c *compiler) addConnections() {
	seen := make(map[manifest.Connection]int, len(c.m.Connections))
	for i, conn := range c.m.Connections {
		path := fmt.Sprintf("connections[%d]", i)
		from, to, ok := c.checkEnds(conn, path)
		if !ok {
			continue
		}
		if first, twice := seen[conn]; twice {
			c.warn(fault.CodeDuplicateEdge, conn.To, path, "%s repeats connections[%d] (%s -> %s) and counts once", path, first, shorten(conn.From), shorten(conn.To))
			continue
		}
		seen[conn] = i
		c.connect(Edge{From: from, To: to, FromPort: conn.FromOutput, ToPort: conn.ToInput, Connection: i})
	}
}

func (c *compiler) checkEnds(conn manifest.Connection, path string) (from, to int, ok bool) {
	if conn.From == "" || conn.To == "" {
		c.reportEmpty(conn, path)
		return 0, 0, false
	}
	from, fromOK := c.endpoint(conn.From, path+".from")
	to, toOK := c.endpoint(conn.To, path+".to")
	if !fromOK || !toOK {
		return 0, 0, false
	}
	if from == to {
		c.report(fault.CodeSelfLoop, conn.From, path, "remove it", "%s leads from node %q to itself", path, conn.From)
		return 0, 0, false
	}
	return from, to, c.checkPorts(conn, from, to, path)
}

// reportEmpty names an end that is empty by its own path, so that what the parser told of the same end isn't told again.
func (c *compiler) reportEmpty(conn manifest.Connection, path string) {
	end, what := "to", "to"
	if conn.From == "" {
		end, what = "from", "from"
		if conn.To == "" {
			what = "from and to"
		}
	}
	c.report(fault.CodeEmptyConnection, shorten(conn.From+conn.To), path+"."+end, "name both ends; an old client may have sent it empty",
		"%s has an empty %s", path, what)
}

func (c *compiler) endpoint(id, path string) (int, bool) {
	i, ok := c.plan.byID[id]
	if !ok {
		c.report(fault.CodeUnknownEndpoint, shorten(id), path, cmp.Or(c.nearestID(id), "use the id of a node in the manifest"), "%s names node %q, which doesn't exist", path, shorten(id))
	}
	return i, ok
}

// nearestID looks for what was meant, unless nobody will be told.
func (c *compiler) nearestID(id string) string {
	if c.full(fault.SeverityError) {
		return ""
	}
	ids := make([]string, 0, len(c.m.Nodes))
	for _, n := range c.m.Nodes {
		ids = append(ids, n.ID)
	}
	return fault.DidYouMean(id, ids)
}

func (c *compiler) checkPorts(conn manifest.Connection, from, to int, path string) bool {
	out := c.checkPort(from, conn.FromOutput, path+".from_output", func(s *node.Spec) []string { return s.OutPorts })
	in := c.checkPort(to, conn.ToInput, path+".to_input", func(s *node.Spec) []string { return s.InPorts })
	return out && in
}

func (c *compiler) checkPort(i int, port, path string, ports func(*node.Spec) []string) bool {
	n := &c.plan.Nodes[i]
	if port == "" || n.Spec == nil || slices.Contains(ports(n.Spec), port) {
		return true
	}
	has := "it has only the default one"
	if names := ports(n.Spec); len(names) > 0 {
		has = "it has " + strings.Join(names, ", ")
	}
	c.report(fault.CodeUnknownPort, n.ID, path, "", "node %q has no port %q: %s", n.ID, shorten(port), has)
	return false
}

func (c *compiler) connect(e Edge) {
	from, to := &c.plan.Nodes[e.From], &c.plan.Nodes[e.To]
	e.InSlot = len(to.In)
	to.In = append(to.In, e)
	from.Edges = append(from.Edges, e)
}

// propagate walks the graph in order and agrees on each edge what kinds and which audio format flow over it.
func (c *compiler) propagate() {
	for _, i := range c.plan.Order {
		n := &c.plan.Nodes[i]
		if n.Spec == nil {
			continue
		}
		in, format := c.incoming(n)
		n.Kinds = emitted(n.Spec, in)
		out, err := n.Spec.Output(n.Params, format)
		if err != nil {
			c.report(fault.CodeFormatMismatch, n.ID, fmt.Sprintf("nodes[%d].params", i), "put a resampler or converter between", "node %q: %v", n.ID, err)
		}
		n.Format = out
	}
}

// incoming returns the kinds that may reach a node and the format of its audio, as far as all edges agree on it.
func (c *compiler) incoming(n *Node) (node.Kinds, audio.Format) {
	input, outside := c.opts.Inputs[n.ID]
	if len(n.In) == 0 {
		if !outside {
			input.Kinds = n.Spec.Accepts
		}
		return input.Kinds, input.Format
	}
	kinds, format := input.Kinds, input.Format
	for i, e := range n.In {
		from := &c.plan.Nodes[e.From]
		if from.Spec == nil {
			return node.Any, audio.Format{}
		}
		c.checkKinds(from, n, e)
		kinds |= from.Kinds
		format = agree(format, from.Format, i == 0 && !outside)
	}
	return kinds, format
}

func (c *compiler) checkKinds(from, to *Node, e Edge) {
	if from.Kinds&to.Spec.Accepts != 0 {
		return
	}
	c.report(fault.CodeKindMismatch, to.ID, fmt.Sprintf("connections[%d]", e.Connection), "put a converting node between, or connect another node",
		"node %q (%s) takes %s, but node %q (%s) gives only %s", to.ID, to.Spec.Name, to.Spec.Accepts, from.ID, from.Spec.Name, from.Kinds)
}

// emitted is what a node gives when kinds reach it: what it makes, and what passes through it unchanged.
func emitted(s *node.Spec, in node.Kinds) node.Kinds {
	out := s.Produces | in&^s.Accepts
	if s.Forwards {
		out |= in
	}
	return out
}

func agree(a, b audio.Format, first bool) audio.Format {
	if first {
		return b
	}
	if a.Rate != b.Rate {
		a.Rate = 0
	}
	if a.Channels != b.Channels {
		a.Channels = 0
	}
	if a.Encoding != b.Encoding {
		a.Encoding = 0
	}
	return a
}
