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
	req := new(extpb.ListNodesRequest)
	return s.serve(ctx, stream, &wire.Incoming{Message: req}, doing(func() (any, error) { return s.nodesLike(req) }))
}

func (s *Server) nodesLike(req *extpb.ListNodesRequest) (*extpb.ListNodesResponse, error) {
	response, filter := new(extpb.ListNodesResponse), strings.ToLower(req.GetFilter())
	for _, spec := range s.options.Catalog.Specs() {
		if !matches(spec, filter, req.GetCategory()) {
			continue
		}
		info := wire.NodeTypeToProto(spec)
		if req.GetIncludeSchema() {
			if err := wire.AddSchema(info, spec); err != nil {
				return nil, fault.Wrap(fault.CodeInternal, err, "the node type %s can't be described", spec.Name)
			}
		}
		response.Nodes = append(response.Nodes, info)
	}
	return response, nil
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
	return s.serve(ctx, stream, &wire.Incoming{Message: req}, doing(func() (any, error) { return s.nodeNamed(req.GetNodeType()) }))
}

func (s *Server) nodeNamed(name string) (*extpb.NodeTypeInfo, error) {
	spec, ok := s.options.Catalog.Lookup(name)
	if !ok {
		return nil, s.unknownType(name)
	}
	info := wire.NodeTypeToProto(spec)
	info.Description = strings.TrimSpace(spec.Summary + "\n\n" + spec.Doc)
	if err := wire.AddSchema(info, spec); err != nil {
		return nil, fault.Wrap(fault.CodeInternal, err, "the node type %s can't be described", spec.Name)
	}
	return info, nil
}

// unknownType becomes NOT_FOUND.
func (s *Server) unknownType(name string) error {
	names := s.options.Catalog.Names()
	hint := cmp.Or(fault.DidYouMean(name, names), "ListNodes tells all types")
	return fault.New(fault.CodeUnknownNodeType, "there is no node type %q: %s", shorten(name), hint).With("available_node_types", names)
}
