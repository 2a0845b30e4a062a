// Harness measures the service beside its peers, checks the figures of the specification, and takes profiles. Scripts call it, as it
// wants the programs built before: scripts/bench.sh, scripts/accept.sh, scripts/profile.sh.
//
//	harness run     measure, resume a run that was interrupted, and write bench/RESULTS.md and bench/results.json
//	harness report  write them from what was measured
//	harness accept  the specification's figures, passed or failed
//	harness profile profiles of the service under load
//	harness smoke   one round with few requests, in which every answer has to be right
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// command is one of the things that it does.
type command func(ctx context.Context, args []string) error

var commands = map[string]command{"run": runSuite, "report": writeReport, "accept": checkFigures, "profile": takeProfiles}

// errFailed says that what was checked didn't pass, which has been told.
var errFailed = errors.New("failed")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: harness run|report|accept|profile|smoke [flags]; harness run -h lists its flags")
		os.Exit(2)
	}
	switch err := commands[os.Args[1]](ctx, os.Args[2:]); {
	case errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errFailed):
		os.Exit(1)
	case err != nil:
		fmt.Fprintln(os.Stderr, "harness:", err)
		os.Exit(1)
	}
}
