package suite

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// JobCase is a case as runners get it: addresses, tokens and signals in place of their names, and no expectation.
type JobCase struct {
	Name   string           `json:"name"`
	Server string           `json:"server"` // the flavour's name, for the control port
	Client map[string]any   `json:"client"`
	Steps  []map[string]any `json:"steps"`
}

// Signals makes the signals of all cases, and writes them into a folder for the runners.
type Signals struct {
	Root, Dir string
	made      map[*File]map[string]*sound
}

// of gives the signals of a file of cases by name.
func (s *Signals) of(f *File) (map[string]*sound, error) {
	if s.made == nil {
		s.made = make(map[*File]map[string]*sound)
	}
	if known, ok := s.made[f]; ok {
		return known, nil
	}
	sounds := make(map[string]*sound, len(f.Signals))
	for name, signal := range f.Signals {
		made, err := signal.make(s.Root)
		if err != nil {
			return nil, fmt.Errorf("%s: signal %q: %w", f.Path, name, err)
		}
		made.File = filepath.Join(s.Dir, fmt.Sprintf("%d-%s.raw", len(s.made), name))
		if err := os.WriteFile(made.File, made.Bytes, 0o600); err != nil {
			return nil, err
		}
		sounds[name] = made
	}
	s.made[f] = sounds
	return sounds, nil
}

// expand makes what a runner gets of a case that is run against a server.
func (c *Case) expand(signals *Signals, server *Server) (*JobCase, error) {
	sounds, err := signals.of(c.file)
	if err != nil {
		return nil, err
	}
	out := &JobCase{Name: c.Name, Server: c.Server, Client: maps.Clone(c.Client)}
	if out.Client == nil {
		out.Client = make(map[string]any)
	}
	if err := server.connect(out.Client); err != nil {
		return nil, err
	}
	e := expander{sounds}
	for i := range c.Steps {
		kind, call, err := c.Steps[i].kind()
		if err == nil {
			call, err = e.call(call)
		}
		if err != nil {
			return nil, fmt.Errorf("step %d: %w", i, err)
		}
		out.Steps = append(out.Steps, map[string]any{kind: call})
	}
	return out, nil
}

type expander struct{ sounds map[string]*sound }

func (e expander) call(call map[string]any) (map[string]any, error) {
	out := maps.Clone(call)
	if named, ok := call["audio"].(map[string]any); ok {
		resolved := make(map[string]any, len(named))
		for id, name := range named {
			s, err := e.sound(name)
			if err != nil {
				return nil, err
			}
			resolved[id] = s.audio(0, len(s.Bytes))
		}
		out["audio"] = resolved
	}
	if chunks, ok := call["chunks"]; ok {
		list, err := e.chunks(chunks)
		if err != nil {
			return nil, err
		}
		out["chunks"] = list
	}
	return out, nil
}

func (e expander) sound(name any) (*sound, error) {
	text, _ := name.(string)
	s, ok := e.sounds[text]
	if !ok {
		return nil, fmt.Errorf("there is no signal %v: the file has %v", name, slices.Sorted(maps.Keys(e.sounds)))
	}
	return s, nil
}

// audio names a stretch of the signal's file.
func (s *sound) audio(first, bytes int) map[string]any {
	return map[string]any{"file": s.File, "first": first, "bytes": bytes, "rate": s.Rate, "channels": s.Channels, "format": s.Format}
}

// chunkList says which chunks a stream gets: of data, or of a signal that is cut into sizes of frames, over and over again.
type chunkList struct {
	Audio  string `json:"audio"`
	Data   any    `json:"data"`
	Node   string `json:"node"`
	AtMS   uint64 `json:"at_ms"`
	Frames int    `json:"frames"` // of each chunk; 0 is all
	Sizes  []int  `json:"sizes"`  // in place of frames
	Times  int    `json:"times"`  // how often, 1 by default
}

func (e expander) chunks(v any) ([]map[string]any, error) {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	all := []map[string]any{}
	for _, element := range list {
		var c chunkList
		if err := remarshal(element, &c); err != nil {
			return nil, fmt.Errorf("chunks: %w", err)
		}
		for range max(c.Times, 1) {
			some, err := e.cut(c)
			if err != nil {
				return nil, err
			}
			all = append(all, some...)
		}
	}
	return all, nil
}

func (e expander) cut(c chunkList) ([]map[string]any, error) {
	with := func(key string, value any) map[string]any {
		m := map[string]any{key: value}
		if c.Node != "" {
			m["node"] = c.Node
		}
		if c.AtMS > 0 {
			m["at_ms"] = c.AtMS
		}
		return m
	}
	if c.Audio == "" {
		return []map[string]any{with("data", c.Data)}, nil
	}
	s, err := e.sound(c.Audio)
	if err != nil {
		return nil, err
	}
	sizes := c.Sizes
	if len(sizes) == 0 {
		sizes = []int{c.Frames}
	}
	var out []map[string]any
	frame := frameBytes(s.Format, s.Channels)
	for first, i := 0, 0; first < len(s.Bytes); i++ {
		n := min(sizes[i%len(sizes)]*frame, len(s.Bytes)-first)
		if n <= 0 {
			n = len(s.Bytes) - first
		}
		out = append(out, with("audio", s.audio(first, n)))
		first += n
	}
	return out, nil
}
