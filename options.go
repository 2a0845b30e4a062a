package remotemedia

import (
	"sync"

	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/graph"
	"github.com/remotemedia/remotemedia-go/node"
	"github.com/remotemedia/remotemedia-go/nodes"
	"github.com/remotemedia/remotemedia-go/version"
)

// Option changes how a pipeline is compiled and run.
type Option func(*settings)

type settings struct {
	name    string
	catalog *node.Catalog
	limits  engine.Limits
}

// WithName gives the text a name for messages, usually that of its file. A name that ends in .json, .yaml or .yml also says
// which of both the text is; otherwise its first character does.
func WithName(name string) Option { return func(s *settings) { s.name = name } }

// WithCatalog replaces the catalogue of node types, [Catalog] by default.
func WithCatalog(c *node.Catalog) Option { return func(s *settings) { s.catalog = c } }

// WithLimits bounds each run, and each turn of a stream. Zero fields keep the defaults, which are those of the service:
// 100 MiB, 5 seconds, 10,485,760 samples an input.
func WithLimits(l Limits) Option {
	return func(s *settings) {
		if l.MemoryBytes > 0 {
			s.limits.MemoryBytes = int64(min(l.MemoryBytes, 1<<62))
		}
		if l.Timeout > 0 {
			s.limits.Timeout = l.Timeout
		}
		if l.Samples > 0 {
			s.limits.Samples = l.Samples
		}
	}
}

func newSettings(options []Option) (*settings, error) {
	s := &settings{limits: engine.DefaultLimits()}
	for _, o := range options {
		o(s)
	}
	if s.catalog != nil {
		return s, nil
	}
	var err error
	s.catalog, err = Catalog()
	return s, err
}

func (s *settings) graph() graph.Options {
	return graph.Options{MaxMemoryBytes: uint64(s.limits.MemoryBytes)}
}

// Catalog returns the node types of this release. It is shared and immutable.
func Catalog() (*node.Catalog, error) { return catalog() }

var catalog = sync.OnceValues(func() (*node.Catalog, error) { return nodes.Catalog(version.Runtime) })

// shared is the engine of all pipelines of the process, so that they share one pool of buffers.
var shared = sync.OnceValue(func() *engine.Engine { return engine.New(engine.Options{}) })
