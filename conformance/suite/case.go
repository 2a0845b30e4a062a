// Package suite reads the conformance cases, makes their signals, starts the servers, runs the clients' runners and compares
// what these observed with what the cases expect. The format is in conformance/README.md.
package suite

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/goccy/go-yaml"
)

// Case is a test as its file has it.
type Case struct {
	Name   string         `json:"name"`
	About  string         `json:"about"`
	Server string         `json:"server"`
	Client map[string]any `json:"client"`
	Steps  []Step         `json:"steps"`
	Step                  // the only one, where there is no list
	Reason string         `json:"reason"`    // why expect_in differs
	Wrong  bool           `json:"must_fail"` // the expectation is wrong on purpose: the case passes when it is told as failed

	file *File
}

// Step is one call, and what it should give.
type Step struct {
	Run      map[string]any `json:"run"`
	Stream   map[string]any `json:"stream"`
	Version  map[string]any `json:"version"`
	Health   map[string]any `json:"health"`
	Metrics  map[string]any `json:"metrics"`
	Raw      map[string]any `json:"raw"`
	Control  map[string]any `json:"control"`
	Expect   any            `json:"expect"`
	ExpectIn map[string]any `json:"expect_in"` // by language
}

// File is one file of cases.
type File struct {
	Path    string            `json:"-"`
	Signals map[string]Signal `json:"signals"`
	Cases   []*Case           `json:"cases"`
}

// members are what a step may hold; a word that no runner knows is a mistake.
var members = map[string][]string{
	"run": {"manifest", "audio", "data", "limits", "outputs", "labels", "request_id", "timeout_ms", "cancel_after_ms", "parallel"},
	"stream": {"manifest", "data", "limits", "outputs", "request_id", "backpressure", "continue_on_error", "metrics_interval", "chunk_samples",
		"timeout_ms", "chunks", "lock_step", "end", "cancel_after", "restart_after"},
	"version": {}, "health": {"service"}, "metrics": {"node_types", "streams", "prometheus", "prefixes"},
	"raw": {"method", "headers", "messages"}, "control": {"post"},
	"client": {"token", "tls", "server_name", "retry", "timeout_ms", "client_version", "address"},
}

// Load reads all cases of a folder, in the order of the files' names.
func Load(dir string) ([]*Case, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return nil, err
	}
	var all []*Case
	names := make(map[string]bool)
	for _, path := range paths {
		f, err := loadFile(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		for _, c := range f.Cases {
			if names[c.Name] {
				return nil, fmt.Errorf("%s: there are two cases %q", path, c.Name)
			}
			names[c.Name] = true
		}
		all = append(all, f.Cases...)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s holds no cases", dir)
	}
	return all, nil
}

func loadFile(path string) (*File, error) {
	f := &File{Path: path}
	if err := readYAML(path, f); err != nil {
		return nil, err
	}
	for _, c := range f.Cases {
		c.file = f
		if err := c.complete(); err != nil {
			return nil, fmt.Errorf("case %q: %w", c.Name, err)
		}
	}
	return f, nil
}

// readYAML decodes a file strictly. It goes by way of JSON, so that the types are those of JSON whatever the document has.
func readYAML(path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var document any
	if err := yaml.Unmarshal(text, &document); err != nil {
		return err
	}
	converted, err := json.Marshal(document)
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(converted))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

func (c *Case) complete() error {
	if c.Name == "" || c.About == "" {
		return fmt.Errorf("it needs a name and a sentence about it")
	}
	if c.Server == "" {
		c.Server = "plain"
	}
	if len(c.Steps) == 0 {
		c.Steps = []Step{c.Step}
	}
	if err := unknown("client", c.Client); err != nil {
		return err
	}
	differs := false
	for i, s := range c.Steps {
		if err := s.check(); err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
		differs = differs || len(s.ExpectIn) > 0
	}
	if differs != (c.Reason != "") {
		return fmt.Errorf("expect_in and reason go together")
	}
	return nil
}

// kind names the step's one call.
func (s *Step) kind() (kind string, call map[string]any, err error) {
	for name, m := range map[string]map[string]any{
		"run": s.Run, "stream": s.Stream, "version": s.Version, "health": s.Health, "metrics": s.Metrics, "raw": s.Raw, "control": s.Control,
	} {
		if m == nil {
			continue
		}
		if kind != "" {
			return "", nil, fmt.Errorf("it is both %s and %s", kind, name)
		}
		kind, call = name, m
	}
	if kind == "" {
		return "", nil, fmt.Errorf("it calls nothing: expected one of run, stream, version, health, metrics, raw, control")
	}
	return kind, call, nil
}

func (s *Step) check() error {
	kind, call, err := s.kind()
	if err != nil {
		return err
	}
	if s.Expect == nil && kind != "control" {
		return fmt.Errorf("it expects nothing")
	}
	return unknown(kind, call)
}

func unknown(kind string, call map[string]any) error {
	for _, name := range slices.Sorted(maps.Keys(call)) {
		if !slices.Contains(members[kind], name) {
			return fmt.Errorf("%s has no member %q: it has %v", kind, name, members[kind])
		}
	}
	return nil
}

// expected is the expectation for a language.
func (s *Step) expected(language string) any {
	if e, ok := s.ExpectIn[language]; ok {
		return e
	}
	return s.Expect
}
