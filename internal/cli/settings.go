package cli

import (
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/remotemedia/remotemedia-go/internal/config"
)

// configFlags are the flags by which a command is told the configuration of the service. What isn't given is left to the
// environment and the file.
type configFlags struct {
	Config    string   `aliases:"config-file" placeholder:"FILE" help:"YAML file with the configuration. Default: CONFIG_PATH of the environment, or none."`
	Set       []string `placeholder:"KEY=VALUE" sep:"none" help:"Set a key of the configuration, such as limits.max_nodes=10; may be given again."`
	Host      string   `placeholder:"HOST" help:"Address to listen on: localhost (both loopback addresses, the default), an address, or * for all."`
	Port      string   `placeholder:"N" help:"Port of the gRPC service, 0 for a free one. Default 50051."`
	Listen    []string `placeholder:"HOST:PORT" help:"Address of the gRPC port, in place of host and port; may be given again."`
	Admin     string   `placeholder:"HOST:PORT" help:"Address of the HTTP port with /healthz, /readyz and /metrics, or none. Default localhost:9090."`
	AuthKeys  string   `placeholder:"KEYS" help:"Tokens with commas between, in clear or as hashes. Other users of the machine see them; prefer a file."`
	LogLevel  string   `placeholder:"LEVEL" help:"Least severity that is logged: debug, info, warn or error. Default info."`
	LogFormat string   `placeholder:"FORMAT" help:"Form of the log: json or pretty. Default json."`
	Debug     bool     `help:"Log debug records, and tell stack traces to clients."`

	DefaultMemory  uint64        `placeholder:"BYTES" help:"Memory of a call that asks for none. Default 104857600."`
	DefaultTimeout time.Duration `placeholder:"TIME" help:"Time of a call that asks for none. Default 5s."`
	DefaultSamples uint64        `placeholder:"N" help:"Samples of an input of a call that asks for none. Default 10485760."`
	MaxMemory      uint64        `placeholder:"BYTES" help:"Most memory of a call. Default 1073741824."`
	MaxTimeout     time.Duration `placeholder:"TIME" help:"Most time of a call. Default 30s."`
	MaxSamples     uint64        `placeholder:"N" help:"Most samples of an input. Default 52428800."`
	MaxNodes       int           `placeholder:"N" help:"Most nodes of a manifest. Default 256."`
	RejectAboveCap bool          `help:"Refuse calls that ask for more than the most, instead of giving them the most."`

	NoReflection bool          `help:"Don't serve gRPC reflection."`
	DrainTimeout time.Duration `placeholder:"TIME" help:"How long a stop waits for calls in flight. Default 30s."`
}

// sources is what the configuration is loaded from.
func (c *configFlags) sources(env *Env) (config.Sources, error) {
	args := settings{}
	args.texts(map[string]string{
		"host": c.Host, "port": c.Port, "auth-keys": c.AuthKeys, "log-level": c.LogLevel, "log-format": c.LogFormat,
		"server.listen": strings.Join(c.Listen, ","),
	})
	args.numbers(map[string]uint64{
		"limits.default_max_memory_bytes": c.DefaultMemory, "limits.max_memory_bytes": c.MaxMemory,
		"limits.default_max_audio_samples": c.DefaultSamples, "limits.max_audio_samples": c.MaxSamples,
		"limits.max_nodes": uint64(max(c.MaxNodes, 0)),
	})
	args.milliseconds("limits.default_max_timeout_ms", c.DefaultTimeout)
	args.milliseconds("limits.max_timeout_ms", c.MaxTimeout)
	if c.DrainTimeout != 0 {
		args["server.drain_timeout"] = c.DrainTimeout.String()
	}
	c.switches(args)
	if err := args.admin(c.Admin); err != nil {
		return config.Sources{}, err
	}
	if err := args.pairs(c.Set); err != nil {
		return config.Sources{}, err
	}
	return config.Sources{Args: args, Environ: env.Environ, File: c.Config}, nil
}

func (c *configFlags) switches(args settings) {
	if c.Debug {
		args["server.debug"] = "true"
		if c.LogLevel == "" {
			args["log-level"] = "debug"
		}
	}
	if c.RejectAboveCap {
		args["limits.above_cap"] = "reject"
	}
	if c.NoReflection {
		args["server.reflection"] = "false"
	}
}

// settings are values by key, as config.Sources takes them.
type settings map[string]string

func (s settings) texts(values map[string]string) {
	for key, v := range values {
		if v != "" {
			s[key] = v
		}
	}
}

func (s settings) numbers(values map[string]uint64) {
	for key, v := range values {
		if v != 0 {
			s[key] = strconv.FormatUint(v, 10)
		}
	}
}

// milliseconds rounds up, so that a short time doesn't become none.
func (s settings) milliseconds(key string, d time.Duration) {
	if d != 0 {
		s[key] = strconv.FormatInt(int64((d+time.Millisecond-1)/time.Millisecond), 10)
	}
}

func (s settings) admin(address string) error {
	switch address {
	case "":
		return nil
	case "none", "off":
		s["server.admin.enabled"] = "false"
		return nil
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return usagef("--admin: %q isn't host:port or none", address)
	}
	if host == "" {
		host = config.AllHosts
	}
	s["server.admin.enabled"], s["server.admin.host"], s["server.admin.port"] = "true", host, port
	return nil
}

func (s settings) pairs(pairs []string) error {
	for _, pair := range pairs {
		key, value, ok := strings.Cut(pair, "=")
		if !ok {
			return usagef("--set: expected KEY=VALUE, for instance limits.max_nodes=10")
		}
		s[key] = value
	}
	return nil
}
