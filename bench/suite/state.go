package suite

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/remotemedia/remotemedia-go/internal/machine"
)

// Header tells what a state is of. Measurements go into one run only where all of it is equal.
type Header struct {
	Scale    string              `json:"scale"`
	Commit   string              `json:"commit"`
	Only     string              `json:"only,omitempty"` // scenarios that were picked
	Seed     uint64              `json:"seed"`
	Programs string              `json:"programs"` // digest of the service and the echoes
	Machine  machine.Description `json:"machine"`
	Versions []Version           `json:"versions"`
	Missing  []string            `json:"missing"` // subjects that weren't measured, and why
}

// Version of a part of what is measured.
type Version struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

func (h *Header) line() []byte {
	line, err := json.Marshal(h)
	if err != nil {
		panic("suite: a header of plain values can't be encoded: " + err.Error())
	}
	return append(line, '\n')
}

// State is what a run has measured. It is kept in a file of lines, to which each measurement is added at once, so that a run that
// was interrupted goes on where it was. It is for one goroutine.
type State struct {
	Header Header
	Cells  []Cell
	file   *os.File
	have   map[string]bool
}

// OpenState opens the state of a file, which is begun anew where it is of another run.
func OpenState(path string, h Header) (*State, error) {
	s := &State{Header: h, have: make(map[string]bool)}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	valid, err := s.read(path)
	if err != nil {
		return nil, err
	}
	if s.file, err = os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644); err != nil {
		return nil, err
	}
	// What was written in part when the last run was ended is cut off.
	if err := s.file.Truncate(valid); err != nil {
		return nil, err
	}
	if _, err := s.file.Seek(valid, 0); err != nil {
		return nil, err
	}
	if valid == 0 {
		_, err = s.file.Write(h.line())
	}
	return s, err
}

// read takes over the lines of a file that are whole, and returns their length: 0 where it is of another run.
func (s *State) read(path string) (valid int64, err error) {
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	rest, ours := bytes.CutPrefix(text, s.Header.line())
	if !ours {
		return 0, nil
	}
	valid = int64(len(text) - len(rest))
	for line := range bytes.Lines(rest) {
		var c Cell
		if !bytes.HasSuffix(line, []byte("\n")) || json.Unmarshal(line, &c) != nil {
			break
		}
		if c.Skipped == "" { // what went wrong is tried again
			s.take(c)
		}
		valid += int64(len(line))
	}
	return valid, nil
}

func (s *State) take(c Cell) {
	s.Cells = append(s.Cells, c)
	s.have[c.Key()] = true
}

// Has reports whether a cell was measured.
func (s *State) Has(key string) bool { return s.have[key] }

// Add keeps a cell.
func (s *State) Add(c Cell) error {
	line, err := c.MarshalLine()
	if err != nil {
		return err
	}
	if _, err := s.file.Write(line); err != nil {
		return fmt.Errorf("the state of the run can't be kept: %w", err)
	}
	s.take(c)
	return nil
}

// Close closes the file.
func (s *State) Close() error { return s.file.Close() }
