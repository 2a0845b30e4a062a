// Package remotemedia runs audio pipelines within a program: no service, no gRPC. A pipeline is compiled once from a
// manifest, and then run any number of times, from any number of goroutines:
//
//	p, err := remotemedia.Compile(text)
//	...
//	result, err := p.Run(ctx, remotemedia.Inputs{
//		Audio: map[string]remotemedia.Audio{"resample": remotemedia.Planar(44100, samples)},
//	})
//	out := result.Audio["vad"].Samples()
//
// Values that go in are copied before Run returns, and values that come out belong to the caller: there is nothing to
// release. [Pipeline.Open] gives a [Stream], for audio that comes piece by piece.
//
// Errors are *fault.Error, with a kind, a stable code, the node and what to do; those of a manifest list every problem with
// its line and column.
package remotemedia

import (
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/graph"
	"github.com/remotemedia/remotemedia-go/manifest"
	"github.com/remotemedia/remotemedia-go/media"
)

// The values that go in and come out; package client has the same.
type (
	// Audio is a run of frames in one format.
	Audio = media.Audio
	// Inputs are the items that enter together, by node id.
	Inputs = media.Inputs
	// Result is what the pipeline gave.
	Result = media.Result
	// Limits bound a run.
	Limits = media.Limits
)

// Planar makes float32 audio of one slice per channel, which is copied; see [media.Planar].
func Planar(rate int, channels ...[]float32) Audio { return media.Planar(rate, channels...) }

// Interleaved makes float32 audio of interleaved samples, which are copied; see [media.Interleaved].
func Interleaved(rate, channels int, samples []float32) Audio {
	return media.Interleaved(rate, channels, samples)
}

// Pipeline is a checked manifest, ready to run. It is immutable and safe for concurrent use.
type Pipeline struct {
	plan   *graph.Plan
	limits engine.Limits
	engine *engine.Engine
}

// Compile checks the text of a manifest, JSON or YAML, and makes a pipeline of it. The error is a *fault.Error that holds
// every problem of the text; nothing is run.
func Compile[T ~string | ~[]byte](text T, options ...Option) (*Pipeline, error) {
	s, err := newSettings(options)
	if err != nil {
		return nil, err
	}
	m, problems := manifest.Parse(s.name, []byte(text))
	if m == nil {
		return nil, fault.FromProblems(problems)
	}
	return compile(m, problems, s)
}

// CompileManifest makes a pipeline of a manifest that was parsed before or built in the program. The manifest must not be
// changed afterwards.
func CompileManifest(m *manifest.Manifest, options ...Option) (*Pipeline, error) {
	s, err := newSettings(options)
	if err != nil {
		return nil, err
	}
	if m == nil {
		return nil, fault.New(fault.CodeManifestMissing, "there is no manifest: expected one, got nil")
	}
	return compile(m, nil, s)
}

func compile(m *manifest.Manifest, found []fault.Problem, s *settings) (*Pipeline, error) {
	plan, fail := graph.Compile(m, s.catalog, s.graph(), found...)
	if fail != nil {
		return nil, fail
	}
	return &Pipeline{plan: plan, limits: s.limits, engine: shared()}, nil
}

// Plan returns the checked graph: nodes, edges, order. It is read-only.
func (p *Pipeline) Plan() *graph.Plan { return p.plan }

// Name returns the manifest's metadata.name, "unnamed" where it has none.
func (p *Pipeline) Name() string { return p.plan.Name }

// Sources returns the ids of the nodes without an incoming connection, in the order of the manifest.
func (p *Pipeline) Sources() []string { return p.plan.IDs(p.plan.Sources) }

// Outputs returns the ids of the nodes whose items are in a result, in the order of the manifest.
func (p *Pipeline) Outputs() []string { return p.plan.IDs(p.plan.Outputs) }

// Warnings returns what was told of the manifest and doesn't stop it.
func (p *Pipeline) Warnings() []string { return fault.Warnings(p.plan.Warnings) }
