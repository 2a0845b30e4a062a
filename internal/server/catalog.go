package server

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"google.golang.org/grpc"

	extpb "github.com/remotemedia/remotemedia-go/api/remotemedia/ext/v1"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/node"
)

// listNodes lists the node types, sorted by name.
func (s *Server) listNodes(ctx context.Context, stream grpc.ServerStream) error {
	req := new(extpb.ListNodesRequest) // the receiver may still be at work with it when the handler is done
	if err := s.receiveBody(callOf(ctx), stream, &wire.Incoming{Message: req}); err != nil {
		return err
	}
	response, filter := new(extpb.ListNodesResponse), strings.ToLower(req.GetFilter())
	for _, spec := range s.options.Catalog.Specs() {
		if !matches(spec, filter, req.GetCategory()) {
			continue
		}
		info := wire.NodeTypeToProto(spec)
		if req.GetIncludeSchema() {
			if err := wire.AddSchema(info, spec); err != nil {
				return fault.Wrap(fault.CodeInternal, err, "the node type %s can't be described", spec.Name)
			}
		}
		response.Nodes = append(response.Nodes, info)
	}
	return stream.SendMsg(response)
}

// matches reports whether a type is of a category and has the filter, in lower case, in a name or its summary.
func matches(spec *node.Spec, filter, category string) bool {
	if category != "" && category != spec.Category {
		return false
	}
	texts := append(spec.Names(), spec.Summary)
	return slices.ContainsFunc(texts, func(t string) bool { return strings.Contains(strings.ToLower(t), filter) })
}

// describeNode describes one type in full.
func (s *Server) describeNode(ctx context.Context, stream grpc.ServerStream) error {
	req := new(extpb.DescribeNodeRequest)
	if err := s.receiveBody(callOf(ctx), stream, &wire.Incoming{Message: req}); err != nil {
		return err
	}
	spec, ok := s.options.Catalog.Lookup(req.GetNodeType())
	if !ok {
		return s.unknownType(req.GetNodeType())
	}
	info := wire.NodeTypeToProto(spec)
	info.Description = strings.TrimSpace(spec.Summary + "\n\n" + spec.Doc)
	if err := wire.AddSchema(info, spec); err != nil {
		return fault.Wrap(fault.CodeInternal, err, "the node type %s can't be described", spec.Name)
	}
	return stream.SendMsg(info)
}

// unknownType becomes NOT_FOUND.
func (s *Server) unknownType(name string) error {
	names := s.options.Catalog.Names()
	hint := cmp.Or(fault.DidYouMean(name, names), "ListNodes tells all types")
	return fault.New(fault.CodeUnknownNodeType, "there is no node type %q: %s", shorten(name), hint).With("available_node_types", names)
}
