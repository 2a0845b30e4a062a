package suite

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/remotemedia/remotemedia-go/conformance/pki"
)

// Flavour is how a server is set up.
type Flavour struct {
	About  string                    `json:"about"`
	Set    map[string]any            `json:"set"` // keys of the configuration
	Env    map[string]string         `json:"env"`
	Tokens map[string]map[string]any `json:"tokens"` // by name: scopes, expires, ... of the configuration
	TLS    string                    `json:"tls"`    // server or mutual
}

// LoadFlavours reads servers.yaml.
func LoadFlavours(path string) (map[string]Flavour, error) {
	var f map[string]Flavour
	return f, readYAML(path, &f)
}

// Server is a process of the service under test.
type Server struct {
	Name    string
	Address string

	flavour Flavour
	binary  string
	dir     string
	files   pki.Files
	tokens  map[string]string // the texts, by name

	process *exec.Cmd
	lines   chan map[string]any // of its log that somebody waits for
	ended   chan error
	tail    tail
}

const (
	startTime = 30 * time.Second
	stopTime  = 40 * time.Second
)

// startServer starts a server of a flavour on a free port. Dir holds its files.
func startServer(ctx context.Context, name string, flavour Flavour, binary, dir string, files pki.Files) (*Server, error) {
	s := &Server{Name: name, flavour: flavour, binary: binary, dir: dir, files: files, tokens: make(map[string]string), Address: "127.0.0.1:0"}
	for token := range flavour.Tokens {
		s.tokens[token] = fmt.Sprintf("conformance-%s-%s-0123456789abcdef", name, token)
	}
	if err := s.writeTokens(); err != nil {
		return nil, err
	}
	return s, s.start(ctx)
}

func (s *Server) tokensFile() string { return filepath.Join(s.dir, s.Name+"-tokens.json") }

func (s *Server) writeTokens() error {
	list := []map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(s.flavour.Tokens)) {
		if text, ok := s.tokens[name]; ok {
			entry := maps.Clone(s.flavour.Tokens[name])
			if entry == nil {
				entry = make(map[string]any)
			}
			entry["name"], entry["token"] = name, text
			list = append(list, entry)
		}
	}
	text, err := json.Marshal(list)
	if err != nil {
		return err
	}
	// In one move, so that no half of it is read.
	if err := os.WriteFile(s.tokensFile()+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(s.tokensFile()+".new", s.tokensFile())
}

func (s *Server) arguments() []string {
	args := []string{"serve", "--listen", s.Address, "--admin", "none"}
	set := maps.Clone(s.flavour.Set)
	if set == nil {
		set = make(map[string]any)
	}
	if len(s.flavour.Tokens) > 0 {
		set["auth.tokens_file"] = s.tokensFile()
	}
	if s.flavour.TLS != "" {
		set["server.tls.cert_path"], set["server.tls.key_path"] = s.files.ServerCert, s.files.ServerKey
	}
	if s.flavour.TLS == "mutual" {
		set["server.tls.client_ca_path"] = s.files.CA
	}
	for _, key := range slices.Sorted(maps.Keys(set)) {
		args = append(args, "--set", fmt.Sprintf("%s=%v", key, set[key]))
	}
	return args
}

// start starts the process, and waits until it serves.
func (s *Server) start(ctx context.Context) error {
	s.process = exec.Command(s.binary, s.arguments()...)
	s.process.Env = os.Environ()
	for name, value := range s.flavour.Env {
		s.process.Env = append(s.process.Env, name+"="+value)
	}
	out, err := s.process.StdoutPipe()
	if err != nil {
		return err
	}
	s.process.Stderr = &s.tail
	if err := s.process.Start(); err != nil {
		return err
	}
	s.lines, s.ended = make(chan map[string]any, 1000), make(chan error, 1)
	go s.follow(out, s.process, s.lines, s.ended)
	line, err := s.waitFor(ctx, "serving", nil)
	if err != nil {
		return errors.Join(err, s.stop())
	}
	s.Address, _ = line["address"].(string)
	return nil
}

