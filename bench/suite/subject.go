// Package suite measures the service beside its peers: scenarios, each with several servers, in rounds whose order is shuffled. Every
// measurement is made on a server that was started for it and is ended after it.
package suite

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/remotemedia/remotemedia-go/bench/process"
	"github.com/remotemedia/remotemedia-go/bench/work"
)

// Names of what is measured.
const (
	Service = "service"        // with what it is configured when nobody configures it
	Quiet   = "service, warn"  // the same, which logs warnings only
	Secure  = "service, TLS"   // the same, encrypted
	OneCopy = "one-copy codec" // grpc-go with the service's codec, which answers with bytes made before
	Default = "default codec"  // the same with the codec and the settings that grpc-go brings
	NoOp    = "no-op codec"    // the same without decoding
	Raw     = "raw TCP"        // the same bytes without gRPC
	Python  = "Python"         // grpcio, soxr HQ
	Rust    = "Rust"           // tonic, prost, rubato
	Kernel  = "kernel"         // the resampler alone, in the process of the generator, on one core
)

// Folder is where the programs of a run lie, and where it keeps its state.
type Folder string

func (f Folder) path(parts ...string) string {
	return filepath.Join(append([]string{string(f)}, parts...)...)
}

// Programs in the folder.
const (
	serviceProgram = "remotemedia"
	echoProgram    = "goecho"
	rustProgram    = "rust-peer"
	pythonProgram  = "python/bin/python"
	pythonServer   = "bench/peers/python/server.py"
)

// subject is a server that is measured, or that kind of.
type subject struct {
	program string // in the folder; "" where there is none
	args    func(f Folder, s *Scenario) []string
	by      work.ServedBy
}

var subjects = map[string]subject{
	Service: {serviceProgram, serveArgs(anyPort...), work.ServedBy{}},
	Quiet:   {serviceProgram, serveArgs("--log-level", "warn"), work.ServedBy{}},
	Secure:  {serviceProgram, secureArgs, work.ServedBy{}},
	OneCopy: {echoProgram, echoArgs("onecopy"), work.ServedBy{Prepared: true}},
	Default: {echoProgram, echoArgs("default"), work.ServedBy{Prepared: true}},
	NoOp:    {echoProgram, echoArgs("noop"), work.ServedBy{Prepared: true}},
	Raw:     {echoProgram, echoArgs("raw"), work.ServedBy{Prepared: true}},
	Python:  {pythonProgram, func(Folder, *Scenario) []string { return []string{pythonServer} }, work.ServedBy{Tolerance: otherTolerance}},
	Rust:    {rustProgram, func(Folder, *Scenario) []string { return nil }, work.ServedBy{Tolerance: otherTolerance}},
	Kernel:  {},
}

// otherTolerance is by how much a sample of another resampler may differ: rubato takes its delay off in whole samples, so that the
// output may be half a sample late.
const otherTolerance = 0.05

// Commands tells how each server is started, with the answers of an example where it is an echo.
func (f Folder) Commands() map[string]string {
	out := make(map[string]string)
	for name, s := range subjects {
		if s.program == "" || f.Missing(name) != "" {
			continue
		}
		args := s.args(f, &Scenario{Mode: Unary, Work: "resample 1 s"})
		out[name] = strings.Join(append([]string{f.path(s.program)}, args...), " ")
	}
	return out
}

// ServedBy tells how the answers of a subject are compared.
func ServedBy(subject string) work.ServedBy { return subjects[subject].by }

// Missing tells why a subject can't be measured; "" where it can.
func (f Folder) Missing(name string) string {
	s, ok := subjects[name]
	if !ok {
		return "there is no such subject"
	}
	if s.program == "" {
		return ""
	}
	if _, err := os.Stat(f.path(s.program)); err != nil {
		return fmt.Sprintf("%s isn't there: scripts/bench.sh says why", f.path(s.program))
	}
	return ""
}

// AllMissing tells of all subjects that can't be measured.
func (f Folder) AllMissing() []string {
	var out []string
	for _, name := range []string{Service, Raw, Python, Rust} { // one of each program
		if missing := f.Missing(name); missing != "" {
			out = append(out, name+": "+missing)
		}
	}
	return out
}

// State is the file with what a run has measured.
func (f Folder) State() string { return f.path("cells.jsonl") }

// Start starts the server of a scenario, whose answers were prepared where it is an echo.
func (f Folder) Start(ctx context.Context, name string, s *Scenario) (*process.Server, error) {
	if missing := f.Missing(name); missing != "" {
		return nil, fmt.Errorf("%s: %s", name, missing)
	}
	c := process.Command{
		Name: filepath.Base(subjects[name].program) + "-" + slug(name), Path: f.path(subjects[name].program),
		Args: subjects[name].args(f, s), Dir: f.path("output"),
	}
	if name == Quiet { // doesn't log where it serves
		var err error
		if c.Address, err = process.FreeAddress(); err != nil {
			return nil, err
		}
		c.Args = append(c.Args, "--listen", c.Address)
	}
	return process.Start(ctx, c)
}

// StartService starts the service, with more arguments.
func (f Folder) StartService(ctx context.Context, more ...string) (*process.Server, error) {
	return process.Start(ctx, process.Command{
		Name: "service", Path: f.path(serviceProgram), Args: append(serveArgs(anyPort...)(f, nil), more...), Dir: f.path("output"),
	})
}

var anyPort = []string{"--listen", "127.0.0.1:0"}

func serveArgs(more ...string) func(Folder, *Scenario) []string {
	return func(_ Folder, s *Scenario) []string {
		args := []string{"serve", "--admin", "127.0.0.1:0"}
		if s != nil && s.Mode == Idle {
			// The defaults bound connections at 2,000 and streams at 10,000.
			args = append(args, "--set", "limits.max_connections=20000", "--set", "limits.max_open_streams=20000")
		}
		return append(args, more...)
	}
}

func echoArgs(codec string) func(Folder, *Scenario) []string {
	return func(f Folder, s *Scenario) []string {
		args := []string{"-codec", codec}
		switch {
		case codec == "raw":
		case s.Mode == Unary:
			args = append(args, "-unary", f.answer(s.Work))
		default:
			args = append(args, "-chunk", f.answer(s.Work))
		}
		return args
	}
}
