package node

import (
	"fmt"
	"reflect"
	"time"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/node/param"
)

// Granularity says on what a node's audio depends.
type Granularity uint8

const (
	// PerSample nodes give the same audio, bit for bit, however the input is cut into items.
	PerSample Granularity = iota
	// PerItem nodes give one result an item (counters, meters, events), so the cut shows.
	PerItem
)

// String returns "sample" or "item".
func (g Granularity) String() string { return [...]string{"sample", "item"}[g] }

// Spec declares a node type: everything that the graph, the catalogue, the documentation and the clients' builders know of
// it. It is made with [Define] and read-only afterwards.
type Spec struct {
	Name     string   // canonical, as in NodeManifest.node_type
	Aliases  []string // other accepted names
	Category string   // the family: transform, measure, detect, flow, data
	Summary  string   // one sentence
	Doc      string   // semantics: what comes in, what goes out, rules; Markdown

	Accepts  Kinds // kinds that the node processes
	Produces Kinds // kinds that it makes of them; a node that hands on what comes in sets Forwards too
	Forwards bool  // hands on the items it gets: an identity

	Granularity  Granularity
	Stateful     bool          // keeps state between items
	Source       bool          // makes its own data: needs no input
	MultiOutput  bool          // may give several items for one, besides those of a flush
	MultiInput   bool          // tells its inputs apart by Item.From and Item.Port
	InPorts      []string      // names of input ports beside the default one
	OutPorts     []string      // names of output ports beside the default one
	Latency      time.Duration // algorithmic delay, 0 for none
	LatencyClass string        // realtime, fast, medium, slow or batch
	Example      string        // JSON object of parameters for a working instance
	Sample       string        // JSON text of a data item that shows what it does; "" for a node that is shown with audio
	Fails        string        // on what the node fails, to stand behind "it fails on"; Markdown, "" for nothing

	params   *param.Schema
	newParam func() any
	build    func(params any, env Env) (Processor, error)
}

// Env is what a node's constructor may use of its surroundings.
type Env struct {
	NodeID string // the node's id in the manifest
}

// Formatter is implemented by parameter structs of nodes that require or change an audio format. Zero fields of a format
// are unknown, both ways.
type Formatter interface {
	// Output returns the format of the audio that leaves the node when in comes, or what is wrong with in.
	Output(in audio.Format) (audio.Format, error)
}

// Define completes a declaration with the node's parameters P (a struct with tags, see package param) and constructor.
// It panics if the declaration is wrong, as that is a mistake in the program: the catalogue's test walks all.
func Define[P any](s Spec, build func(P, Env) (Processor, error)) Spec {
	schema, err := param.Of(reflect.TypeFor[P]())
	if err != nil {
		panic(fmt.Sprintf("node %s: %v", s.Name, err))
	}
	s.params = schema
	s.newParam = func() any { return new(P) }
	s.build = func(params any, env Env) (Processor, error) { return build(*params.(*P), env) }
	return s
}

// Params returns the declaration of the node's parameters.
func (s *Spec) Params() *param.Schema { return s.params }

// Decode reads the parameters of one node in a manifest: a JSON object, "" or "null". The paths of the problems are
// relative to it. The result is given to New, any number of times; it is read-only.
func (s *Spec) Decode(text []byte) (params any, problems []fault.Problem) {
	p := s.newParam()
	problems = s.params.Decode(text, p)
	return p, problems
}

// New makes an instance with decoded parameters.
func (s *Spec) New(params any, env Env) (Processor, error) { return s.build(params, env) }

// Output returns the format of the audio that leaves the node when in comes; zero fields are unknown.
func (s *Spec) Output(params any, in audio.Format) (audio.Format, error) {
	if f, ok := params.(Formatter); ok {
		return f.Output(in)
	}
	return in, nil
}

// Takes reports whether the node processes items of a kind, one bit. Whether a JSON object is a control message or carries
// binary data, only the node knows, so that JSON counts for those too.
func (s *Spec) Takes(kind Kinds) bool {
	if kind == JSON {
		kind |= Control | Binary
	}
	return s.Accepts&kind != 0
}

// Gives returns the kinds that leave the node, forwarded ones too.
func (s *Spec) Gives() Kinds {
	if s.Forwards {
		return s.Produces | s.Accepts
	}
	return s.Produces
}

// Names returns the canonical name and the aliases.
func (s *Spec) Names() []string { return append([]string{s.Name}, s.Aliases...) }
