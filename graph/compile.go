package graph

import (
	"fmt"
	"slices"
	"strings"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/manifest"
	"github.com/remotemedia/remotemedia-go/node"
	"github.com/remotemedia/remotemedia-go/version"
)

// Options are the limits that affect whether a manifest is valid. The zero value means the defaults.
type Options struct {
	MaxNodes       int                        // most nodes of a pipeline; 0 means manifest.DefaultMaxNodes
	MaxMemoryBytes uint64                     // memory that an execution may use, for capabilities.memory_gb; 0 means no check
	Allowed        func(nodeType string) bool // reports whether a canonical type may be used; nil allows all
	Types          map[string]TypeLimits      // further limits by canonical type
	Inputs         map[string]Input           // what will come from outside, by node id, as far as it is known
}

// Input is what will come from outside to a node.
type Input struct {
	Kinds  node.Kinds   // one bit, or more where it isn't certain
	Format audio.Format // of audio; zero fields are unknown
}

// Compile checks a manifest against a catalogue and returns its plan, or a validation error that holds every problem. Found
// are problems the parser found in the same manifest, to be reported together; a manifest with a fault among them has no plan.
func Compile(m *manifest.Manifest, catalog *node.Catalog, opts Options, found ...fault.Problem) (*Plan, *fault.Error) {
	c := &compiler{m: m, catalog: catalog, opts: opts, found: found}
	plan := c.run()
	c.finish()
	c.problems = merge(m, found, c.problems)
	if err := fault.FromProblems(c.problems); err != nil {
		return nil, c.explain(err)
	}
	plan.Warnings = c.problems
	return plan, nil
}

type compiler struct {
	m        *manifest.Manifest
	catalog  *node.Catalog
	opts     Options
	found    []fault.Problem
	problems []fault.Problem
	told     [2]int // problems by severity
	more     int    // beyond those
	cycle    []string
	unknown  bool
	ofType   map[string]int // nodes so far of the types whose number is limited
	plan     *Plan
}

func (c *compiler) run() *Plan {
	c.plan = &Plan{Name: c.m.DisplayName(), Manifest: c.m, byID: make(map[string]int, len(c.m.Nodes))}
	c.checkVersion()
	if !c.checkSize() {
		return nil
	}
	c.addNodes()
	c.addConnections()
	if c.sort() {
		c.propagate()
	}
	c.findEnds()
	return c.plan
}

// report adds a problem at a path of the manifest.
func (c *compiler) report(code fault.Code, nodeID, path, hint, format string, args ...any) {
	c.add(fault.Problem{Code: code, NodeID: nodeID, Path: path, Hint: hint, Message: fmt.Sprintf(format, args...)})
}

// add keeps as many errors, and as many warnings, as a parser tells: finding the place of each takes a look at the text.
func (c *compiler) add(p fault.Problem) {
	if c.full(p.Severity) {
		c.more++
		return
	}
	c.told[p.Severity]++
	c.problems = append(c.problems, c.m.Place(p))
}

// full reports whether further problems are only counted.
func (c *compiler) full(s fault.Severity) bool { return c.told[s] == manifest.MaxProblems }

// finish tells how many problems were left out.
func (c *compiler) finish() {
	if c.more > 0 {
		c.problems[len(c.problems)-1].Message += fmt.Sprintf("; %d more problems aren't listed", c.more)
	}
}

// warn adds a problem that doesn't stop.
func (c *compiler) warn(code fault.Code, nodeID, path, format string, args ...any) {
	c.add(fault.Problem{Severity: fault.SeverityWarning, Code: code, NodeID: nodeID, Path: path, Message: fmt.Sprintf(format, args...)})
}

