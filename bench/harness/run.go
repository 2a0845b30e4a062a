package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"os"
	"regexp"
	"slices"

	"github.com/remotemedia/remotemedia-go/bench/suite"
	"github.com/remotemedia/remotemedia-go/internal/machine"
)

// options are what the commands share.
type options struct {
	folder  string // with the programs, the state and the outputs
	scale   string
	commit  string
	only    string
	results string // RESULTS.md
	data    string // results.json
	fresh   bool
	rounds  int
}

func (o *options) flags(name string) *flag.FlagSet {
	f := flag.NewFlagSet("harness "+name, flag.ContinueOnError)
	f.StringVar(&o.folder, "dir", "build/bench", "folder with the programs, and for state and outputs")
	f.StringVar(&o.scale, "scale", "full", "full or quick")
	f.StringVar(&o.commit, "commit", "", "revision of what is measured")
	f.StringVar(&o.only, "only", "", "measure only scenarios whose name this regular expression finds")
	f.StringVar(&o.results, "results", "bench/RESULTS.md", "text whose generated part is written")
	f.StringVar(&o.data, "data", "bench/results.json", "file for all figures")
	f.IntVar(&o.rounds, "rounds", 0, "rounds in place of those of the scale")
	f.BoolVar(&o.fresh, "fresh", false, "forget what an interrupted run has measured")
	return f
}

// runner makes a runner, with the state of a run that was interrupted.
func (o *options) runner() (*suite.Runner, error) {
	scale, ok := suite.Scales[o.scale]
	if !ok {
		return nil, fmt.Errorf("-scale is full or quick, not %q", o.scale)
	}
	if o.rounds > 0 {
		scale.Rounds = o.rounds
	}
	pattern, err := regexp.Compile(o.only)
	if err != nil {
		return nil, fmt.Errorf("-only: %w", err)
	}
	r := &suite.Runner{Folder: suite.Folder(o.folder), Scale: scale, Progress: os.Stdout}
	all := slices.DeleteFunc(suite.Scenarios(), func(s suite.Scenario) bool { return !pattern.MatchString(s.Name()) })
	r.Scenarios = scale.Pick(all, func(subject string) bool { return r.Folder.Missing(subject) == "" })
	if len(r.Scenarios) == 0 {
		return nil, errors.New("no scenario is left to be measured")
	}
	h := suite.Header{
		Scale: o.scale, Commit: cmp.Or(o.commit, "unknown"), Only: o.only, Programs: r.Folder.Digest(), Machine: machine.Describe(),
		Versions: r.Folder.Versions(), Missing: r.Folder.AllMissing(),
	}
	h.Seed = seedOf(h.Scale + h.Commit)
	r.Seed = h.Seed
	path := r.Folder.State()
	if o.fresh {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	r.State, err = suite.OpenState(path, h)
	return r, err
}

func seedOf(text string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(text))
	return h.Sum64()
}

// runSuite measures and reports.
func runSuite(ctx context.Context, args []string) error {
	var o options
	if err := o.flags("run").Parse(args); err != nil {
		return err
	}
	r, err := o.runner()
	if err != nil {
		return err
	}
	defer r.State.Close()
	for _, why := range r.State.Header.Missing {
		fmt.Println("SKIPPED:", why)
	}
	if n := len(r.State.Cells); n > 0 {
		fmt.Printf("%d measurements of an interrupted run are taken over; -fresh forgets them\n", n)
	}
	if err := r.Run(ctx); err != nil {
		return err
	}
	return o.write(r.State)
}

// writeReport writes what was measured so far.
func writeReport(_ context.Context, args []string) error {
	var o options
	if err := o.flags("report").Parse(args); err != nil {
		return err
	}
	r, err := o.runner()
	if err != nil {
		return err
	}
	defer r.State.Close()
	return o.write(r.State)
}
