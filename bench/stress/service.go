// Package stress is what the programs that overload the service and keep it busy for long have in common: the service as a process on
// processors of its own, its metrics, clients that retry within a budget, and the report of what had to hold.
package stress

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/remotemedia/remotemedia-go/bench/process"
	"github.com/remotemedia/remotemedia-go/internal/load"
)

// Options say how the service is started.
type Options struct {
	Name    string
	Program string
	Listen  string // host:port of gRPC; "": a free port of loopback
	Admin   int    // port of the operators on loopback; 0: a free one
	Server  string // of the configuration's section server, what is beside the addresses
	Config  string // text of its other sections
	CPUs    string // processors that it may run on, as taskset takes them; "": all
	Memory  int64  // bytes that it may use; 0: all
	Dir     string // for configuration and output
}

// Service is one that runs.
type Service struct {
	*process.Server
	Enforced bool // the kernel enforces the limit of the memory; otherwise only the runtime knows of it
	group    string
}

func (o Options) text() string {
	return fmt.Sprintf("server:\n  listen: [%q]\n  admin: {host: 127.0.0.1, port: %d}\n  %s\n%s", cmp.Or(o.Listen, "127.0.0.1:0"), o.Admin, o.Server, o.Config)
}

// Start starts the service.
func Start(ctx context.Context, o Options) (*Service, error) {
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return nil, err
	}
	file := filepath.Join(o.Dir, o.Name+".yaml")
	if err := os.WriteFile(file, []byte(o.text()), 0o600); err != nil {
		return nil, err
	}
	s := &Service{}
	words := o.pinned("serve", "--config", file)
	var env []string
	if o.Memory > 0 {
		words, env = s.limited(o, words)
	}
	var err error
	s.Server, err = process.Start(ctx, process.Command{Name: o.Name, Path: words[0], Args: words[1:], Env: env, Dir: o.Dir})
	if err != nil {
		return nil, errors.Join(err, s.ungroup())
	}
	return s, nil
}

// StartOther starts another program than the service, which has no configuration, on the same processors. Of the options it needs Name, Program,
// CPUs and Dir. What asks the operators' port works where it says that it has one.
func StartOther(ctx context.Context, o Options, args ...string) (*Service, error) {
	words := o.pinned(args...)
	s, err := process.Start(ctx, process.Command{Name: o.Name, Path: words[0], Args: words[1:], Dir: o.Dir})
	if err != nil {
		return nil, err
	}
	return &Service{Server: s}, nil
}

// pinned is the command line of the program, on the processors that it may run on.
func (o Options) pinned(args ...string) []string {
	words := append([]string{o.Program}, args...)
	if o.CPUs != "" {
		words = append([]string{"taskset", "-c", o.CPUs}, words...)
	}
	return words
}

// limited has the service run in a control group or, where none can be made, with a limit that the runtime tries to keep.
func (s *Service) limited(o Options, words []string) (limited, env []string) {
	group, err := memoryGroup(o.Name+"-"+strconv.Itoa(os.Getpid()), o.Memory)
	if err != nil {
		return words, []string{fmt.Sprintf("GOMEMLIMIT=%d", o.Memory*9/10)}
	}
	s.group, s.Enforced = group, true
	return append([]string{"sh", "-c", `echo $$ > "$0" && exec "$@"`, filepath.Join(group, "cgroup.procs")}, words...), nil
}

// memoryGroup makes a control group with a limit, of the second version of control groups or the first.
func memoryGroup(name string, limit int64) (folder string, err error) {
	var errs []error
	for _, x := range []struct{ root, file string }{
		{"/sys/fs/cgroup", "memory.max"}, {"/sys/fs/cgroup/memory", "memory.limit_in_bytes"},
	} {
		folder = filepath.Join(x.root, name)
		if err = os.Mkdir(folder, 0o755); err == nil {
			file := filepath.Join(folder, x.file)
			if _, err = os.Stat(file); err == nil {
				err = os.WriteFile(file, []byte(strconv.FormatInt(limit, 10)), 0o644)
			}
			if err == nil {
				return folder, nil
			}
			err = errors.Join(err, os.Remove(folder))
		}
		errs = append(errs, err)
	}
	return "", errors.Join(errs...)
}

func (s *Service) ungroup() error {
	if s.group == "" {
		return nil
	}
	err := os.Remove(s.group)
	s.group = ""
	return err
}

// Stop ends the service in order.
func (s *Service) Stop() error { return errors.Join(s.Server.Stop(), s.ungroup()) }

// Kill ends it as a crash does.
func (s *Service) Kill() error {
	p, err := os.FindProcess(s.PID)
	if err == nil {
		err = p.Kill()
	}
	<-s.Ended()
	return errors.Join(err, s.ungroup())
}

// Target is where the load goes.
func (s *Service) Target(token string) load.Target {
	return load.Target{Address: s.Address, Token: token}
}
