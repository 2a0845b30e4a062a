package server

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	extpb "github.com/remotemedia/remotemedia-go/api/remotemedia/ext/v1"
	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/graph"
	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/manifest"
	"github.com/remotemedia/remotemedia-go/node"
)

// inSlot serves a call whose work is done in a compute slot. The answer is sent without one: a peer that is slow to read must not hold it.
func (s *Server) inSlot(ctx context.Context, stream grpc.ServerStream, req proto.Message, work func(*call) (proto.Message, error)) error {
	return s.serve(ctx, stream, &wire.Incoming{Message: req}, doing(func() (any, error) {
		c := callOf(ctx)
		slot, err := c.compute(ctx)
		if err != nil {
			return nil, err
		}
		defer slot.Release() // also when the work panics
		return work(c)
	}))
}

// validatePipeline checks a manifest and runs nothing. What is wrong with it is the answer, not an error.
func (s *Server) validatePipeline(ctx context.Context, stream grpc.ServerStream) error {
	req := new(extpb.ValidatePipelineRequest)
	return s.inSlot(ctx, stream, req, func(c *call) (proto.Message, error) {
		m, found := manifestOf(req)
		if m == nil {
			return &extpb.ValidatePipelineResponse{Problems: wire.ProblemsToProto(found, true)}, nil
		}
		c.nodes, c.pipeline = len(m.Nodes), shorten(m.Metadata.Name)
		return s.validate(m, found, req.GetInputFormats())
	})
}

// manifestOf reads the manifest of a request, in whichever form it is; nil where it can't be read at all.
func manifestOf(req *extpb.ValidatePipelineRequest) (*manifest.Manifest, []fault.Problem) {
	switch source := req.GetSource().(type) {
	case *extpb.ValidatePipelineRequest_Manifest:
		return wire.ManifestFromProto(source.Manifest)
	case *extpb.ValidatePipelineRequest_Json:
		return manifest.ParseJSON("json", []byte(source.Json))
	case *extpb.ValidatePipelineRequest_Yaml:
		return manifest.ParseYAML("yaml", []byte(source.Yaml))
	}
	return nil, []fault.Problem{{
		Code: fault.CodeManifestMissing, Message: "the request has no manifest", Hint: "set one of the fields manifest, json and yaml",
	}}
}

// validate compiles a manifest as ExecutePipeline would with the limits that hold when none are asked for.
func (s *Server) validate(m *manifest.Manifest, found []fault.Problem, formats map[string]*extpb.InputFormat) (*extpb.ValidatePipelineResponse, error) {
	limits, _, err := s.limits(nil)
	if err != nil {
		return nil, err
	}
	options, placed := s.graphOptions(limits), m.Source != nil
	inputs, problems := checkFormats(formats, endpointsOfManifest(m, s.options.Catalog))
	options.Inputs = inputs
	plan, f := graph.Compile(m, s.options.Catalog, options, append(found, problems...)...)
	if f != nil {
		return &extpb.ValidatePipelineResponse{Problems: wire.ProblemsToProto(f.Problems, placed)}, nil
	}
	return &extpb.ValidatePipelineResponse{
		Valid: true, Problems: wire.ProblemsToProto(plan.Warnings, placed),
		ExecutionOrder: plan.IDs(plan.Order), Sources: needing(plan), Sinks: plan.IDs(plan.Outputs),
		Normalized: normalized(plan), EstimatedMemoryBytes: secondOf(plan),
	}, nil
}

