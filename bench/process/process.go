// Package process starts the servers that are measured, each as a process of its own, and sees to it that none outlives the
// benchmark.
package process

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Command says how a server is started. It serves when a line of its output says where: "listening HOST:PORT", or the service's
// own line of JSON with the message "serving".
type Command struct {
	Name string // in messages
	Path string
	Args []string
	Env  []string // beside the program's own
	Dir  string   // for the output: Name.out; made if it isn't there
	// Address is where a server serves that doesn't tell; it does when a connection can be made.
	Address string
}

// Server is a process that serves. Its methods are safe for concurrent use.
type Server struct {
	Name    string
	Address string // of gRPC, or of what else it serves
	Admin   string // of the service's HTTP port; "" for others
	PID     int

	cmd    *exec.Cmd
	input  io.Closer
	output string
	ended  chan struct{} // closed when the process is gone
	err    error         // how it ended
	stop   sync.Once
}

const (
	startTimeout = 60 * time.Second
	stopTimeout  = 15 * time.Second
	pollInterval = 5 * time.Millisecond
	tailBytes    = 2000
)

// Start starts a server and returns when it serves. The server ends with Stop, with ctx, and with this process.
func Start(ctx context.Context, c Command) (*Server, error) {
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return nil, err
	}
	s := &Server{Name: c.Name, output: filepath.Join(c.Dir, c.Name+".out"), ended: make(chan struct{})}
	out, err := os.Create(s.output)
	if err != nil {
		return nil, err
	}
	defer out.Close() // the process has its own
	s.cmd = exec.Command(c.Path, c.Args...)
	s.cmd.Env = append(os.Environ(), c.Env...)
	s.cmd.Stdout, s.cmd.Stderr = out, out
	if s.input, err = s.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := startChild(s.cmd); err != nil {
		return nil, fmt.Errorf("%s can't be started: %w", c.Name, err)
	}
	s.PID = s.cmd.Process.Pid
	go s.wait()
	context.AfterFunc(ctx, func() { _ = s.Stop() })
	if err := s.waitUntilServing(ctx, c.Address); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Server) wait() {
	s.err = s.cmd.Wait()
	close(s.ended)
}

// Ended is closed when the process is gone.
func (s *Server) Ended() <-chan struct{} { return s.ended }

func (s *Server) waitUntilServing(ctx context.Context, address string) error {
	ticker, limit := time.NewTicker(pollInterval), time.NewTimer(startTimeout)
	defer ticker.Stop()
	defer limit.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.ended:
			return fmt.Errorf("%s ended before it served (%w); it said:\n%s", s.Name, s.err, s.Tail())
		case <-limit.C:
			return fmt.Errorf("%s doesn't serve after %v; it said:\n%s", s.Name, startTimeout, s.Tail())
		case <-ticker.C:
		}
		if ok, err := s.isServing(address); ok || err != nil {
			return err
		}
	}
}

// isServing finds out by the address, or by the output where that isn't known.
func (s *Server) isServing(address string) (bool, error) {
	if address != "" {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err != nil {
			return false, nil // not yet
		}
		s.Address = address
		return true, conn.Close()
	}
	text, err := os.ReadFile(s.output)
	if err != nil {
		return false, err
	}
	for line := range bytes.Lines(text) {
		var ok bool
		if s.Address, s.Admin, ok = serving(line); ok {
			return true, nil
		}
	}
	return false, nil
}

// FreeAddress gives an address of this machine that nobody listens on now.
func FreeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// serving reads the line by which a server says that it serves. A line that isn't complete yet isn't one.
func serving(line []byte) (address, admin string, ok bool) {
	if !bytes.HasSuffix(line, []byte("\n")) {
		return "", "", false
	}
	if rest, found := strings.CutPrefix(string(bytes.TrimSpace(line)), "listening "); found {
		return rest, "", rest != ""
	}
	var entry struct{ Message, Address, Admin string }
	if json.Unmarshal(line, &entry) != nil || entry.Message != "serving" {
		return "", "", false
	}
	return entry.Address, entry.Admin, entry.Address != ""
}

// Tail is the end of what the server has said.
func (s *Server) Tail() string {
	text, err := os.ReadFile(s.output)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-tailBytes):])
}

// Stop ends the server and returns when it is gone: it is asked first, and killed if it doesn't. An error is what went wrong with
// ending it, or that it had ended by itself before.
func (s *Server) Stop() (err error) {
	s.stop.Do(func() { err = s.end() })
	<-s.ended
	return err
}

func (s *Server) end() error {
	select {
	case <-s.ended:
		return fmt.Errorf("%s ended by itself (%w); it said:\n%s", s.Name, s.err, s.Tail())
	default:
	}
	s.input.Close()
	// It may be gone by now, which the wait tells.
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	limit := time.NewTimer(stopTimeout)
	defer limit.Stop()
	select {
	case <-s.ended:
		return nil
	case <-limit.C:
		_ = s.cmd.Process.Kill()
		<-s.ended
		return fmt.Errorf("%s had to be killed: it didn't end within %v", s.Name, stopTimeout)
	}
}
