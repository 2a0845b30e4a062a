package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/remotemedia/remotemedia-go/fault"
)

// Observability is about logs, metrics and traces.
type Observability struct {
	Logging Logging `koanf:"logging" doc:"Lines on standard output."`
	Metrics Metrics `koanf:"metrics" doc:"Prometheus metrics on the admin port."`
	Tracing Tracing `koanf:"tracing" doc:"OpenTelemetry traces; the exporter is set by the standard OTEL_* variables."`
}

// Logging is about the log lines.
type Logging struct {
	Format         string        `koanf:"format" enum:"json,pretty" doc:"json for machines, pretty for people."`
	Level          string        `koanf:"level" enum:"debug,info,warn,error" live:"true" doc:"Least severity that is logged."`
	RepeatInterval time.Duration `koanf:"repeat_interval" min:"0s" doc:"Period in which repeat_burst equal lines are logged and the rest is counted; 0s logs all."`
	RepeatBurst    int           `koanf:"repeat_burst" min:"1" doc:"Equal lines logged in one repeat_interval."`
}

// Metrics is about the Prometheus endpoint.
type Metrics struct {
	Enabled bool   `koanf:"enabled" doc:"Serve metrics."`
	Path    string `koanf:"path" doc:"Path of the metrics on the admin port."`
}

// Tracing is about OpenTelemetry.
type Tracing struct {
	Enabled bool `koanf:"enabled" doc:"Make spans and export them."`
}

func defaultObservability() Observability {
	return Observability{
		Logging: Logging{Format: "json", Level: "info", RepeatInterval: time.Second, RepeatBurst: 10},
		Metrics: Metrics{Enabled: true, Path: "/metrics"},
	}
}

// Validate checks the path of the metrics.
func (o Observability) Validate() []fault.Problem {
	path := o.Metrics.Path
	if slices.Contains([]string{"/healthz", "/readyz", "/health", "/drain"}, path) || strings.HasPrefix(path, "/debug/pprof") {
		return []fault.Problem{problem("metrics.path", "take /metrics, or another path that has no other use", "the admin port has something else at %s", path)}
	}
	if strings.HasPrefix(path, "/") && !strings.ContainsAny(path, " ?#{}") {
		return nil
	}
	return []fault.Problem{problem("metrics.path", "write it like /metrics", "%q isn't a path", o.Metrics.Path)}
}

// Runtime says what pipelines may be made of.
type Runtime struct {
	NodeTypes []string `koanf:"node_types" doc:"Node types that pipelines may use; empty allows all. Whether a name exists is checked when the service starts."`
}

// Validate checks that no entry is empty.
func (r Runtime) Validate() []fault.Problem {
	var out []fault.Problem
	for i, name := range r.NodeTypes {
		if strings.TrimSpace(name) == "" {
			out = append(out, problem(fmt.Sprintf("node_types[%d]", i), "remove it", "the name is empty"))
		}
	}
	return out
}
