package cli

import (
	"fmt"
	"io"
	"os"

	remotemedia "github.com/remotemedia/remotemedia-go"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/manifest"
)

// stdio is the path that stands for standard input or output.
const stdio = "-"

// readText reads a manifest; it stops a little beyond the bound of the parser, which then tells of it.
func readText(path string, env *Env) (name string, text []byte, err error) {
	if path == stdio {
		text, err = io.ReadAll(io.LimitReader(env.Stdin, manifest.MaxTextBytes+1))
		return "stdin", text, err
	}
	f, err := os.Open(path)
	if err != nil {
		return path, nil, usageError{err.Error()}
	}
	defer f.Close()
	text, err = io.ReadAll(io.LimitReader(f, manifest.MaxTextBytes+1))
	if err != nil {
		err = fmt.Errorf("read manifest: %w", err)
	}
	return path, text, err
}

// loadPipeline reads and compiles a manifest for a run in this process.
func loadPipeline(path string, env *Env, options ...remotemedia.Option) (*remotemedia.Pipeline, error) {
	name, text, err := readText(path, env)
	if err != nil {
		return nil, err
	}
	p, err := remotemedia.Compile(text, append(options, remotemedia.WithName(name))...)
	if err != nil {
		return nil, inManifest(name, err)
	}
	return p, nil
}

// loadManifest reads a manifest for a service, which checks its meaning; faults of the text are told here.
func loadManifest(path string, env *Env) (*manifest.Manifest, error) {
	name, text, err := readText(path, env)
	if err != nil {
		return nil, err
	}
	m, problems := manifest.Parse(name, text)
	if fail := fault.FromProblems(problems); fail != nil {
		return nil, manifestError{name, fail}
	}
	return m, nil
}

func inManifest(name string, err error) error {
	if f := fault.From(err); len(f.Problems) > 0 {
		return manifestError{name, f}
	}
	return err
}
