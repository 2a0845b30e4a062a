package cli

import (
	"errors"
	"fmt"

	remotemedia "github.com/remotemedia/remotemedia-go"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/manifest"
)

type validateCmd struct {
	Manifests []string `arg:"" name:"manifest" help:"Files of JSON or YAML, - for standard input."`
	JSON      bool     `name:"json" help:"Print JSON."`
}

// verdict is what is told of one manifest.
type verdict struct {
	Manifest string        `json:"manifest"`
	Valid    bool          `json:"valid"`
	Problems []problemJSON `json:"problems"` // warnings too

	problems []fault.Problem
}

// Help is shown below the usage.
func (*validateCmd) Help() string {
	return "Every fault is told with its line, column and a hint. The exit code is 2 when any manifest isn't valid; warnings don't count."
}

// Run checks each manifest, and tells all.
func (c *validateCmd) Run(env *Env) error {
	verdicts := make([]verdict, 0, len(c.Manifests))
	code := ExitOK
	for _, path := range c.Manifests {
		v, err := judge(path, env)
		if err != nil {
			return err
		}
		if !v.Valid {
			code = ExitUsage
		}
		verdicts = append(verdicts, v)
	}
	if err := c.print(verdicts, env); err != nil {
		return err
	}
	if code != ExitOK {
		return toldError{code}
	}
	return nil
}

func judge(path string, env *Env) (verdict, error) {
	name, text, err := readText(path, env)
	if err != nil {
		return verdict{}, err
	}
	v := verdict{Manifest: name, Valid: true}
	p, err := remotemedia.Compile(text, remotemedia.WithName(name))
	var f *fault.Error
	switch {
	case err == nil:
		v.problems = p.Plan().Warnings
	case errors.As(err, &f) && len(f.Problems) > 0:
		v.Valid, v.problems = false, f.Problems
	default:
		return v, err
	}
	v.Problems = problemsJSON(v.problems)
	return v, nil
}

func (c *validateCmd) print(verdicts []verdict, env *Env) error {
	if c.JSON {
		return writeJSON(env.Stdout, verdicts)
	}
	for _, v := range verdicts {
		fmt.Fprint(env.Stderr, manifest.Render(v.Manifest, v.problems, env.Color))
		if v.Valid {
			fmt.Fprintf(env.Stdout, "%s: valid\n", v.Manifest)
		}
	}
	return nil
}
