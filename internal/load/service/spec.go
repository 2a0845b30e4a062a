// Package service makes the load of remotemedia.v1: requests that are encoded once, and checks that find in an encoded answer,
// by its structure alone, whether it is what the service answered when it was asked first.
package service

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/client"
	"github.com/remotemedia/remotemedia-go/internal/load"
	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/manifest"
	"github.com/remotemedia/remotemedia-go/media"
	"github.com/remotemedia/remotemedia-go/version"
)

// The methods under load.
const (
	ExecuteMethod = "/remotemedia.v1.PipelineExecutionService/ExecutePipeline"
	StreamMethod  = "/remotemedia.v1.StreamingPipelineService/StreamPipeline"
)

// Spec is what is run over and over.
type Spec struct {
	Manifest *manifest.Manifest
	Audio    map[string]media.Audio     // by node, which may be "" where only one is at the start
	Data     map[string]json.RawMessage // by node, likewise
	Limits   media.Limits
	Check    Check
}

// Unary asks the target, decodes the answer in full, and makes the load that expects the same answer to every call; with
// [CheckNone] nothing is asked or expected. Errors of the service are *fault.Error.
func Unary(ctx context.Context, t load.Target, s Spec) (*load.UnaryWorkload, error) {
	body, err := s.request()
	if err != nil {
		return nil, err
	}
	var expected *outputs
	if s.Check != CheckNone {
		if expected, err = s.reference(ctx, t); err != nil {
			return nil, fmt.Errorf("the first call, whose answer all others are compared with: %w", err)
		}
	}
	return &load.UnaryWorkload{
		Method: ExecuteMethod, Request: body,
		Check: func(answer []byte, number uint64) error { return s.Check.execution(answer, expected, number) },
	}, nil
}

// request encodes the one request.
func (s Spec) request() ([]byte, error) {
	audio, data, err := s.inputs()
	if err != nil {
		return nil, err
	}
	return proto.Marshal(&pb.ExecuteRequest{
		Manifest: wire.ManifestToProto(s.Manifest), ClientVersion: version.Protocol, ResourceLimits: s.limits(),
		AudioInputs: audio, DataInputs: data,
	})
}

func (s Spec) inputs() (audio map[string]*pb.AudioBuffer, data map[string]string, err error) {
	audio, data = make(map[string]*pb.AudioBuffer), make(map[string]string)
	for node, a := range s.Audio {
		if node, err = s.address(node); err != nil {
			return nil, nil, err
		}
		audio[node] = buffer(a)
	}
	for node, text := range s.Data {
		if node, err = s.address(node); err != nil {
			return nil, nil, err
		}
		data[node] = string(text)
	}
	return audio, data, nil
}

// address finds the one node at the start for the key "".
func (s Spec) address(node string) (string, error) {
	if node != "" {
		return node, nil
	}
	var starts []string
	for _, n := range s.Manifest.Nodes {
		if !slices.ContainsFunc(s.Manifest.Connections, func(c manifest.Connection) bool { return c.To == n.ID }) {
			starts = append(starts, n.ID)
		}
	}
	if len(starts) != 1 {
		return "", fmt.Errorf("an input names no node, but %d nodes are at the start: %v", len(starts), starts)
	}
	return starts[0], nil
}

func (s Spec) limits() *pb.ResourceLimits {
	if s.Limits == (media.Limits{}) {
		return nil
	}
	ms := uint64((max(s.Limits.Timeout, 0) + time.Millisecond - 1) / time.Millisecond)
	return &pb.ResourceLimits{MaxMemoryBytes: s.Limits.MemoryBytes, MaxTimeoutMs: ms, MaxAudioSamples: s.Limits.Samples}
}

func buffer(a media.Audio) *pb.AudioBuffer {
	return &pb.AudioBuffer{
		Samples: a.Bytes, NumSamples: uint64(a.Frames() * a.Format.Channels),
		SampleRate: uint32(a.Format.Rate), Channels: uint32(a.Format.Channels), Format: wire.EncodingToProto(a.Format.Encoding),
	}
}

// reference asks twice. Data that differs from call to call can't be compared, audio must not differ.
func (s Spec) reference(ctx context.Context, t load.Target) (*outputs, error) {
	c, err := dial(t)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	var answers [2]*media.Result
	for i := range answers {
		in := media.Inputs{Audio: s.Audio, Data: s.Data}
		if answers[i], err = c.Execute(ctx, client.Request{Manifest: s.Manifest, Inputs: in, Limits: s.Limits}); err != nil {
			return nil, err
		}
	}
	expected := expect(answers[0])
	return expected, expected.compare(expect(answers[1]))
}

// dial makes an ordinary client. It doesn't retry: a service that refuses the first call is no service to be measured.
func dial(t load.Target) (*client.Client, error) {
	options := []client.Option{client.WithRetry(client.NoRetry)}
	if t.TLS != nil {
		options = append(options, client.WithTLS(t.TLS))
	}
	if t.Token != "" {
		options = append(options, client.WithToken(t.Token))
	}
	address := t.Address
	if t.Dial != nil {
		options, address = append(options, client.WithDialOptions(grpc.WithContextDialer(t.Dial))), "passthrough:///"+address
	}
	return client.Dial(address, options...)
}
