// Remotemedia runs audio pipelines: as a service over gRPC, on a service, or in its own process. See remotemedia --help.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/remotemedia/remotemedia-go/internal/cli"
)

func main() { os.Exit(run()) }

// run exists so that deferred calls are made before the exit.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	return cli.Run(ctx, os.Args[1:], cli.System())
}
