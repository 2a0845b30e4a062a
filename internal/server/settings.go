package server

import (
	"cmp"
	"time"

	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/graph"
	"github.com/remotemedia/remotemedia-go/manifest"
)

// Settings are the options that may be changed while calls are served: see Server.Configure. The zero value of each field means
// its default.
type Settings struct {
	DefaultLimits  engine.Limits               // of calls that ask for none; zero fields: the contract's
	MaxLimits      engine.Limits               // the highest that a call gets; zero fields: the contract's
	RejectAboveCap bool                        // refuse what is asked for above MaxLimits instead of clamping it
	MaxNodes       int                         // of a manifest; 0: manifest.DefaultMaxNodes
	Types          map[string]graph.TypeLimits // further limits by canonical node type
	MaxConnections int                         // 0: any number
	BodyTimeout    time.Duration               // for a request to arrive; 0: the contract's
	Stream         StreamOptions               // of live streams that are opened from now on

	generation uint64 // tells the plans that were compiled under other settings
}

func (s Settings) withDefaults() Settings {
	s.MaxLimits = orLimits(s.MaxLimits, engine.MaxLimits())
	s.DefaultLimits = atMost(orLimits(s.DefaultLimits, engine.DefaultLimits()), s.MaxLimits)
	s.MaxNodes = cmp.Or(s.MaxNodes, manifest.DefaultMaxNodes)
	s.BodyTimeout = cmp.Or(s.BodyTimeout, defaultBodyTimeout)
	return s
}

// Configure changes the settings for the calls, streams and connections that come from now on.
func (s *Server) Configure(settings Settings) {
	settings = settings.withDefaults()
	settings.generation = s.generations.Add(1)
	s.settings.Store(&settings)
	s.connections.Max.Store(int64(settings.MaxConnections))
	s.version.Store(s.versionInfo())
}
