package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/remotemedia/remotemedia-go/client"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/manifest"
	"github.com/remotemedia/remotemedia-go/media"
)

// executeRemote runs once on the service.
func (c *runCmd) executeRemote(ctx context.Context, in media.Inputs, env *Env) (string, *media.Result, error) {
	m, err := loadManifest(c.Manifest, env)
	if err != nil {
		return "", nil, err
	}
	remote, err := c.dial(c.Server)
	if err != nil {
		return "", nil, err
	}
	defer remote.Close()
	r, err := remote.Execute(ctx, client.Request{Manifest: m, Inputs: in, Limits: c.limits()})
	if err != nil {
		return "", nil, placed(m, c.Server, err)
	}
	return m.DisplayName(), r, nil
}

// placed shows the problems that a service found in a manifest in the text that is here: the service got no text.
func placed(m *manifest.Manifest, server string, err error) error {
	var f *fault.Error
	if !errors.As(err, &f) {
		return err
	}
	if f.Kind != fault.Validation || len(f.Problems) == 0 {
		return fmt.Errorf("%s: %w", server, err)
	}
	for i, p := range f.Problems {
		if strings.HasPrefix(p.Path, "nodes[") || strings.HasPrefix(p.Path, "connections[") {
			p.Line, p.Column, p.Offset, p.Excerpt = 0, 0, 0, ""
			f.Problems[i] = m.Place(p)
		}
	}
	name := m.Source.Name()
	return manifestError{name, f}
}

func remoteVersion(ctx context.Context, server string, access *accessFlags) (versions, error) {
	remote, err := access.dial(server, client.WithRetry(client.NoRetry))
	if err != nil {
		return versions{}, err
	}
	defer remote.Close()
	v, err := remote.Version(ctx)
	if err != nil {
		return versions{}, fmt.Errorf("%s: %w", server, err)
	}
	return versions{Service: v.Service, Protocol: v.Protocol, Runtime: v.Runtime, Commit: v.Commit}, nil
}

type healthCmd struct {
	Server string `default:"127.0.0.1:50051" env:"GRPC_SERVER_ADDR" placeholder:"HOST:PORT" help:"The service to ask. Default ${default}."`
	accessFlags
	Service string        `placeholder:"NAME" help:"One of its gRPC services; all of it by default."`
	Timeout time.Duration `default:"5s" help:"How long to wait for the answer."`
	JSON    bool          `name:"json" help:"Print JSON."`
}

// Run prints the status. The exit code is 0 only when it is SERVING.
func (c *healthCmd) Run(ctx context.Context, env *Env) error {
	remote, err := c.dial(c.Server, client.WithRetry(client.NoRetry)) // the answer is about now
	if err != nil {
		return err
	}
	defer remote.Close()
	limited, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	status, err := remote.Health(limited, c.Service)
	if err != nil {
		return c.unreachable(err)
	}
	if c.JSON {
		err = writeJSON(env.Stdout, map[string]string{"server": c.Server, "status": status})
	} else {
		_, err = fmt.Fprintln(env.Stdout, status)
	}
	if err == nil && status != "SERVING" {
		return toldError{ExitRefused}
	}
	return err
}

// unreachable counts a service that doesn't answer in time as one that can't be reached.
func (c *healthCmd) unreachable(err error) error {
	f := fault.From(err)
	if f.Kind == fault.DeadlineExceeded {
		f = fault.New(fault.CodeUnreachable, "no answer within %v", c.Timeout)
	}
	err = fmt.Errorf("%s: %w", c.Server, f)
	if c.JSON {
		return jsonError{err}
	}
	return err
}
