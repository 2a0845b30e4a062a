package cli

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/remotemedia/remotemedia-go/media"
)

// outputs brings the audio and data of results to where they belong.
type outputs struct {
	env    *Env
	sinks  []*sink
	events *events

	items    map[string]int64             // data items, by node
	data     map[string][]json.RawMessage // of a whole run: all; of a stream: none
	uncalled map[string]*sink             // audio that nobody asked for: counted only
	segments segments
}

func newOutputs(c *runCmd, env *Env) *outputs {
	o := &outputs{
		env: env, items: make(map[string]int64), data: make(map[string][]json.RawMessage),
		uncalled: make(map[string]*sink), segments: make(segments),
	}
	for _, argument := range c.Output {
		o.sinks = append(o.sinks, newSink(argument, c.OutFormat))
	}
	if c.Events != "" {
		o.events = &events{path: c.Events}
	}
	return o
}

// take writes what a result holds. Whole says that there is no other, so that lengths are known and data can be kept.
func (o *outputs) take(r *media.Result, whole bool) error {
	if err := o.takeAudio(r, whole); err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(r.Lists)) {
		for _, item := range r.Lists[id].Data {
			o.items[id]++
			o.segments.add(id, item)
			if whole {
				o.data[id] = append(o.data[id], item)
			}
			if err := o.events.write(id, item, o.env); err != nil {
				return err
			}
		}
	}
	if whole {
		return o.checkAll(r)
	}
	return nil
}

func (o *outputs) takeAudio(r *media.Result, whole bool) error {
	for _, id := range slices.Sorted(maps.Keys(r.Audio)) {
		a, total := r.Audio[id], int64(0)
		if whole {
			total = int64(a.Frames())
		}
		s, err := o.sinkFor(id, r)
		if err != nil {
			return err
		}
		if err := s.write(a, total, o.env); err != nil {
			return err
		}
	}
	return nil
}

// sinkFor finds the sink of a node, or gives it the one that names none. A node without one gets one that counts.
func (o *outputs) sinkFor(id string, r *media.Result) (*sink, error) {
	var free *sink
	for _, s := range o.sinks {
		switch s.node {
		case id:
			return s, nil
		case "":
			free = s
		}
	}
	if free == nil {
		return o.counter(id), nil
	}
	if others := o.unclaimed(r); len(others) > 1 {
		return nil, usagef("-o %s names no node, but several give audio: %s; say -o NODE=PATH", free.path, strings.Join(others, ", "))
	}
	free.node = id
	return free, nil
}

func (o *outputs) counter(id string) *sink {
	if o.uncalled[id] == nil {
		o.uncalled[id] = &sink{node: id}
	}
	return o.uncalled[id]
}

// unclaimed lists the nodes with audio that no sink names.
func (o *outputs) unclaimed(r *media.Result) []string {
	var out []string
	for _, id := range slices.Sorted(maps.Keys(r.Audio)) {
		if !slices.ContainsFunc(o.sinks, func(s *sink) bool { return s.node == id }) {
			out = append(out, id)
		}
	}
	return out
}

// checkAll refuses a run that gave nothing for a file that was asked for.
func (o *outputs) checkAll(r *media.Result) error {
	for _, s := range o.sinks {
		if s.w == nil {
			return usagef("-o %s: %s", s.path, noAudio(s.node, r))
		}
	}
	return nil
}

func noAudio(node string, r *media.Result) string {
	has := "none of the outputs is audio"
	if ids := slices.Sorted(maps.Keys(r.Audio)); len(ids) > 0 {
		has = "audio came from " + strings.Join(ids, ", ")
	}
	if node == "" {
		return "nothing to write, " + has
	}
	return "node " + node + " gave no audio to return, " + has
}

// close completes every file; after a failure they are removed.
func (o *outputs) close(failure error) error {
	err := failure
	for _, s := range o.sinks {
		err = errors.Join(err, s.close(failure != nil))
	}
	return errors.Join(err, o.events.close())
}

// warnings tells of what was lost in the conversion.
func (o *outputs) warnings() []string {
	var out []string
	for _, s := range o.sinks {
		out = append(out, s.warnings()...)
	}
	return out
}

// events writes data items as lines of JSON. A nil one writes nothing.
type events struct {
	path string
	w    io.Writer
	file *os.File
}

func (e *events) write(node string, item json.RawMessage, env *Env) error {
	if e == nil {
		return nil
	}
	if e.w == nil {
		if err := e.open(env); err != nil {
			return err
		}
	}
	line, err := json.Marshal(map[string]any{"node": node, "data": item})
	if err != nil {
		return err
	}
	_, err = e.w.Write(append(line, '\n'))
	return err
}

func (e *events) open(env *Env) (err error) {
	if e.path == stdio {
		e.w = env.Stdout
		return nil
	}
	e.file, err = os.Create(e.path)
	e.w = e.file
	return err
}

func (e *events) close() error {
	if e == nil || e.file == nil {
		return nil
	}
	return e.file.Close()
}