// checkVersion comes first, so that a manifest of another version is told that before anything else.
func (c *compiler) checkVersion() {
	switch v := c.m.Version; {
	case strings.TrimSpace(v) == "":
		if !c.alreadyFound(fault.CodeMissingField, "version") {
			c.report(fault.CodeMissingField, "", "version", `set it to "v1"`, "the manifest has no version")
		}
	case !version.Compatible(v):
		c.report(fault.CodeVersion, "", "version", "", "%s", version.Mismatch("manifest", v))
	}
}

// alreadyFound reports whether the parser told the same fault.
func (c *compiler) alreadyFound(code fault.Code, path string) bool {
	return slices.ContainsFunc(c.found, func(p fault.Problem) bool { return p.Code == code && p.Path == path })
}

func (c *compiler) checkSize() bool {
	limit := c.opts.MaxNodes
	if limit == 0 {
		limit = manifest.DefaultMaxNodes
	}
	switch n := len(c.m.Nodes); {
	case n == 0:
		c.report(fault.CodeManifestEmpty, "", "nodes", "add at least one node", "the manifest has no nodes")
	case n > limit:
		c.report(fault.CodeTooManyNodes, "", "nodes", "split the pipeline or raise the limit",
			"the manifest has %d nodes, allowed are %d", n, limit)
	default:
		return true
	}
	return false
}

// explain adds to the error what the contract puts into its context besides the problems.
func (c *compiler) explain(err *fault.Error) *fault.Error {
	err.Op = "graph.compile"
	if c.unknown {
		err.With("available_node_types", c.catalog.Names())
		if err.Code == fault.CodeUnknownNodeType {
			err.Message += "; available node types: " + strings.Join(c.catalog.Names(), ", ")
		}
	}
	if c.cycle != nil {
		err.With("cycle", c.cycle)
	}
	if err.Code == fault.CodeVersion {
		err.With("requested", c.m.Version).With("supported", version.Supported()).With("matrix_url", version.MatrixURL)
	}
	return err
}

// findEnds collects sources, sinks and marked outputs.
func (c *compiler) findEnds() {
	for i := range c.plan.Nodes {
		n := &c.plan.Nodes[i]
		if len(n.In) == 0 {
			c.plan.Sources = append(c.plan.Sources, i)
		}
		n.Output = len(n.Edges) == 0 || c.m.Nodes[i].IsOutputNode
		if n.Output {
			c.plan.Outputs = append(c.plan.Outputs, i)
		}
	}
}

// sort orders the nodes (Kahn), taking the first in manifest order among those that are ready, and reports a cycle.
func (c *compiler) sort() bool {
	waiting := make([]int, len(c.plan.Nodes))
	for i := range c.plan.Nodes {
		waiting[i] = len(c.plan.Nodes[i].In)
	}
	for range c.plan.Nodes {
		next := slices.Index(waiting, 0)
		if next < 0 {
			c.reportCycle(waiting)
			return false
		}
		waiting[next] = -1
		c.plan.Order = append(c.plan.Order, next)
		for _, e := range c.plan.Nodes[next].Edges {
			waiting[e.To]--
		}
	}
	return true
}

// reportCycle walks backwards from a node that is never ready; every such node has a predecessor that isn't either, so the
// walk must meet itself.
func (c *compiler) reportCycle(waiting []int) {
	at := slices.IndexFunc(waiting, func(w int) bool { return w > 0 })
	var path []int
	for !slices.Contains(path, at) {
		path = append(path, at)
		for _, e := range c.plan.Nodes[at].In {
			if waiting[e.From] > 0 {
				at = e.From
				break
			}
		}
	}
	path = append(path[slices.Index(path, at):], at)
	slices.Reverse(path)
	c.cycle = c.plan.IDs(path)
	first := c.plan.Nodes[path[0]].Edges
	i := slices.IndexFunc(first, func(e Edge) bool { return e.To == path[1] })
	c.report(fault.CodeCycle, c.cycle[0], fmt.Sprintf("connections[%d]", first[i].Connection), "remove one of these connections",
		"the connections form a cycle: %s", strings.Join(c.cycle, " -> "))
}