// follow reads the log to its end, so that the pipe never fills, and then waits for the process.
func (s *Server) follow(out io.Reader, process *exec.Cmd, lines chan<- map[string]any, ended chan<- error) {
	defer close(lines)
	scan := bufio.NewScanner(out)
	scan.Buffer(nil, 1<<20)
	for scan.Scan() {
		s.tail.add(scan.Text())
		var entry map[string]any
		if json.Unmarshal(scan.Bytes(), &entry) != nil || !told[fmt.Sprint(entry["message"])] {
			continue
		}
		select {
		case lines <- entry:
		default: // nobody waits for so many
		}
	}
	ended <- process.Wait()
}

// told are the messages of the log that something waits for.
var told = map[string]bool{"serving": true, "configuration reloaded": true}

// waitFor waits for a message of the log with which is pleased.
func (s *Server) waitFor(ctx context.Context, message string, pleased func(map[string]any) bool) (map[string]any, error) {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for {
		select {
		case line, ok := <-s.lines:
			if !ok {
				return nil, fmt.Errorf("the server %s ended; its last lines:\n%s", s.Name, s.tail.text())
			}
			if line["message"] == message && (pleased == nil || pleased(line)) {
				return line, nil
			}
		case <-ctx.Done():
			return nil, fmt.Errorf("the server %s didn't log %q: %w; its last lines:\n%s", s.Name, message, ctx.Err(), s.tail.text())
		}
	}
}

// stop ends the process as an operator would; one that doesn't end is killed and told.
func (s *Server) stop() error {
	if s.process == nil {
		return nil
	}
	process := s.process
	s.process = nil
	_ = process.Process.Signal(syscall.SIGTERM) // of one that has ended already, Wait tells
	timer := time.NewTimer(stopTime)
	defer timer.Stop()
	select {
	case err := <-s.ended:
		if err != nil {
			return fmt.Errorf("the server %s ended with %w; its last lines:\n%s", s.Name, err, s.tail.text())
		}
		return nil
	case <-timer.C:
		return errors.Join(fmt.Errorf("the server %s didn't end within %v of SIGTERM", s.Name, stopTime), process.Process.Kill(), <-s.ended)
	}
}

// restart stops the server and starts another on the same port.
func (s *Server) restart(ctx context.Context) error {
	if err := s.stop(); err != nil {
		return err
	}
	return s.start(ctx)
}

// revoke takes a token away, and waits until the server has read so.
func (s *Server) revoke(ctx context.Context, token string) error {
	if _, ok := s.tokens[token]; !ok {
		return fmt.Errorf("the server %s has no token %q", s.Name, token)
	}
	delete(s.tokens, token)
	if err := s.writeTokens(); err != nil {
		return err
	}
	_, err := s.waitFor(ctx, "configuration reloaded", func(line map[string]any) bool {
		return number(line["tokens"]) == float64(len(s.tokens))
	})
	return err
}

// connect puts what a client needs to know into its settings: the address, and tokens and certificates by their names.
func (s *Server) connect(client map[string]any) error {
	if client["address"] == nil {
		client["address"] = s.Address
	}
	if name, ok := client["token"].(string); ok {
		if text, known := s.tokens[name]; known {
			client["token"] = text
		}
	}
	kind, _ := client["tls"].(string)
	files, ok := map[string]map[string]any{
		"": nil, "system": {}, "trusted": {"ca": s.files.CA}, "strange": {"ca": s.files.StrangeCA},
		"mutual": {"ca": s.files.CA, "cert": s.files.ClientCert, "key": s.files.ClientKey},
	}[kind]
	if !ok {
		return fmt.Errorf("client.tls is %q: expected system, trusted, strange or mutual", kind)
	}
	if name := client["server_name"]; name != nil && files != nil {
		files["server_name"] = name
	}
	delete(client, "server_name")
	if files != nil {
		client["tls"] = files
	}
	return nil
}

// tail keeps the last lines of a log.
type tail struct {
	mutex sync.Mutex
	lines []string
}

func (t *tail) add(line string) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	const most = 30
	t.lines = append(t.lines, line)
	t.lines = t.lines[max(0, len(t.lines)-most):]
}

// Write implements io.Writer, for what isn't the log.
func (t *tail) Write(p []byte) (int, error) {
	t.add(string(p))
	return len(p), nil
}

func (t *tail) text() string {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	all := ""
	for _, line := range t.lines {
		all += "  " + line + "\n"
	}
	return all
}
