package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/remotemedia/remotemedia-go/bench/document"
	"github.com/remotemedia/remotemedia-go/bench/profiling"
	"github.com/remotemedia/remotemedia-go/bench/suite"
	"github.com/remotemedia/remotemedia-go/internal/machine"
)

// takeProfiles takes the profiles of the main paths, writes their tables, and an excerpt into RESULTS.md.
func takeProfiles(ctx context.Context, args []string) error {
	f := flag.NewFlagSet("harness profile", flag.ContinueOnError)
	o := profiling.Options{Progress: os.Stdout}
	folder := f.String("dir", "build/bench", "folder with the programs, and for outputs")
	results := f.String("results", "bench/RESULTS.md", `text whose generated part "profile" is written; none: "-"`)
	commit := f.String("commit", "unknown", "revision of what is measured")
	f.StringVar(&o.Out, "out", "build/profile", "folder for the profiles and their tables")
	f.DurationVar(&o.Length, "seconds", 5*time.Second, "length of a profile")
	if err := f.Parse(args); err != nil {
		return err
	}
	o.Folder = suite.Folder(*folder)
	m, before := machine.Describe(), machine.Load()
	all, err := profiling.Take(ctx, o)
	if err != nil {
		return err
	}
	for i := range all {
		if err := document.WriteFile(filepath.Join(o.Out, all[i].File()), []byte(all[i].Long())); err != nil {
			return err
		}
	}
	text := fmt.Sprintf("Made by `make profile` at revision %s, %s, on %d cores of %s, %s; load average before %.1f. The whole tables are written to build/profile. "+
		"Calls have a token here, without which there are no profiles, so that authentication and its log are in the figures.\n\n%s",
		*commit, time.Now().UTC().Format("2006-01-02 15:04 MST"), m.Cores, m.Processor, m.Go, before, profiling.Short(all))
	fmt.Print("\n", text)
	if *results == "-" {
		return nil
	}
	return document.Update(*results, "profile", text)
}
