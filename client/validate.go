package client

import (
	"context"

	extpb "github.com/remotemedia/remotemedia-go/api/remotemedia/ext/v1"
	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/manifest"
)

// Check is a manifest to be checked: exactly one of Manifest, JSON and YAML is set. Problems of a text have line and column.
type Check struct {
	Manifest   *manifest.Manifest
	JSON, YAML string
	Inputs     map[string]audio.Format // of the audio that will be sent, by node id; fields that aren't known are 0. It may be nil
}

// Validation is what a check found.
type Validation struct {
	Valid    bool            // the manifest would run
	Problems []fault.Problem // errors and warnings; Offset and Excerpt aren't told

	// Of a valid manifest:
	Order      []string           // node ids as they would run
	Sources    []string           // those that need an input
	Sinks      []string           // those whose outputs would be returned
	Normalized *manifest.Manifest // canonical names, defaults filled in; secrets are as they were sent
	Memory     uint64             // bytes that the nodes' audio takes for a second of input; 0 where Inputs doesn't tell enough
}

// Validate has the service check a manifest as it would before it ran it; nothing runs. Problems are the result, not an error.
func (c *Client) Validate(ctx context.Context, check Check) (*Validation, error) {
	in := &extpb.ValidatePipelineRequest{InputFormats: make(map[string]*extpb.InputFormat, len(check.Inputs))}
	switch {
	case check.Manifest != nil:
		in.Source = &extpb.ValidatePipelineRequest_Manifest{Manifest: wire.ManifestToProto(check.Manifest)}
	case check.JSON != "":
		in.Source = &extpb.ValidatePipelineRequest_Json{Json: check.JSON}
	default:
		in.Source = &extpb.ValidatePipelineRequest_Yaml{Yaml: check.YAML}
	}
	for id, f := range check.Inputs {
		in.InputFormats[id] = &extpb.InputFormat{
			Kind: pb.DataTypeHint_DATA_TYPE_HINT_AUDIO, SampleRate: uint32(f.Rate), Channels: uint32(f.Channels), Format: wire.EncodingToProto(f.Encoding),
		}
	}
	out := new(extpb.ValidatePipelineResponse)
	if err := c.call(ctx, validateMethod, "", in, out); err != nil {
		return nil, err
	}
	return validationFromProto(out), nil
}

func validationFromProto(in *extpb.ValidatePipelineResponse) *Validation {
	v := &Validation{
		Valid: in.GetValid(), Order: in.GetExecutionOrder(), Sources: in.GetSources(), Sinks: in.GetSinks(), Memory: in.GetEstimatedMemoryBytes(),
	}
	for _, p := range in.GetProblems() {
		severity := fault.SeverityError
		if p.GetSeverity() == extpb.Severity_SEVERITY_WARNING {
			severity = fault.SeverityWarning
		}
		v.Problems = append(v.Problems, fault.Problem{
			Severity: severity, Code: fault.Code(p.GetCode()), NodeID: p.GetNodeId(), Path: p.GetPath(), Message: p.GetMessage(), Hint: p.GetHint(),
			Line: int(p.GetLine()), Column: int(p.GetColumn()),
		})
	}
	if in.GetNormalized() != nil {
		v.Normalized, _ = wire.ManifestFromProto(in.GetNormalized()) // valid by what the service says
	}
	return v
}
