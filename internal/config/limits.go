package config

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/remotemedia/remotemedia-go/fault"
)

// Limits bounds one execution and the service as a whole.
type Limits struct {
	DefaultMaxMemoryBytes  Bytes  `koanf:"default_max_memory_bytes" min:"1" doc:"Memory of an execution that asks for no limit."`
	DefaultMaxTimeoutMs    uint64 `koanf:"default_max_timeout_ms" min:"1" doc:"Time of an execution that asks for no limit, in milliseconds."`
	DefaultMaxAudioSamples uint64 `koanf:"default_max_audio_samples" min:"1" doc:"Samples of one audio buffer, counting all channels, when no limit is asked for."`
	MaxMemoryBytes         Bytes  `koanf:"max_memory_bytes" min:"1" max:"1099511627776" doc:"The most memory that a request may ask for."`
	MaxTimeoutMs           uint64 `koanf:"max_timeout_ms" min:"1" max:"86400000" doc:"The most time that a request may ask for, in milliseconds."`
	MaxAudioSamples        uint64 `koanf:"max_audio_samples" min:"1" max:"536608767" doc:"The most samples that a request may ask for; sets the largest message too (4 bytes a sample and 1 MiB)."`
	AboveCap               string `koanf:"above_cap" enum:"clamp,reject" doc:"A request that asks for more than a cap gets the cap and a warning, or is refused."`

	MaxConcurrentExecutions int           `koanf:"max_concurrent_executions" min:"1" doc:"Executions at once, the waiting ones for a compute slot among them."`
	MaxConnections          int           `koanf:"max_connections" min:"1" doc:"Connections at once."`
	MaxOpenStreams          int           `koanf:"max_open_streams" min:"1" doc:"Streams open at once."`
	BodyTimeout             time.Duration `koanf:"body_timeout" min:"100ms" doc:"Time for the body of a request to arrive."`
	MaxNodes                int           `koanf:"max_nodes" min:"1" max:"100000" doc:"Nodes of one pipeline."`

	NodeTypes map[string]NodeLimits `koanf:"node_types" doc:"Further limits by node type."`
}

// NodeLimits bounds the nodes of one type; 0 leaves the execution's own limit alone.
type NodeLimits struct {
	MaxMemoryBytes  Bytes  `koanf:"max_memory_bytes" doc:"Memory of one node of this type; 0 is the execution's limit."`
	MaxTimeoutMs    uint64 `koanf:"max_timeout_ms" doc:"Time of one node of this type in an execution, in milliseconds; 0 is the execution's limit."`
	MaxAudioSamples uint64 `koanf:"max_audio_samples" doc:"Samples of one buffer into a node of this type; 0 is the execution's limit."`
	MaxPerPipeline  int    `koanf:"max_per_pipeline" min:"0" doc:"Nodes of this type in one pipeline; 0 is limits.max_nodes."`
}

func defaultLimits() Limits {
	return Limits{
		DefaultMaxMemoryBytes: 100 << 20, DefaultMaxTimeoutMs: 5000, DefaultMaxAudioSamples: 10 << 20,
		MaxMemoryBytes: 1 << 30, MaxTimeoutMs: 30_000, MaxAudioSamples: 50 << 20, AboveCap: "clamp",
		MaxConcurrentExecutions: 1000, MaxConnections: 2000, MaxOpenStreams: 10_000, BodyTimeout: 30 * time.Second,
		MaxNodes: 256,
	}
}

// Validate checks that defaults are within the caps.
func (l Limits) Validate() []fault.Problem {
	var out []fault.Problem
	for _, pair := range []struct {
		key        string
		value, cap uint64
	}{
		{"max_memory_bytes", uint64(l.DefaultMaxMemoryBytes), uint64(l.MaxMemoryBytes)},
		{"max_timeout_ms", l.DefaultMaxTimeoutMs, l.MaxTimeoutMs},
		{"max_audio_samples", l.DefaultMaxAudioSamples, l.MaxAudioSamples},
	} {
		if pair.value > pair.cap {
			out = append(out, problem("default_"+pair.key, "lower it, or raise limits."+pair.key,
				"the default %d is above the cap %d", pair.value, pair.cap))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(l.NodeTypes)) {
		if most := l.NodeTypes[name].MaxPerPipeline; most > l.MaxNodes {
			out = append(out, problem(fmt.Sprintf("node_types.%s.max_per_pipeline", name), "lower it, or raise limits.max_nodes",
				"%d is above limits.max_nodes, %d", most, l.MaxNodes))
		}
	}
	return out
}
