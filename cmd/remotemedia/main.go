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
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		os.Exit(cli.ExitOf(<-signals)) // a second one ends the program at once, whatever it is at
	}()
	return cli.Run(ctx, os.Args[1:], cli.System())
}
