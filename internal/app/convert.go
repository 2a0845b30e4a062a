package app

import (
	"cmp"
	"crypto/tls"
	"log/slog"
	"math"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/graph"
	"github.com/remotemedia/remotemedia-go/internal/admission"
	"github.com/remotemedia/remotemedia-go/internal/auth"
	"github.com/remotemedia/remotemedia-go/internal/config"
	"github.com/remotemedia/remotemedia-go/internal/server"
	"github.com/remotemedia/remotemedia-go/node"
)

func levelOf(name string) slog.Level {
	return map[string]slog.Level{"debug": slog.LevelDebug, "warn": slog.LevelWarn, "error": slog.LevelError}[name]
}

func tlsVersion(name string) uint16 {
	if name == "1.3" {
		return tls.VersionTLS13
	}
	return tls.VersionTLS12
}

// listenAddresses are what listen takes; the host localhost is left to it, so that both its addresses get the same port.
func listenAddresses(c config.Server) []string {
	if len(c.Listen) == 0 {
		return []string{joinAddress(c.Host, c.Port)}
	}
	out := make([]string, len(c.Listen))
	for i, address := range c.Listen {
		out[i] = strings.TrimPrefix(address, config.AllHosts)
	}
	return out
}

func joinAddress(host string, port int) string {
	if host == config.AllHosts {
		host = ""
	}
	return net.JoinHostPort(strings.Trim(host, "[]"), strconv.Itoa(port))
}

func tokenSpecs(tokens []config.Token) ([]auth.Spec, error) {
	specs := make([]auth.Spec, len(tokens))
	for i, t := range tokens {
		digest, err := auth.ParseDigest(t.Hash.Reveal())
		if err != nil {
			return nil, fault.Wrap(fault.CodeBadParam, err, "auth.tokens[%d] (%s)", i, t.Name)
		}
		specs[i] = auth.Spec{
			Name: t.Name, Tenant: t.Tenant, Digest: digest, Expires: t.Expires,
			RatePerSecond: t.RatePerSecond, Burst: t.Burst, MaxConcurrent: t.MaxConcurrent,
		}
		for _, scope := range t.Scopes {
			specs[i].Scopes = append(specs[i].Scopes, auth.Scope(scope))
		}
	}
	return specs, nil
}

// allowed leaves in a catalogue the node types that pipelines may use; none named are all.
func allowed(all *node.Catalog, names []string) (*node.Catalog, error) {
	if len(names) == 0 {
		return all, nil
	}
	var specs []node.Spec
	for _, name := range names {
		spec, ok := all.Lookup(name)
		if !ok {
			return nil, unknownType("runtime.node_types", name, all)
		}
		specs = append(specs, *spec)
	}
	return node.NewCatalog(all.Version()+" of "+strconv.Itoa(len(specs))+" types", specs)
}

// typeLimits are the limits of node types by their canonical names.
func typeLimits(catalog *node.Catalog, types map[string]config.NodeLimits) (map[string]graph.TypeLimits, error) {
	out := make(map[string]graph.TypeLimits, len(types))
	for name, l := range types {
		spec, ok := catalog.Lookup(name)
		if !ok {
			return nil, unknownType("limits.node_types", name, catalog)
		}
		out[spec.Name] = graph.TypeLimits{
			MemoryBytes: int64(min(uint64(l.MaxMemoryBytes), math.MaxInt64)), TimeoutMS: l.MaxTimeoutMs, Samples: l.MaxAudioSamples, PerPipeline: l.MaxPerPipeline,
		}
	}
	return out, nil
}

func unknownType(key, name string, catalog *node.Catalog) error {
	e := fault.New(fault.CodeUnknownNodeType, "%s names %q, which isn't a node type", key, name)
	if hint := fault.DidYouMean(name, catalog.Names()); hint != "" {
		e.Message += ": " + hint
	}
	return e
}

func limitsOf(memory config.Bytes, milliseconds, samples uint64) engine.Limits {
	return engine.Limits{
		MemoryBytes: int64(min(uint64(memory), math.MaxInt64)), Timeout: time.Duration(milliseconds) * time.Millisecond, Samples: samples,
	}
}

func settingsOf(c *config.Config, catalog *node.Catalog) (server.Settings, error) {
	l, s := c.Limits, c.Stream
	types, err := typeLimits(catalog, l.NodeTypes)
	return server.Settings{
		Types:          types,
		DefaultLimits:  limitsOf(l.DefaultMaxMemoryBytes, l.DefaultMaxTimeoutMs, l.DefaultMaxAudioSamples),
		MaxLimits:      limitsOf(l.MaxMemoryBytes, l.MaxTimeoutMs, l.MaxAudioSamples),
		RejectAboveCap: l.AboveCap == "reject", MaxNodes: l.MaxNodes, MaxConnections: l.MaxConnections, BodyTimeout: l.BodyTimeout,
		Stream: server.StreamOptions{
			InitTimeout: s.InitTimeout, IdleTimeout: s.IdleTimeout, SendTimeout: s.SendTimeout,
			QueueChunks: s.QueueChunks, QueueBytes: int(min(s.QueueBytes, math.MaxInt32)),
		},
	}, err
}

func transportOf(c config.Server) server.Transport {
	or := func(d time.Duration) time.Duration { return cmp.Or(d, -1) } // 0 means none in the configuration
	return server.Transport{
		StreamWindow: int32(min(c.Connection.StreamWindow, math.MaxInt32)), ConnectionWindow: int32(min(c.Connection.Window, math.MaxInt32)),
		MaxHeaderBytes: uint32(min(c.Connection.MaxHeaderBytes, math.MaxUint32)), MaxCalls: uint32(min(c.Connection.MaxCalls, math.MaxInt32)),
		HandshakeTimeout: c.Connection.HandshakeTimeout, MaxAge: or(c.Connection.MaxAge),
		PingInterval: c.Keepalive.PingInterval, PingTimeout: c.Keepalive.PingTimeout, MinClientPing: or(c.Keepalive.MinClientInterval),
	}
}

func planCache(c config.Memory) int {
	if c.PlanCacheBytes == 0 {
		return -1
	}
	return int(min(c.PlanCacheBytes, math.MaxInt32))
}

func admissionOptions(c *config.Config) admission.Options {
	l, ad := c.Limits, c.Admission
	s := ad.LoadShedding
	return admission.Options{
		Places: l.MaxConcurrentExecutions, Queue: cmp.Or(ad.QueueSize, -1), Slots: ad.ComputeSlots, Streams: l.MaxOpenStreams,
		RetryAfter: ad.RetryAfter,
		Shedding: admission.Shedding{
			Enabled: s.Enabled, CPU: s.CPUPercent, CPUPeriod: s.CPUPeriod, Memory: s.MemoryPercent, Queue: s.QueuePercent,
			Recovery: s.RecoveryPercent, MaxStuck: mostStuck,
		},
	}
}

// mostStuck is how many nodes may ignore cancel before new work is refused: each burns a processor and holds memory.
const mostStuck = 16
