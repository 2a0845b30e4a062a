package client

import (
	"context"
	"math"
	"slices"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/manifest"
	"github.com/remotemedia/remotemedia-go/media"
)

// Request is one execution.
type Request struct {
	Manifest    *manifest.Manifest
	Inputs      media.Inputs      // read until the call returns
	Limits      media.Limits      // zero fields mean the service's defaults
	OutputNodes []string          // nodes whose outputs are wanted besides those at the ends
	Labels      map[string]string // words for the service's log
	RequestID   string            // names the call in the service's log; "" has one made
}

// Execute runs a pipeline on the service with all its input. The result owns its memory.
func (c *Client) Execute(ctx context.Context, r Request) (*media.Result, error) {
	in, err := encode(r)
	if err != nil {
		return nil, err
	}
	if err := c.knowVersion(ctx); err != nil {
		return nil, err
	}
	r.RequestID = orNew(r.RequestID)
	in.RequestId, in.ClientVersion = r.RequestID, c.settings.version
	out := new(pb.ExecuteResponse)
	if err := c.call(ctx, executeMethod, r.RequestID, in, out); err != nil {
		return nil, err
	}
	switch outcome := out.GetOutcome().(type) {
	case *pb.ExecuteResponse_Result:
		return decode(outcome.Result, r.Manifest), nil
	case *pb.ExecuteResponse_Error:
		return nil, wire.ErrorFromProto(outcome.Error)
	}
	return nil, fault.New(fault.CodeInternal, "the service answered with neither a result nor an error")
}

func encode(r Request) (*pb.ExecuteRequest, error) {
	if r.Manifest == nil {
		return nil, fault.New(fault.CodeManifestMissing, "there is no manifest: expected one, got nil")
	}
	out := &pb.ExecuteRequest{
		Manifest: wire.ManifestToProto(r.Manifest), OutputNodes: r.OutputNodes, Labels: r.Labels, RequestId: r.RequestID,
		AudioInputs: make(map[string]*pb.AudioBuffer, len(r.Inputs.Audio)),
		DataInputs:  make(map[string]string, len(r.Inputs.Data)), ResourceLimits: limits(r.Limits),
	}
	for id, a := range r.Inputs.Audio {
		id, err := address(r.Manifest, id)
		if err != nil {
			return nil, err
		}
		if out.AudioInputs[id], err = audioToProto(id, a); err != nil {
			return nil, err
		}
	}
	for id, text := range r.Inputs.Data {
		id, err := address(r.Manifest, id)
		if err != nil {
			return nil, err
		}
		out.DataInputs[id] = string(text)
	}
	return out, nil
}

// address finds the one node at the start for the key "", which the wire doesn't have.
func address(m *manifest.Manifest, id string) (string, error) {
	if id != "" {
		return id, nil
	}
	var starts []string
	for _, n := range m.Nodes {
		if !slices.ContainsFunc(m.Connections, func(c manifest.Connection) bool { return c.To == n.ID }) {
			starts = append(starts, n.ID)
		}
	}
	switch {
	case len(m.Nodes) == 0:
		return "", nil // that is the fault, which the service tells
	case len(starts) == 0:
		return m.Nodes[0].ID, nil // there is a cycle: the same
	case len(starts) > 1:
		return "", fault.New(fault.CodeUnknownInput, "an input names no node, but %d nodes are at the start: %v", len(starts), starts)
	}
	return starts[0], nil
}

// audioToProto checks what the wire's types can't hold; the rest is the service's to judge.
func audioToProto(id string, a media.Audio) (*pb.AudioBuffer, error) {
	if err := a.Check(); err != nil {
		return nil, fault.New(fault.CodeBadAudio, "audio for node %q: %v", id, err).WithNode(id)
	}
	return &pb.AudioBuffer{
		Samples: a.Bytes, NumSamples: uint64(a.Frames()) * uint64(a.Format.Channels),
		SampleRate: uint32(a.Format.Rate), Channels: uint32(a.Format.Channels), Format: wire.EncodingToProto(a.Format.Encoding),
	}, nil
}

// limits turns limits into the wire's, rounding the time up so that a short one doesn't become none.
func limits(l media.Limits) *pb.ResourceLimits {
	if l == (media.Limits{}) {
		return nil
	}
	ms := uint64(math.Ceil(max(l.Timeout.Seconds(), 0) * 1000))
	return &pb.ResourceLimits{MaxMemoryBytes: l.MemoryBytes, MaxTimeoutMs: ms, MaxAudioSamples: l.Samples}
}
