package graph

import (
	"fmt"
	"regexp"

	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/manifest"
)

var idPattern = regexp.MustCompile(`^[a-zA-Z0-9_.:-]{1,255}$`)

func (c *compiler) addNodes() {
	c.plan.Nodes = make([]Node, len(c.m.Nodes))
	for i := range c.m.Nodes {
		in, out := &c.m.Nodes[i], &c.plan.Nodes[i]
		path := fmt.Sprintf("nodes[%d]", i)
		out.ID, out.Type, out.TimeoutMS = in.ID, in.Type, in.TimeoutMS
		c.checkID(i, path)
		c.resolveType(in, out, path)
		c.checkCapabilities(in, path)
		c.checkIgnored(in, path)
	}
}

func (c *compiler) checkID(i int, path string) {
	id := c.m.Nodes[i].ID
	if id == "" {
		c.report(fault.CodeBadNodeID, "", path+".id", "give every node an id", "%s has an empty id", path)
		return
	}
	if !idPattern.MatchString(id) {
		c.report(fault.CodeBadNodeID, shorten(id), path+".id", "", "node id %q isn't allowed: expected 1 to 255 letters, digits, _ - . or :", shorten(id))
	}
	if first, taken := c.plan.byID[id]; taken {
		c.report(fault.CodeDuplicateNodeID, id, path+".id", "rename one of them", "node id %q is used by nodes[%d] and nodes[%d]", shorten(id), first, i)
		return
	}
	c.plan.byID[id] = i
}

func (c *compiler) resolveType(in *manifest.Node, out *Node, path string) {
	if in.Type == "" {
		c.report(fault.CodeMissingField, in.ID, path+".node_type", "name a type of this service's catalogue", "node %q has no node_type", shorten(in.ID))
		return
	}
	spec, ok := c.catalog.Lookup(in.Type)
	if !ok || c.opts.Allowed != nil && !c.opts.Allowed(spec.Name) {
		c.unknown = true
		c.report(fault.CodeUnknownNodeType, in.ID, path+".node_type", fault.DidYouMean(in.Type, c.catalog.Names()),
			"node %q has the unknown node type %q", shorten(in.ID), shorten(in.Type))
		return
	}
	out.Spec = spec
	c.bound(in, out, path)
	params, problems := spec.Decode(in.Params)
	for _, p := range problems {
		p.NodeID, p.Path = in.ID, path+".params"+p.Path
		p.Message = fmt.Sprintf("node %q: %s", shorten(in.ID), p.Message)
		c.add(p)
	}
	out.Params = params
	out.Text = spec.Params().Redact(in.Params)
	c.plan.Secret = c.plan.Secret || spec.Params().HasSecret(in.Params)
}

func (c *compiler) checkCapabilities(in *manifest.Node, path string) {
	need := in.Capabilities
	if need == nil {
		return
	}
	if need.GPU != nil && need.GPU.Required {
		c.report(fault.CodeCapability, in.ID, path+".capabilities.gpu", "clear capabilities.gpu.required: every node here runs on the CPU",
			"node %q requires a GPU, which this service doesn't have", shorten(in.ID))
	}
	if limit := c.opts.MaxMemoryBytes; limit > 0 && need.MemoryGB*1e9 > float64(limit) {
		c.report(fault.CodeCapabilityMemory, in.ID, path+".capabilities.memory_gb", "lower memory_gb or ask for a higher memory limit",
			"node %q requires %g GB of memory, an execution may use %g", shorten(in.ID), need.MemoryGB, float64(limit)/1e9)
	}
}

func (c *compiler) checkIgnored(in *manifest.Node, path string) {
	if in.Host != "" {
		c.warn(fault.CodeIgnored, in.ID, path+".host", "node %q: host is reserved and has no effect", shorten(in.ID))
	}
	if in.Execution != nil {
		c.warn(fault.CodeIgnored, in.ID, path+".execution", "node %q: execution has no effect: every node runs in this service", shorten(in.ID))
	}
}

// shorten keeps hostile names out of messages.
func shorten(s string) string { return fault.Shorten(s, 80) }
