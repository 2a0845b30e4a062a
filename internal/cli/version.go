package cli

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/alecthomas/kong"

	"github.com/remotemedia/remotemedia-go/version"
)

// versionFlag prints the versions and ends the program, wherever it stands.
type versionFlag bool

// BeforeReset acts before anything else is checked, so that the flag needs no command.
func (versionFlag) BeforeReset(app *kong.Kong) error {
	printVersion(app.Stdout, local())
	app.Exit(ExitOK)
	return nil
}

type versionCmd struct {
	JSON   bool   `name:"json" help:"Print JSON."`
	Server string `placeholder:"HOST:PORT" help:"Ask this service instead of telling of this program."`
	accessFlags
}

// versions are the three lines of the contract, and what else is known.
type versions struct {
	Service  string `json:"service"`
	Protocol string `json:"protocol"`
	Runtime  string `json:"runtime"`
	Commit   string `json:"commit,omitempty"`
	Go       string `json:"go,omitempty"`
	Platform string `json:"platform,omitempty"`
}

func local() versions {
	v := versions{
		Service: version.Runtime, Protocol: version.Protocol, Runtime: version.Runtime,
		Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				v.Commit = s.Value
			}
		}
	}
	return v
}

// Run prints the versions.
func (c *versionCmd) Run(ctx context.Context, env *Env) error {
	v := local()
	if c.Server != "" {
		var err error
		if v, err = remoteVersion(ctx, c.Server, &c.accessFlags); err != nil {
			return err
		}
	}
	if c.JSON {
		return writeJSON(env.Stdout, v)
	}
	printVersion(env.Stdout, v)
	return nil
}

func printVersion(w io.Writer, v versions) {
	fmt.Fprintf(w, "service %s\nprotocol %s\nruntime %s\n", v.Service, v.Protocol, v.Runtime)
}
