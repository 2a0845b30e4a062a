// Package cli is the command line of remotemedia: it reads arguments, calls the library, the client or the service, and
// prints tables, JSON or diagnostics. It never exits and never looks at the process: [Run] gets all it needs and returns
// the exit code.
package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
	"golang.org/x/term"
)

// Env is what a command may use of its surroundings.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Terminal       bool     // Stderr is a terminal: long work shows its progress there
	Color          bool     // faults of manifests are told in colours
	Environ        []string // the environment, as os.Environ has it
	// Hangups begins to deliver the signals that ask a service to load its configuration again; nil where there are none.
	Hangups func() (signals <-chan os.Signal, stop func())
}

func (e Env) hangups() (signals <-chan os.Signal, stop func()) {
	if e.Hangups == nil {
		return nil, func() {}
	}
	return e.Hangups()
}

// System is the process's own environment.
func System() Env {
	terminal := term.IsTerminal(int(os.Stderr.Fd()))
	return Env{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Terminal: terminal, Color: terminal && os.Getenv("NO_COLOR") == "",
		Environ: os.Environ(), Hangups: hangups,
	}
}

// hangups delivers SIGHUP; systems without it never send it.
func hangups() (signals <-chan os.Signal, stop func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGHUP)
	return c, func() { signal.Stop(c) }
}

type grammar struct {
	ShowVersion versionFlag `name:"version" help:"Print the versions and exit."`

	Serve    serveCmd    `cmd:"" help:"Start the service."`
	Config   configCmd   `cmd:"" help:"Check, show and explain the configuration of the service."`
	Token    tokenCmd    `cmd:"" help:"Make and hash the tokens that callers of the service present."`
	Run      runCmd      `cmd:"" help:"Run a pipeline, here or on a service."`
	Stream   streamCmd   `cmd:"" help:"Run a pipeline on audio as it comes, and tell what it hears."`
	Validate validateCmd `cmd:"" help:"Check manifests and tell every fault."`
	Nodes    nodesCmd    `cmd:"" help:"Show the node types."`
	Graph    graphCmd    `cmd:"" help:"Draw a manifest as Mermaid or DOT text."`
	Plot     plotCmd     `cmd:"" help:"Draw WAV files: waveform, spectrogram, segments of speech."`
	Bench    benchCmd    `cmd:"" help:"Put a service under load and measure what it does."`
	Health   healthCmd   `cmd:"" help:"Ask a service whether it serves."`
	Version  versionCmd  `cmd:"" help:"Print the versions of this program, or of a service."`
	Schema   schemaCmd   `cmd:"" help:"Print the JSON Schema of manifests, for editors."`
}

const description = `Audio pipelines: run them here or on a service, over gRPC.

Exit codes: 0 done; 1 failed while running; 2 wrong usage, manifest or input; 3 refused, or the service can't be
reached; 4 a limit was exceeded; 5 bench: a threshold was crossed; 130 interrupted.`

// Run runs one command line, without the program's name, and returns the exit code. When ctx ends, the command stops as
// soon as it can; the code is then [ExitInterrupted].
func Run(ctx context.Context, args []string, env Env) int {
	var g grammar
	exited := false
	parser, err := kong.New(&g,
		kong.Name("remotemedia"), kong.Description(description),
		kong.Writers(env.Stdout, env.Stderr),
		kong.Exit(func(int) { exited = true }), // --help and --version have printed what was asked for
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 110}),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(&env),
	)
	if err != nil {
		fmt.Fprintf(env.Stderr, "remotemedia: the command line is declared wrong: %v\n", err)
		return ExitFailed
	}
	command, err := parser.Parse(args)
	switch {
	case exited:
		return ExitOK
	case err != nil:
		fmt.Fprintf(env.Stderr, "remotemedia: %v\nTry remotemedia --help, or --help after a command.\n", err)
		return ExitUsage
	}
	return finish(ctx, env, command.Run())
}

// finish tells the error, unless the command has told it itself, and gives the exit code.
func finish(ctx context.Context, env Env, err error) int {
	code := exitCode(ctx, err)
	if err != nil {
		tell(env, err)
	}
	return code
}
