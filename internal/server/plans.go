package server

import (
	"encoding/binary"
	"slices"

	"google.golang.org/protobuf/proto"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/graph"
	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/manifest"
	"github.com/remotemedia/remotemedia-go/node"
)

// planRequest is what asks for a plan: a request, or the init of a stream in its shape, whose inputs come later.
type planRequest struct {
	*pb.ExecuteRequest
	in   *wire.Incoming // which may have the manifest as it came; nil for a stream
	live bool

	key   []byte     // memory, used again: of the plan's key
	nodes []endpoint // of the plan
}

// encoded is the manifest as it came, nil where the message alone has it, if it has one.
func (r *planRequest) encoded() []byte {
	if r.in == nil {
		return nil
	}
	return r.in.Manifest
}

// plan returns the checked pipeline of a request, from the cache or compiled, and its data inputs as items by node id. All
// problems of manifest and inputs are told together.
func (s *Server) plan(req *planRequest, limits engine.Limits) (*graph.Plan, map[string]node.Item, error) {
	if req.GetManifest() == nil && req.encoded() == nil {
		return nil, nil, fault.New(fault.CodeManifestMissing, "the request has no manifest: set the field manifest to a pipeline with at least one node")
	}
	key, err := s.planKey(req, limits)
	req.key = key
	if err != nil {
		return nil, nil, err
	}
	if plan, ok := s.plans.Get(key); ok {
		req.nodes = appendEndpoints(req.nodes[:0], plan)
		data, problems := checkInputs(req, req.nodes)
		if f := fault.FromProblems(problems); f != nil {
			return nil, nil, f
		}
		return plan, data, nil
	}
	if req.in != nil {
		if err := req.in.DecodeManifest(); err != nil {
			return nil, nil, undecodable(err)
		}
	}
	plan, data, f := s.compile(req, limits)
	if f != nil {
		return nil, nil, f
	}
	s.plans.Put(key, plan)
	return plan, data, nil
}

func (s *Server) compile(req *planRequest, limits engine.Limits) (*graph.Plan, map[string]node.Item, *fault.Error) {
	m, found := wire.ManifestFromProto(req.GetManifest())
	if m == nil {
		return nil, nil, fault.FromProblems(found)
	}
	markOutputs(m, req.GetOutputNodes())
	data, problems := checkInputs(req, endpointsOfManifest(m, s.options.Catalog))
	plan, f := graph.Compile(m, s.options.Catalog, s.graphOptions(limits), append(found, problems...)...)
	return plan, data, f
}

func (s *Server) graphOptions(limits engine.Limits) graph.Options {
	settings := s.settings.Load()
	return graph.Options{MaxNodes: settings.MaxNodes, MaxMemoryBytes: uint64(limits.MemoryBytes), Types: settings.Types}
}

// markOutputs has the items of further nodes returned, as the request asks.
func markOutputs(m *manifest.Manifest, ids []string) {
	for i := range m.Nodes {
		if slices.Contains(ids, m.Nodes[i].ID) {
			m.Nodes[i].IsOutputNode = true
		}
	}
}

// planKey is everything that a plan depends on: catalogue, settings, limits, further outputs, and the manifest itself, as the bytes in
// which it came: other bytes that mean the same are another plan's. Each part but the last has its length before it.
func (s *Server) planKey(req *planRequest, limits engine.Limits) ([]byte, error) {
	key := appendPart(req.key[:0], s.options.Catalog.Version())
	key = binary.AppendUvarint(key, uint64(limits.MemoryBytes))
	key = binary.AppendUvarint(key, s.settings.Load().generation)
	outputs := slices.Clone(req.GetOutputNodes())
	slices.Sort(outputs)
	outputs = slices.Compact(outputs)
	key = binary.AppendUvarint(key, uint64(len(outputs)))
	for _, id := range outputs {
		key = appendPart(key, id)
	}
	if raw := req.encoded(); raw != nil {
		return append(key, raw...), nil
	}
	return proto.MarshalOptions{Deterministic: true}.MarshalAppend(key, req.GetManifest())
}

func appendPart(key []byte, part string) []byte {
	return append(binary.AppendUvarint(key, uint64(len(part))), part...)
}
