// Overload offers the service more than it can do and measures whether what it promises for that case holds: the answers that come in time
// don't become fewer, those that come are nearly as fast as ever, everything else is refused at once and cheaply, health checks and
// metrics go on, modest tenants and live streams don't suffer. It finds the capacity first. See docs/operate/capacity.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"syscall"
	"time"

	"github.com/remotemedia/remotemedia-go/bench/stress"
	"github.com/remotemedia/remotemedia-go/version"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "overload:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	t := &trial{}
	flag.StringVar(&t.program, "program", "bin/remotemedia", "the service")
	flag.StringVar(&t.control, "control", "build/overload/goecho", "the server that does nothing but refuse, bench/peers/goecho")
	flag.BoolVar(&t.quick, "quick", false, "shorter, and less sure")
	flag.DurationVar(&t.deadline, "deadline", 250*time.Millisecond, "of each call")
	markdown := flag.String("report", "bench/OVERLOAD.md", "where the report goes")
	data := flag.String("json", "build/overload/overload.json", "where the same goes as data")
	only := flag.String("only", "", "regular expression of the scenarios to run; the report is void then")
	flag.StringVar(&t.dir, "dir", "build/overload", "for configurations and logs")
	flag.Parse()
	command := "make overload"
	if t.quick {
		command = "OVERLOAD_QUICK=1 make overload"
	}
	t.report = stress.NewReport("Overload", command, version.Runtime)
	var err error
	if t.cpus, err = stress.Divide(); err != nil {
		return err
	}
	if t.cpus == "" {
		t.report.Invalid("the machine has one processor, which service and load share")
	}
	if err := t.all(ctx, regexp.MustCompile(*only), *only != ""); err != nil {
		return err
	}
	if err := t.report.Write(*markdown, *data); err != nil {
		return err
	}
	fmt.Print(t.report.Markdown())
	switch n := t.report.Failed(); {
	case len(t.report.Void) > 0:
		return errors.New("the figures are void, see the report")
	case n > 0:
		return fmt.Errorf("%d checks failed, see %s", n, filepath.ToSlash(*markdown))
	}
	return nil
}

// scenario is a part of the whole.
type scenario struct {
	name string
	run  func(ctx context.Context) error
}

func (t *trial) all(ctx context.Context, only *regexp.Regexp, some bool) error {
	if some {
		t.report.Invalid("only the scenarios that fit %q were run", only)
	}
	if err := t.begin(ctx); err != nil {
		return err
	}
	for _, s := range []scenario{
		{"refusals", t.refusalCost},
		{"beyond", t.beyond},
		{"off", t.withoutAdmission},
		{"recovery", t.recovery},
		{"short", t.shortDeadlines},
		{"tenants", t.tenants},
		{"streams", t.liveStreams},
		{"hostile", t.hostile},
		{"drain", t.drain},
	} {
		if !only.MatchString(s.name) {
			continue
		}
		began := time.Now()
		fmt.Fprintf(os.Stderr, "overload: %s\n", s.name)
		if err := s.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		fmt.Fprintf(os.Stderr, "overload: %s took %.1f s\n", s.name, time.Since(began).Seconds())
	}
	return t.end(ctx)
}
