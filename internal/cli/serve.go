package cli

import (
	"context"
	"log/slog"
	"math"
	"time"

	remotemedia "github.com/remotemedia/remotemedia-go"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/internal/app"
)

type serveCmd struct {
	Listen []string `placeholder:"HOST:PORT" help:"Address of the gRPC port, port 0 for a free one; may be given again. Default localhost:50051, loopback of both families."`
	Admin  string   `placeholder:"HOST:PORT" help:"Address of the HTTP port with /healthz and /readyz; none by default."`
	Debug  bool     `help:"Log debug records, and tell stack traces to clients."`

	DefaultMemory  uint64        `placeholder:"BYTES" help:"Memory of a call that asks for none. Default 104857600."`
	DefaultTimeout time.Duration `placeholder:"TIME" help:"Time of a call that asks for none. Default 5s."`
	DefaultSamples uint64        `placeholder:"N" help:"Samples of an input of a call that asks for none. Default 10485760."`
	MaxMemory      uint64        `placeholder:"BYTES" help:"Most memory of a call. Default 1073741824."`
	MaxTimeout     time.Duration `placeholder:"TIME" help:"Most time of a call. Default 30s."`
	MaxSamples     uint64        `placeholder:"N" help:"Most samples of an input. Default 52428800."`
	MaxNodes       int           `placeholder:"N" help:"Most nodes of a manifest. Default 256."`
	RejectAboveCap bool          `help:"Refuse calls that ask for more than the most, instead of giving them the most."`

	NoReflection bool          `help:"Don't serve gRPC reflection."`
	DrainTimeout time.Duration `default:"30s" help:"How long a stop waits for calls in flight. Default ${default}."`
}

// Help is shown below the usage.
func (*serveCmd) Help() string {
	return `Logs are lines of JSON on standard output; one says "serving", with the address, when calls are served. SIGTERM or an interrupt
stops the service in order: calls in flight are finished first. The exit code is then 0.`
}

// Run serves until the process is told to stop.
func (c *serveCmd) Run(ctx context.Context, env *Env) error {
	catalog, err := remotemedia.Catalog()
	if err != nil {
		return err
	}
	level := slog.LevelInfo
	if c.Debug {
		level = slog.LevelDebug
	}
	return app.Serve(ctx, app.Options{
		Listen: c.Listen, Admin: c.Admin, Catalog: catalog, Log: app.NewLogger(env.Stdout, level), Debug: c.Debug,
		DefaultLimits:  limitsOf(c.DefaultMemory, c.DefaultTimeout, c.DefaultSamples),
		MaxLimits:      limitsOf(c.MaxMemory, c.MaxTimeout, c.MaxSamples),
		RejectAboveCap: c.RejectAboveCap, MaxNodes: c.MaxNodes, NoReflection: c.NoReflection, DrainTimeout: c.DrainTimeout,
	})
}

func limitsOf(memory uint64, timeout time.Duration, samples uint64) engine.Limits {
	return engine.Limits{MemoryBytes: int64(min(memory, math.MaxInt64)), Timeout: timeout, Samples: samples}
}
