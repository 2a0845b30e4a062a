//go:build unix

// The program as a process: what signals do to it, and what it ends with. The program is its own client.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// program is built once, with the nodes that fail on purpose.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "remotemedia-*")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "remotemedia")
	out, err := exec.Command("go", "build", "-tags", "faultnodes", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", &buildError{err, out}
	}
	return path, nil
})

type buildError struct {
	err error
	out []byte
}

func (e *buildError) Error() string { return e.err.Error() + "\n" + string(e.out) }

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := program(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path)) // a leftover in the temporary folder harms nobody
	}
	os.Exit(code)
}

// process is a running service.
type process struct {
	t              *testing.T
	cmd            *exec.Cmd
	lines          chan map[string]any // of its log; closed at its end
	stderr         bytes.Buffer
	address, admin string
}

func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return exec.Command(path, args...)
}

func serve(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{t: t, lines: make(chan map[string]any, 10_000)}
	p.cmd = command(t, append([]string{"serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"}, args...)...)
	p.cmd.Stderr = &p.stderr
	stdout, err := p.cmd.StdoutPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill() }) // most have ended
	go p.read(stdout)
	serving := p.await("serving")
	p.address, p.admin = serving["address"].(string), serving["admin"].(string)
	return p
}

func (p *process) read(stdout io.Reader) {
	defer close(p.lines)
	for in := bufio.NewScanner(stdout); in.Scan(); {
		var line map[string]any
		if err := json.Unmarshal(in.Bytes(), &line); err != nil {
			p.t.Errorf("not JSON: %s", in.Bytes())
			continue
		}
		p.lines <- line
	}
}

// await returns the next line with a message.
func (p *process) await(message string) map[string]any {
	p.t.Helper()
	for line := range p.lines {
		if line["message"] == message {
			return line
		}
	}
	p.t.Fatalf("it ended without %q: %s", message, p.stderr.String())
	return nil
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// end reads the rest of the log and returns the exit code; -1 stands for a process that a signal killed.
func (p *process) end() int {
	p.t.Helper()
	for range p.lines { // all of it, before Wait closes the pipe
	}
	_ = p.cmd.Wait() // the code says it
	return p.cmd.ProcessState.ExitCode()
}

// call begins a call of one node and returns when it is executed.
func (p *process) call(node string) (ended <-chan error) {
	p.t.Helper()
	path := write(p.t, "manifest.json", `{"version": "v1", "nodes": [`+node+`]}`)
	cmd := command(p.t, "run", path, "--data", "1", "--timeout", "30s", "--server", p.address)
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	for !strings.Contains(p.metrics(), "\nremotemedia_grpc_active_executions 1\n") {
		select {
		case err := <-done:
			p.t.Fatalf("the call ended: %v", err)
		default:
		}
	}
	return done
}

func (p *process) metrics() string {
	p.t.Helper()
	resp, err := http.Get("http://" + p.admin + "/metrics")
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const (
	slow  = `{"id": "slow", "node_type": "SleepNode", "params": {"ms": 600000}}`
	stuck = `{"id": "stuck", "node_type": "SleepNode", "params": {"ms": 600000, "ignore_cancel": true}}`
	short = `{"id": "short", "node_type": "SleepNode", "params": {"ms": 500}}`
)

// A first signal finishes what was begun, however long that takes (an hour here); a second one doesn't wait for anything.
func TestFR009_ASecondSignalEndsTheProcessAtOnce(t *testing.T) {
	for s, want := range map[os.Signal]int{syscall.SIGTERM: 143, os.Interrupt: 130} {
		p := serve(t, "--drain-timeout", "1h")
		ended := p.call(slow)
		p.signal(s)
		p.await("stopping")
		p.signal(s)
		if code := p.end(); code != want {
			t.Errorf("%v twice: exit code %d, want %d; %s", s, code, want, p.stderr.String())
		}
		if err := <-ended; err == nil {
			t.Errorf("%v twice: the call in flight succeeded", s)
		}
	}
}

func TestFR009_ASignalFinishesWhatWasBegun(t *testing.T) {
	p := serve(t)
	ended := p.call(short)
	p.signal(syscall.SIGTERM)
	p.await("stopping")
	if err := <-ended; err != nil {
		t.Errorf("the call in flight: %v", err)
	}
	if code := p.end(); code != 0 || p.stderr.Len() > 0 {
		t.Errorf("exit code %d; %s", code, p.stderr.String())
	}
}

// The node sleeps for ten minutes and heeds nothing: the process ends without it, and says which it was.
func TestRel19_AStuckNodeIsNamedAndLeftBehind(t *testing.T) {
	p := serve(t, "--drain-timeout", "200ms")
	ended := p.call(stuck)
	p.signal(syscall.SIGTERM)
	line := p.await("a call was cut")
	if line["node_id"] != "stuck" || line["level"] != "error" {
		t.Errorf("the log says %v", line)
	}
	if code := p.end(); code != 1 || !strings.Contains(p.stderr.String(), `node "stuck"`) {
		t.Errorf("exit code %d; %s", code, p.stderr.String())
	}
	if err := <-ended; err == nil {
		t.Error("the call succeeded")
	}
}

func TestRS3_AHangupReloads(t *testing.T) {
	path := write(t, "config.yaml", "limits: {max_nodes: 5}\n")
	p := serve(t, "--config", path)
	p.signal(syscall.SIGHUP) // nothing changed: only the signal can have it read
	p.await("reload asked for")
	p.await("configuration reloaded")
	if err := os.WriteFile(path, []byte("limits: {max_nodes: many}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.signal(syscall.SIGHUP)
	p.await("the configuration can't be reloaded; the old one stays in force")
	p.signal(syscall.SIGTERM)
	if code := p.end(); code != 0 {
		t.Errorf("exit code %d; %s", code, p.stderr.String())
	}
}
