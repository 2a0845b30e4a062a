package client

import (
	"context"
	"encoding/json"
	"strings"

	extpb "github.com/remotemedia/remotemedia-go/api/remotemedia/ext/v1"
	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
)

// NodesOptions narrow a list of node types.
type NodesOptions struct {
	Filter   string // part of a name, alias or summary, in any case; "" means all
	Category string // exactly; "" means all
	Schemas  bool   // tell Schema, Defaults and Example, too
}

// NodeType describes a node type of a service.
type NodeType struct {
	Name        string
	Aliases     []string
	Description string // a sentence in a list; from Describe in full, Markdown
	Category    string
	Accepts     []string // kinds: "audio", "json", "text", "binary", or "any"
	Produces    []string

	Schema   json.RawMessage // JSON Schema of the parameters
	Defaults json.RawMessage // object of the parameters with their defaults
	Example  json.RawMessage // a manifest

	MultiOutput    bool   // it may give several items for one
	Stateful       bool   // it keeps state between items
	LatencyClass   string // "realtime", "fast", "medium", "slow" or "batch"; "" where it isn't told
	LatencySamples uint64 // frames at its output rate; at 16 kHz where that is the input's
}

// Nodes lists the node types of the service, sorted by name. A service that is older than this call says so by a VersionMismatch;
// Version tells its names.
func (c *Client) Nodes(ctx context.Context, o NodesOptions) ([]NodeType, error) {
	in := &extpb.ListNodesRequest{Filter: o.Filter, Category: o.Category, IncludeSchema: o.Schemas}
	out := new(extpb.ListNodesResponse)
	if err := c.call(ctx, listNodesMethod, "", in, out); err != nil {
		return nil, err
	}
	types := make([]NodeType, len(out.GetNodes()))
	for i, n := range out.GetNodes() {
		types[i] = nodeTypeFromProto(n)
	}
	return types, nil
}

// Describe describes a node type in full, by its name or an alias. The error for one that the service doesn't have has the code
// fault.CodeUnknownNodeType and says what may have been meant.
func (c *Client) Describe(ctx context.Context, name string) (NodeType, error) {
	out := new(extpb.NodeTypeInfo)
	if err := c.call(ctx, describeNodeMethod, "", &extpb.DescribeNodeRequest{NodeType: name}, out); err != nil {
		return NodeType{}, err
	}
	return nodeTypeFromProto(out), nil
}

func nodeTypeFromProto(in *extpb.NodeTypeInfo) NodeType {
	n := NodeType{
		Name: in.GetName(), Aliases: in.GetAliases(), Description: in.GetDescription(), Category: in.GetCategory(),
		Accepts: kindNames(in.GetAccepts()), Produces: kindNames(in.GetProduces()),
		MultiOutput: in.GetMultiOutput(), Stateful: in.GetStateful(), LatencySamples: in.GetLatencySamples(),
	}
	if c := in.GetLatencyClass(); c != 0 {
		n.LatencyClass = word(c.String(), "LATENCY_CLASS_")
	}
	n.Schema, n.Defaults, n.Example = orNil(in.GetParamsSchema()), orNil(in.GetDefaults()), orNil(in.GetExample())
	return n
}

func orNil(text string) json.RawMessage {
	if text == "" {
		return nil
	}
	return json.RawMessage(text)
}

func kindNames(hints []pb.DataTypeHint) []string {
	out := make([]string, len(hints))
	for i, h := range hints {
		out[i] = word(h.String(), "DATA_TYPE_HINT_")
	}
	return out
}

// word is the name of a value without the prefix of its type, in lower case.
func word(name, prefix string) string { return strings.ToLower(strings.TrimPrefix(name, prefix)) }
