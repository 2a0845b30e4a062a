package suite

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/remotemedia/remotemedia-go/conformance/pki"
)

// Runner runs cases in a language.
type Runner struct {
	Language string   `json:"-"`
	Prepare  []string `json:"prepare"` // ends with skipCode where the language can't be installed
	Command  []string `json:"run"`
}

// skipCode is how a preparation ends that isn't possible here.
const skipCode = 77

// caseTime is how long a case may take.
const caseTime = time.Minute

// FindRunner reads a language's runner.json; nil says that there is none yet.
func FindRunner(root, language string) (*Runner, error) {
	text, err := os.ReadFile(filepath.Join(root, "conformance", "runners", language, "runner.json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r := &Runner{Language: language}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("runner.json of %s: %w", language, err)
	}
	if len(r.Command) == 0 {
		return nil, fmt.Errorf("runner.json of %s says nothing to run", language)
	}
	return r, nil
}

// prepare installs and builds; skip is the reason why that isn't possible here.
func (r *Runner) prepare(ctx context.Context, root string) (skip string, err error) {
	if len(r.Prepare) == 0 {
		return "", nil
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, r.Prepare[0], r.Prepare[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = root, &out, &out
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return "", nil
	case errors.As(err, &exit) && exit.ExitCode() == skipCode:
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		return lines[len(lines)-1], nil
	}
	return "", fmt.Errorf("%v: %w\n%s", r.Prepare, err, out.String())
}

// job is what a runner gets.
type job struct {
	Format  int        `json:"format"`
	Out     string     `json:"out"`
	Control string     `json:"control"`
	Cases   []*JobCase `json:"cases"`
}

// Options say what is run.
type Options struct {
	Root     string // the project's folder
	Binary   string // the service
	Work     string // an empty folder
	Flavours map[string]Flavour
	Log      io.Writer // what is under way, and what runners say on standard error
}

// Run runs cases in a language, with servers of its own, and judges them. Skip is the reason why the language can't be run
// here. The error is of what kept the cases from being run at all.
func Run(ctx context.Context, r *Runner, cases []*Case, o Options) (verdicts map[string]Verdict, skip string, err error) {
	if skip, err = r.prepare(ctx, o.Root); skip != "" || err != nil {
		return nil, skip, err
	}
	run := &running{runner: r, Options: o, dir: filepath.Join(o.Work, r.Language)}
	if err := os.MkdirAll(filepath.Join(run.dir, "out"), 0o700); err != nil {
		return nil, "", err
	}
	verdicts, err = run.all(ctx, cases)
	return verdicts, "", errors.Join(err, run.stop())
}

// running is a language under way.
type running struct {
	Options
	runner  *Runner
	dir     string
	files   pki.Files
	servers map[string]*Server
	control *control
	signals *Signals
}

func (r *running) all(ctx context.Context, cases []*Case) (map[string]Verdict, error) {
	var err error
	if r.files, err = pki.Write(r.dir); err != nil {
		return nil, err
	}
	if err := r.startServers(ctx, cases); err != nil {
		return nil, err
	}
	if r.control, err = startControl(ctx, r.servers); err != nil {
		return nil, err
	}
	r.signals = &Signals{Root: r.Root, Dir: r.dir}
	j := job{Format: 1, Out: filepath.Join(r.dir, "out"), Control: r.control.url}
	for _, c := range cases {
		expanded, err := c.expand(r.signals, r.servers[c.Server])
		if err != nil {
			return nil, fmt.Errorf("case %q: %w", c.Name, err)
		}
		j.Cases = append(j.Cases, expanded)
	}
	text, err := json.MarshalIndent(j, "", " ")
	if err != nil {
		return nil, err
	}
	path := filepath.Join(r.dir, "job.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return nil, err
	}
	return r.judge(ctx, cases, path)
}

// startServers starts one of each flavour that a case wants.
func (r *running) startServers(ctx context.Context, cases []*Case) error {
	r.servers = make(map[string]*Server)
	for _, c := range cases {
		if r.servers[c.Server] != nil {
			continue
		}
		flavour, ok := r.Flavours[c.Server]
		if !ok {
			return fmt.Errorf("case %q wants the server %q, which servers.yaml doesn't have", c.Name, c.Server)
		}
		s, err := startServer(ctx, c.Server, flavour, r.Binary, r.dir, r.files)
		if err != nil {
			return err
		}
		r.servers[c.Server] = s
	}
	return nil
}

func (r *running) stop() error {
	var all []error
	if r.control != nil {
		all = append(all, r.control.stop())
	}
	for _, s := range r.servers {
		all = append(all, s.stop())
	}
	return errors.Join(all...)
}

// judge runs the runner, and takes its observations as they come. What it doesn't tell has failed.
func (r *running) judge(ctx context.Context, cases []*Case, path string) (map[string]Verdict, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	args := append(slices.Clone(r.runner.Command[1:]), path)
	cmd := exec.CommandContext(ctx, r.runner.Command[0], args...)
	var said tail
	cmd.Dir, cmd.Stderr, cmd.WaitDelay = r.Root, io.MultiWriter(r.Log, &said), 5*time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	lines := make(chan []byte)
	go read(ctx, out, lines)
	verdicts := make(map[string]Verdict, len(cases))
	for _, c := range cases {
		v, more := r.next(c, lines)
		verdicts[c.Name] = v
		fmt.Fprintf(r.Log, "%s: %s: %s\n", r.runner.Language, c.Name, v.Outcome)
		if !more {
			break
		}
	}
	if len(verdicts) < len(cases) {
		cancel()
	}
	ended := cmd.Wait()
	for _, c := range cases {
		if _, ok := verdicts[c.Name]; !ok {
			verdicts[c.Name] = failed("the runner ended before (%v); its last words:\n%s", ended, said.text())
		}
	}
	if ended != nil && len(verdicts) == len(cases) && ctx.Err() == nil {
		return verdicts, fmt.Errorf("the runner of %s ended with %w; its last words:\n%s", r.runner.Language, ended, said.text())
	}
	return verdicts, nil
}

// read gives the lines of a runner, to their end.
func read(ctx context.Context, out io.Reader, lines chan<- []byte) {
	defer close(lines)
	scan := bufio.NewScanner(out)
	scan.Buffer(nil, 64<<20)
	for scan.Scan() {
		select {
		case lines <- bytes.Clone(scan.Bytes()):
		case <-ctx.Done():
			return
		}
	}
}

// next waits for a case's observation; more says whether the runner goes on.
func (r *running) next(c *Case, lines <-chan []byte) (v Verdict, more bool) {
	timer := time.NewTimer(caseTime)
	defer timer.Stop()
	select {
	case line, ok := <-lines:
		if !ok {
			return failed("the runner ended in this case"), false
		}
		o, err := decodeLine(line)
		switch {
		case err != nil:
			return failed("%v", err), false
		case o.Case != c.Name:
			return failed("the runner told of %q in its place", o.Case), false
		}
		return c.judge(o, r.runner.Language, filepath.Join(r.Root, "conformance", "golden"), r.signals), true
	case <-timer.C:
		return failed("the runner didn't tell of it within %v", caseTime), false
	}
}
