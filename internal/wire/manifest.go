package wire

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/manifest"
)

// ManifestFromProto turns a manifest of the wire into the runtime's, together with the problems of its params texts, whose
// lines and columns count within the text. The manifest is nil, and there is one problem, when it is beyond the bounds of a
// document. What it refers to doesn't share memory with the message, strings excepted.
func ManifestFromProto(in *pb.PipelineManifest) (*manifest.Manifest, []fault.Problem) {
	if p := checkBounds(in); p != nil {
		return nil, []fault.Problem{*p}
	}
	m := &manifest.Manifest{
		Version: in.GetVersion(),
		Metadata: manifest.Metadata{
			Name:        in.GetMetadata().GetName(),
			Description: in.GetMetadata().GetDescription(),
			CreatedAt:   in.GetMetadata().GetCreatedAt(),
		},
	}
	var problems []fault.Problem
	for i, n := range in.GetNodes() {
		out, found := nodeFromProto(i, n)
		m.Nodes = append(m.Nodes, out)
		problems = append(problems, found...)
	}
	for _, c := range in.GetConnections() {
		m.Connections = append(m.Connections, manifest.Connection{
			From: c.GetFrom(), To: c.GetTo(), FromOutput: c.GetFromOutput(), ToInput: c.GetToInput(),
		})
	}
	return m, problems
}

// checkBounds keeps what is too large to be a manifest from being looked at further.
func checkBounds(in *pb.PipelineManifest) *fault.Problem {
	if n := len(in.GetNodes()); n > manifest.MaxNodes {
		return &fault.Problem{
			Code: fault.CodeTooManyNodes, Path: "nodes", Hint: "split the pipeline",
			Message: fmt.Sprintf("the manifest has %d nodes: at most %d are read at all", n, manifest.MaxNodes),
		}
	}
	if n := proto.Size(in); n > manifest.MaxTextBytes {
		return &fault.Problem{
			Code: fault.CodeTooLarge, Hint: "send data as inputs rather than in the manifest",
			Message: fmt.Sprintf("the manifest has %d bytes: expected at most %d", n, manifest.MaxTextBytes),
		}
	}
	return nil
}

func nodeFromProto(i int, in *pb.NodeManifest) (manifest.Node, []fault.Problem) {
	params, source, problems := manifest.ParseParams(i, in.GetId(), in.GetParams())
	return manifest.Node{
		ID: in.GetId(), Type: in.GetNodeType(), Params: params, ParamsSource: source,
		IsStreaming: in.GetIsStreaming(), Host: in.GetHost(), RuntimeHint: runtimeHints[in.GetRuntimeHint()],
		Capabilities: capabilitiesFromProto(in.GetCapabilities()),
		IsOutputNode: in.GetIsOutputNode(), TimeoutMS: in.GetTimeoutMs(),
		InputTypes: typesFromProto(in.GetInputTypes()), OutputTypes: typesFromProto(in.GetOutputTypes()),
	}, problems
}

func capabilitiesFromProto(in *pb.CapabilityRequirements) *manifest.Capabilities {
	if in == nil {
		return nil
	}
	out := &manifest.Capabilities{MemoryGB: in.GetMemoryGb()}
	if g := in.GetGpu(); g != nil {
		out.GPU = &manifest.GPU{Type: g.GetType(), MinMemoryGB: g.GetMinMemoryGb(), Required: g.GetRequired()}
	}
	if c := in.GetCpu(); c != nil {
		out.CPU = &manifest.CPU{Cores: c.GetCores(), Arch: c.GetArch()}
	}
	return out
}

// ManifestToProto turns a manifest into the wire's. Lost are the source and the execution hints, which have no place there.
func ManifestToProto(m *manifest.Manifest) *pb.PipelineManifest {
	out := &pb.PipelineManifest{Version: m.Version}
	if m.Metadata != (manifest.Metadata{}) {
		out.Metadata = &pb.ManifestMetadata{
			Name: m.Metadata.Name, Description: m.Metadata.Description, CreatedAt: m.Metadata.CreatedAt,
		}
	}
	for i := range m.Nodes {
		out.Nodes = append(out.Nodes, nodeToProto(&m.Nodes[i]))
	}
	for _, c := range m.Connections {
		out.Connections = append(out.Connections, &pb.Connection{
			From: c.From, To: c.To, FromOutput: c.FromOutput, ToInput: c.ToInput,
		})
	}
	return out
}

func nodeToProto(n *manifest.Node) *pb.NodeManifest {
	hint, _ := keyOf(runtimeHints, n.RuntimeHint)
	return &pb.NodeManifest{
		Id: n.ID, NodeType: n.Type, Params: string(n.Params),
		IsStreaming: n.IsStreaming, Host: n.Host, RuntimeHint: hint,
		Capabilities: capabilitiesToProto(n.Capabilities),
		IsOutputNode: n.IsOutputNode, TimeoutMs: n.TimeoutMS,
		InputTypes: typesToProto(n.InputTypes), OutputTypes: typesToProto(n.OutputTypes),
	}
}

func capabilitiesToProto(c *manifest.Capabilities) *pb.CapabilityRequirements {
	if c == nil {
		return nil
	}
	out := &pb.CapabilityRequirements{MemoryGb: c.MemoryGB}
	if g := c.GPU; g != nil {
		out.Gpu = &pb.GpuRequirement{Type: g.Type, MinMemoryGb: g.MinMemoryGB, Required: g.Required}
	}
	if p := c.CPU; p != nil {
		out.Cpu = &pb.CpuRequirement{Cores: p.Cores, Arch: p.Arch}
	}
	return out
}
