// Soak keeps the service busy for long with everything that happens to one: calls and live streams at 80 % of what it can do, bursts beyond
// that, nodes that panic and fail, requests that are wrong, callers that go away. It looks every two seconds at what must not grow: live heap,
// goroutines, open files, the account of the memory. A leak that is planted on purpose must be found. See docs/operate/capacity.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/remotemedia/remotemedia-go/bench/stress"
	"github.com/remotemedia/remotemedia-go/version"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	var s soak
	flag.StringVar(&s.program, "program", "bin/remotemedia-test", "the service, with the nodes that fail on purpose")
	flag.DurationVar(&s.during, "for", time.Minute, "how long")
	flag.StringVar(&s.dir, "dir", "build/soak", "for configurations and logs")
	markdown := flag.String("report", "bench/SOAK.md", "where the report goes")
	data := flag.String("json", "build/soak/soak.json", "where the same goes as data")
	flag.Parse()
	const least = 20 * time.Second
	if s.during < least {
		return fmt.Errorf("-for %v: expected at least %v, or there are too few samples", s.during, least)
	}
	s.report = stress.NewReport("Soak", fmt.Sprintf("make soak SOAK=%v", s.during), version.Runtime)
	var err error
	if s.cpus, err = stress.Divide(); err != nil {
		return err
	}
	if s.cpus == "" {
		s.report.Invalid("the machine has one processor, which service and load share")
	}
	if err := errors.Join(s.soak(ctx), ctx.Err()); err != nil {
		return err
	}
	if err := s.planted(ctx); err != nil {
		return err
	}
	if err := s.report.Write(*markdown, *data); err != nil {
		return err
	}
	fmt.Print(s.report.Markdown())
	if n := s.report.Failed(); n > 0 {
		return fmt.Errorf("%d checks failed, see %s", n, *markdown)
	}
	return nil
}
