// Package config is the configuration of the service: one tree of documented structs with defaults and validation, layered
// from a YAML file, the environment and flags (a flag wins over the environment, that over the file, that over the
// default). Every value remembers where it came from. Only the application and the command line read this package; every
// other package takes its own small options.
//
// A key is declared once, as a field with the tags koanf (its name), doc, min, max, enum and live (a change takes effect
// without a restart). Decoding, range checks, the environment's regular names, the sample file, the reference and the
// explanation all come from that declaration.
package config

import (
	"github.com/remotemedia/remotemedia-go/fault"
)

// Config is the whole configuration of the service. It is read-only once [Load] has returned it.
type Config struct {
	Server        Server        `koanf:"server" doc:"The network side: where the service listens, TLS, connections, the admin port and the way it stops."`
	Auth          Auth          `koanf:"auth" doc:"Who may call. Authentication is on when tokens are configured."`
	Limits        Limits        `koanf:"limits" live:"true" doc:"What one execution, and all together, may use. A request above a cap is clamped to it."`
	Stream        Stream        `koanf:"stream" live:"true" doc:"Timeouts and queue of StreamPipeline; a change holds for streams opened afterwards."`
	Admission     Admission     `koanf:"admission" doc:"What happens at and above capacity: queue, compute slots, load shedding."`
	Memory        Memory        `koanf:"memory" doc:"The memory that all executions share."`
	Observability Observability `koanf:"observability" doc:"Logs, metrics and traces."`
	Runtime       Runtime       `koanf:"runtime" doc:"What pipelines may be made of."`

	origins map[string]Origin // by key; a key without an entry has its default
	files   []string          // every file that was read
}

// Default returns the configuration that holds when nothing is configured.
func Default() *Config {
	return &Config{
		Server: defaultServer(), Auth: defaultAuth(), Limits: defaultLimits(), Stream: defaultStream(),
		Admission: defaultAdmission(), Memory: defaultMemory(), Observability: defaultObservability(),
	}
}

// Validate checks every value against the range of its key and the rules between keys. Paths of the problems are keys.
func (c *Config) Validate() []fault.Problem {
	problems := checkRanges(c)
	for _, section := range []struct {
		key   string
		check func() []fault.Problem
	}{
		{"server", c.Server.Validate}, {"auth", c.Auth.Validate}, {"limits", c.Limits.Validate},
		{"stream", c.Stream.Validate}, {"admission", c.Admission.Validate}, {"memory", c.Memory.Validate},
		{"observability", c.Observability.Validate}, {"runtime", c.Runtime.Validate},
	} {
		problems = append(problems, within(section.key, section.check())...)
	}
	return problems
}

// Files returns the files that this configuration was read from: the YAML file and the tokens file, where there are any.
func (c *Config) Files() []string { return append([]string(nil), c.files...) }

// Origin returns where the value of a key came from. Keys of list elements are written auth.tokens[0].name.
func (c *Config) Origin(key string) Origin { return originOf(c.origins, key) }

// problem makes a problem of a value that breaks a rule of its section.
func problem(path, hint, format string, args ...any) fault.Problem {
	e := fault.New(fault.CodeBadParam, format, args...)
	return fault.Problem{Code: fault.CodeBadParam, Path: path, Message: e.Message, Hint: hint}
}

// within puts a section's name before the paths of its problems.
func within(section string, problems []fault.Problem) []fault.Problem {
	for i := range problems {
		problems[i].Path = section + "." + problems[i].Path
	}
	return problems
}