// checkFormats reads what is told of the inputs, and finds what isn't a node's or not of a kind that the node takes.
func checkFormats(formats map[string]*extpb.InputFormat, nodes []endpoint) (map[string]graph.Input, []fault.Problem) {
	c := &inputCheck{nodes: nodes}
	inputs := make(map[string]graph.Input, min(len(formats), len(nodes)))
	byID := make(map[string]*endpoint, len(nodes))
	for i := range nodes {
		byID[nodes[i].id] = &nodes[i]
	}
	for _, id := range slices.Sorted(maps.Keys(formats)) {
		path, n := fmt.Sprintf("input_formats[%q]", shorten(id)), byID[id]
		if n == nil {
			c.unknown(fault.CodeUnknownInput, id, path, "input_formats")
			continue
		}
		kinds, format, problems := wire.InputFormatFromProto(formats[id], id, path)
		c.faults.content = append(c.faults.content, problems...)
		switch {
		case len(problems) > 0 || n.spec == nil:
		case kinds != node.Any && !n.spec.Takes(kinds):
			c.wrongKind(n, kinds, path)
		default:
			inputs[id] = graph.Input{Kinds: kinds, Format: format}
		}
	}
	return inputs, slices.Concat(c.faults.unknown, c.faults.kind, c.faults.content)
}

// needing are the sources that don't make their own data.
func needing(plan *graph.Plan) []string {
	return plan.IDs(slices.DeleteFunc(slices.Clone(plan.Sources), func(i int) bool { return plan.Nodes[i].Spec.Source }))
}

// normalized is the manifest of a plan with canonical names, the parameters that are meant by default, and each connection once.
func normalized(plan *graph.Plan) *pb.PipelineManifest {
	m := *plan.Manifest
	m.Nodes, m.Connections = slices.Clone(m.Nodes), nil
	for i := range m.Nodes {
		spec := plan.Nodes[i].Spec
		m.Nodes[i].Type, m.Nodes[i].Params = spec.Name, spec.Params().Normalize(m.Nodes[i].Params)
	}
	seen := make(map[manifest.Connection]bool, len(plan.Manifest.Connections))
	for _, c := range plan.Manifest.Connections {
		if !seen[c] {
			seen[c] = true
			m.Connections = append(m.Connections, c)
		}
	}
	return wire.ManifestToProto(&m)
}

// secondOf estimates the memory of a second of audio: that of what every node gives, in 32 bits a sample. It is 0 where a node's format
// isn't known.
func secondOf(plan *graph.Plan) uint64 {
	const bytesPerSample = 4
	var sum uint64
	for i := range plan.Nodes {
		n := &plan.Nodes[i]
		if n.Kinds&node.Audio == 0 {
			continue
		}
		if n.Format.Rate == 0 || n.Format.Channels == 0 {
			return 0
		}
		sum += bytesPerSample * uint64(n.Format.Rate) * uint64(n.Format.Channels)
	}
	return sum
}

// convertManifest rewrites a manifest in another syntax. One that can't be read is an error.
func (s *Server) convertManifest(ctx context.Context, stream grpc.ServerStream) error {
	req := new(extpb.ConvertManifestRequest)
	return s.inSlot(ctx, stream, req, func(*call) (proto.Message, error) { return convert(req) })
}

func convert(req *extpb.ConvertManifestRequest) (proto.Message, error) {
	parse, write := manifest.Parse, (*manifest.Manifest).MarshalJSON
	switch req.GetFrom() {
	case extpb.ManifestSyntax_MANIFEST_SYNTAX_JSON:
		parse = manifest.ParseJSON
	case extpb.ManifestSyntax_MANIFEST_SYNTAX_YAML:
		parse = manifest.ParseYAML
	}
	switch req.GetTo() {
	case extpb.ManifestSyntax_MANIFEST_SYNTAX_JSON:
	case extpb.ManifestSyntax_MANIFEST_SYNTAX_YAML:
		write = (*manifest.Manifest).MarshalYAML
	default:
		return nil, fault.New(fault.CodeMissingField, "the syntax wanted isn't known: set to to MANIFEST_SYNTAX_JSON (1) or MANIFEST_SYNTAX_YAML (2)")
	}
	m, problems := parse("manifest", []byte(req.GetText()))
	if f := fault.FromProblems(problems); f != nil {
		return nil, f
	}
	text, err := write(m)
	if err != nil {
		return nil, fault.Wrap(fault.CodeInternal, err, "the manifest can't be written")
	}
	return &extpb.ConvertManifestResponse{Text: string(text), Manifest: wire.ManifestToProto(m)}, nil
}
