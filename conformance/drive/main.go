// Drive runs the conformance cases with the clients' runners against the real service, and prints a table of case by language. It
// is run from the project's folder; conformance/README.md tells the rest.
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
	"slices"
	"strings"
	"syscall"

	"github.com/remotemedia/remotemedia-go/conformance/suite"
)

// languages are the columns of the table.
var languages = []string{"go", "python", "typescript"}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	only := flag.String("only", strings.Join(languages, ","), "languages to run")
	match := flag.String("match", "", "regular expression of the cases to run")
	binary := flag.String("binary", filepath.Join("bin", "remotemedia-test"), "the service")
	keep := flag.String("keep", "", "a folder for jobs, signals and what was received, which is kept")
	verbose := flag.Bool("v", false, "say what is under way")
	flag.Parse()

	cases, err := chosen(*match)
	if err != nil {
		return err
	}
	o, err := options(*binary, *keep, *verbose)
	if err != nil {
		return err
	}
	if *keep == "" {
		defer os.RemoveAll(o.Work)
	}
	columns, err := columns(ctx, strings.Split(*only, ","), cases, o)
	failures, printed := suite.Print(os.Stdout, cases, columns)
	if failures > 0 {
		err = errors.Join(err, fmt.Errorf("%d cases failed", failures))
	}
	return errors.Join(err, printed)
}

func chosen(match string) ([]*suite.Case, error) {
	pattern, err := regexp.Compile(match)
	if err != nil {
		return nil, err
	}
	cases, err := suite.Load(filepath.Join("conformance", "cases"))
	if err != nil {
		return nil, err
	}
	cases = slices.DeleteFunc(cases, func(c *suite.Case) bool { return !pattern.MatchString(c.Name) })
	if len(cases) == 0 {
		return nil, fmt.Errorf("no case matches %q", match)
	}
	return cases, nil
}

func options(binary, work string, verbose bool) (o suite.Options, err error) {
	if _, err := os.Stat(binary); err != nil {
		return o, fmt.Errorf("%w: make build-test makes it", err)
	}
	if o.Root, err = os.Getwd(); err != nil {
		return o, err
	}
	if work == "" {
		if work, err = os.MkdirTemp("", "conformance-"); err != nil {
			return o, err
		}
	}
	if o.Work, err = filepath.Abs(work); err != nil {
		return o, err
	}
	if o.Binary, err = filepath.Abs(binary); err != nil {
		return o, err
	}
	if o.Flavours, err = suite.LoadFlavours(filepath.Join("conformance", "servers.yaml")); err != nil {
		return o, err
	}
	if o.Log, err = os.OpenFile(os.DevNull, os.O_WRONLY, 0); err == nil && verbose {
		o.Log = os.Stderr
	}
	return o, err
}

func columns(ctx context.Context, only []string, cases []*suite.Case, o suite.Options) (all []suite.Column, errs error) {
	for _, language := range languages {
		if !slices.Contains(only, language) {
			continue
		}
		column := suite.Column{Language: language}
		runner, err := suite.FindRunner(o.Root, language)
		switch {
		case err != nil:
			errs = errors.Join(errs, err)
		case runner == nil:
			column.Skipped = "there is no runner of this language yet"
		default:
			column.Verdicts, column.Skipped, err = suite.Run(ctx, runner, cases, o)
			if err != nil {
				errs = errors.Join(errs, fmt.Errorf("%s: %w", language, err))
			}
		}
		all = append(all, column)
	}
	return all, errs
}
