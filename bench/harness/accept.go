package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/remotemedia/remotemedia-go/bench/accept"
	"github.com/remotemedia/remotemedia-go/bench/document"
	"github.com/remotemedia/remotemedia-go/bench/suite"
	"github.com/remotemedia/remotemedia-go/internal/machine"
)

// checkFigures measures what the specification asks for. It fails where any of it isn't met or couldn't be measured.
func checkFigures(ctx context.Context, args []string) error {
	f := flag.NewFlagSet("harness accept", flag.ContinueOnError)
	o := accept.Options{Progress: os.Stdout}
	folder := f.String("dir", "build/bench", "folder with the programs, and for outputs")
	out := f.String("out", "build/bench/accept.md", "file for the table")
	commit := f.String("commit", "unknown", "revision of what is measured")
	f.IntVar(&o.Calls, "calls", 1000, "warm calls whose latencies are judged")
	f.DurationVar(&o.Seconds, "seconds", 2*time.Second, "length of a load that isn't counted in calls")
	f.IntVar(&o.Rounds, "rounds", 3, "rounds of what is compared")
	f.IntVar(&o.Clients, "clients", 1000, "connections and streams at once")
	if err := f.Parse(args); err != nil {
		return err
	}
	o.Folder = suite.Folder(*folder)
	m, before := machine.Describe(), machine.Load()
	verdicts, err := accept.Run(ctx, o)
	if len(verdicts) == 0 {
		return err
	}
	table := accept.Table(verdicts)
	head := fmt.Sprintf("Made by `make accept` at revision %s, %s, on %d cores of %s, Linux %s, %s. Load average before %.1f, after %.1f.\n\n",
		*commit, time.Now().UTC().Format("2006-01-02 15:04 MST"), m.Cores, m.Processor, m.Kernel, m.Go, before, machine.Load())
	fmt.Print("\n", head, table)
	if err := document.WriteFile(*out, []byte(head+table)); err != nil {
		return err
	}
	switch {
	case err != nil:
		return fmt.Errorf("not everything could be measured: %w", err)
	case !accept.Passed(verdicts):
		fmt.Println("\nFAILED: not every figure is met")
		return errFailed
	}
	fmt.Println("\nall passed")
	return nil
}
