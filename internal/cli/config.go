package cli

import (
	"fmt"
	"slices"
	"strings"

	remotemedia "github.com/remotemedia/remotemedia-go"
	"github.com/remotemedia/remotemedia-go/internal/app"
	"github.com/remotemedia/remotemedia-go/internal/config"
)

type configCmd struct {
	Check     configCheckCmd     `cmd:"" help:"Check the configuration, and what it names: certificates, node types."`
	Show      configShowCmd      `cmd:"" help:"Print the configuration in force as YAML; secrets are left out."`
	Explain   configExplainCmd   `cmd:"" help:"Print every key with its value and where that came from."`
	Sample    configSampleCmd    `cmd:"" help:"Print a documented configuration file with every key at its default."`
	Reference configReferenceCmd `cmd:"" help:"Print a table of every key in Markdown."`
}

// load loads the configuration. Problems are told with their places.
func loadConfig(s config.Sources) (*config.Config, []config.Warning, error) {
	c, warnings, err := config.Load(s)
	if err != nil {
		return nil, nil, configError{err}
	}
	return c, warnings, nil
}

// configError is an error whose message lists all its problems.
type configError struct{ error }

func (e configError) Unwrap() error { return e.error }

// read loads what the flags say and tells the warnings.
func (c *configFlags) read(env *Env) (*config.Config, error) {
	sources, err := c.sources(env)
	if err != nil {
		return nil, err
	}
	cfg, warnings, err := loadConfig(sources)
	for _, w := range warnings {
		fmt.Fprintf(env.Stderr, "warning: %s\n", w)
	}
	return cfg, err
}

type configCheckCmd struct{ configFlags }

// Run checks.
func (c *configCheckCmd) Run(env *Env) error {
	cfg, err := c.read(env)
	if err != nil {
		return err
	}
	catalog, err := remotemedia.Catalog()
	if err != nil {
		return err
	}
	if err := app.Check(app.Options{Config: cfg, Catalog: catalog}); err != nil {
		return err
	}
	_, err = fmt.Fprintln(env.Stdout, "the configuration is valid")
	return err
}

type configShowCmd struct{ configFlags }

// Run prints.
func (c *configShowCmd) Run(env *Env) error {
	cfg, err := c.read(env)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(env.Stdout, cfg.Show())
	return err
}

type configExplainCmd struct {
	configFlags
	Keys []string `arg:"" optional:"" help:"Only keys that begin with these, with what they mean and the environment variables that set them."`
	JSON bool     `name:"json" help:"Print JSON."`
}

// Run prints.
func (c *configExplainCmd) Run(env *Env) error {
	cfg, err := c.read(env)
	if err != nil {
		return err
	}
	explained := cfg.Explain()
	if len(c.Keys) == 0 && !c.JSON {
		_, err := fmt.Fprint(env.Stdout, cfg.ExplainText())
		return err
	}
	explained = slices.DeleteFunc(explained, func(e config.Explained) bool { return !c.wants(e.Key) })
	switch {
	case len(explained) == 0:
		return usagef("no key begins with %s; remotemedia config explain lists them", strings.Join(c.Keys, " or "))
	case c.JSON:
		return writeJSON(env.Stdout, explainedJSON(explained))
	}
	for _, e := range explained {
		if _, err := fmt.Fprintf(env.Stdout, "%s: %s\n  from %s\n  %s\n  environment: %s\n", e.Key, e.Value, e.Origin, e.Doc, strings.Join(e.Env, ", ")); err != nil {
			return err
		}
	}
	return nil
}

func (c *configExplainCmd) wants(key string) bool {
	return len(c.Keys) == 0 || slices.ContainsFunc(c.Keys, func(prefix string) bool { return strings.HasPrefix(key, prefix) })
}

type explainJSON struct {
	Key    string   `json:"key"`
	Value  string   `json:"value"`
	Origin string   `json:"origin"`
	Doc    string   `json:"doc"`
	Env    []string `json:"env,omitempty"`
}

func explainedJSON(in []config.Explained) []explainJSON {
	out := make([]explainJSON, len(in))
	for i, e := range in {
		out[i] = explainJSON{e.Key, e.Value, e.Origin.String(), e.Doc, e.Env}
	}
	return out
}

type configSampleCmd struct{}

// Run prints.
func (*configSampleCmd) Run(env *Env) error {
	_, err := fmt.Fprint(env.Stdout, config.Sample())
	return err
}

type configReferenceCmd struct{}

// Run prints.
func (*configReferenceCmd) Run(env *Env) error {
	_, err := fmt.Fprint(env.Stdout, config.Reference())
	return err
}
