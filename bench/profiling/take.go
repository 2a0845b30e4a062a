package profiling

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/pprof/profile"
	"golang.org/x/sync/errgroup"

	"github.com/remotemedia/remotemedia-go/bench/document"
	"github.com/remotemedia/remotemedia-go/bench/process"
	"github.com/remotemedia/remotemedia-go/bench/suite"
	"github.com/remotemedia/remotemedia-go/bench/work"
	"github.com/remotemedia/remotemedia-go/internal/auth"
	"github.com/remotemedia/remotemedia-go/internal/load"
)

// Options of a run.
type Options struct {
	Folder   suite.Folder
	Out      string // folder for the profiles
	Length   time.Duration
	Progress io.Writer
}

// target is a path through the service that is profiled.
type target struct {
	name        string
	stream      bool
	work        string
	concurrency int
}

var targets = []target{
	{"unary pass-through of 1 s, c=10", false, "pass 1 s", 10},
	{"unary resampling of 1 s, c=10", false, "resample 1 s", 10},
	{"calculator, c=10", false, "calculator", 10},
	{"10 streams, 4096 frames, pass-through", true, "pass, 4096", 10},
}

// Taken are the profiles of a target.
type Taken struct {
	Name  string
	Unit  string // "call" or "chunk"
	Rate  float64
	CPU   *profile.Profile
	Alloc *profile.Profile
	Block *profile.Profile
	Mutex *profile.Profile
	Units float64 // while Alloc was taken
}

// Take profiles every target, each on a service started for it.
func Take(ctx context.Context, o Options) ([]Taken, error) {
	var all []Taken
	for _, t := range targets {
		fmt.Fprintln(o.Progress, t.name)
		one, err := o.take(ctx, t)
		if err != nil {
			return all, fmt.Errorf("%s: %w", t.name, err)
		}
		all = append(all, one)
	}
	return all, nil
}

func (o *Options) take(ctx context.Context, t target) (taken Taken, err error) {
	token, digest := auth.NewToken()
	config := filepath.Join(o.Out, "service.yaml")
	text := fmt.Sprintf("auth:\n  tokens:\n    - name: profile\n      hash: %s\n      scopes: [execute, stream, metrics, admin]\n", digest.Text())
	if err := document.WriteFile(config, []byte(text)); err != nil {
		return taken, err
	}
	server, err := o.Folder.StartService(ctx, "--config", config)
	if err != nil {
		return taken, err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	w, err := t.workload()
	if err != nil {
		return taken, err
	}
	c := load.Config{
		Target: load.Target{Address: server.Address, Token: token}, Workload: w, Concurrency: t.concurrency, Connections: t.concurrency,
		Duration: time.Hour, Warmup: o.Length / 2,
	}
	return o.underLoad(ctx, t, server, token, c)
}

func (t target) workload() (load.Workload, error) {
	if t.stream {
		s, err := work.NewStream(t.work)
		if err != nil {
			return nil, err
		}
		const window = 16
		return s.Window(window, work.ServedBy{}), nil
	}
	c, err := work.NewCall(t.work)
	if err != nil {
		return nil, err
	}
	return c.Workload(work.ServedBy{}), nil
}

// underLoad loads for as long as the profiles take: that of the CPU alone, then the others together.
func (o *Options) underLoad(ctx context.Context, t target, s *process.Server, token string, c load.Config) (Taken, error) {
	loading, stop := context.WithCancel(ctx)
	defer stop()
	type outcome struct {
		result *load.Result
		err    error
	}
	ended := make(chan outcome, 1)
	go func() {
		r, err := load.Run(loading, c)
		ended <- outcome{r, err}
	}()
	taken := Taken{Name: t.name, Unit: "call"}
	if t.stream {
		taken.Unit = "chunk"
	}
	f := fetcher{"http://" + s.Admin + "/debug/pprof/", token, o, slug(t.name)}
	err := f.warm(ctx, o.Length/2)
	if err == nil {
		taken.CPU, err = f.fetch(ctx, "profile", "cpu")
	}
	if err == nil {
		err = f.others(ctx, &taken)
	}
	stop()
	out := <-ended
	switch {
	case err != nil:
		return taken, err
	case out.result == nil:
		return taken, out.err
	case out.result.Failed > 0:
		return taken, fmt.Errorf("%d of %d failed: %s: %s", out.result.Failed, out.result.Attempted(), out.result.Failures[0].Class, out.result.Failures[0].Example)
	}
	taken.Rate = out.result.Throughput()
	taken.Units = taken.Rate * o.Length.Seconds()
	return taken, nil
}

// fetcher asks the port for operators.
type fetcher struct {
	base, token string
	*Options
	slug string
}

// warm waits by asking for a profile that nobody keeps.
func (f *fetcher) warm(ctx context.Context, length time.Duration) error {
	_, err := f.get(ctx, "allocs", length)
	return err
}

func (f *fetcher) others(ctx context.Context, t *Taken) error {
	group, ctx := errgroup.WithContext(ctx)
	for kind, into := range map[string]**profile.Profile{"allocs": &t.Alloc, "block": &t.Block, "mutex": &t.Mutex} {
		group.Go(func() (err error) {
			*into, err = f.fetch(ctx, kind, kind)
			return err
		})
	}
	return group.Wait()
}

// fetch takes a profile, keeps it in a file and reads it.
func (f *fetcher) fetch(ctx context.Context, path, kind string) (*profile.Profile, error) {
	raw, err := f.get(ctx, path, f.Length)
	if err != nil {
		return nil, err
	}
	if err := document.WriteFile(filepath.Join(f.Out, f.slug+"."+kind+".pprof"), raw); err != nil {
		return nil, err
	}
	return profile.ParseData(raw)
}

func (f *fetcher) get(ctx context.Context, path string, length time.Duration) ([]byte, error) {
	seconds := max(1, int(length.Seconds()))
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s%s?seconds=%d", f.base, path, seconds), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+f.token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", path, response.Status, strings.TrimSpace(string(body)))
	}
	return body, err
}

func slug(name string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(name)), "-")
}
