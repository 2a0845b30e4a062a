package cli

import (
	"context"

	remotemedia "github.com/remotemedia/remotemedia-go"
	"github.com/remotemedia/remotemedia-go/internal/app"
)

type serveCmd struct {
	configFlags
}

// Help is shown below the usage.
func (*serveCmd) Help() string {
	return `Settings come from a YAML file, the environment and flags; a flag wins over the environment, that over the file. See
"remotemedia config sample" for all of them, and "remotemedia config explain" for where each value came from.

Logs are lines of JSON on standard output; one says "serving", with the address, when calls are served. SIGTERM or an interrupt
stops the service in order: calls in flight are finished first, and the exit code is 0; a second signal ends it at once. SIGHUP has
configuration, tokens and certificates loaded again, which a change of their files does by itself.`
}

// Run serves until the process is told to stop.
func (c *serveCmd) Run(ctx context.Context, env *Env) error {
	catalog, err := remotemedia.Catalog()
	if err != nil {
		return err
	}
	sources, err := c.sources(env)
	if err != nil {
		return err
	}
	cfg, warnings, err := loadConfig(sources)
	if err != nil {
		return err
	}
	hangups, stop := env.hangups()
	defer stop()
	return app.Serve(ctx, app.Options{
		Config: cfg, Warnings: warnings, Sources: &sources, Reload: hangups, Catalog: catalog, Output: env.Stdout,
	})
}
