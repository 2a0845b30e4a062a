package data

import (
	"bytes"
	"slices"
	"sync"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/remotemedia/remotemedia-go/node"
)

// walker reads a text that is known to be valid one value at a time. A table of all values would take many times the memory
// of the text, and nothing would bound it.
type walker struct {
	*jsontext.Decoder
	text []byte
	from bytes.Buffer
}

var walkers = sync.Pool{New: func() any { return &walker{Decoder: new(jsontext.Decoder)} }}

// walk begins at the first value inside an array or object. The walker is to be let go.
func walk(text []byte) (*walker, error) {
	w := walkers.Get().(*walker)
	w.text, w.from = text, *bytes.NewBuffer(text[:len(text):len(text)])
	w.Reset(&w.from, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	_, err := w.ReadToken()
	return w, err
}

func (w *walker) letGo() {
	w.text, w.from = nil, bytes.Buffer{}
	w.Reset(&w.from)
	walkers.Put(w)
}

// next reads a value, as a part of the text.
func (w *walker) next() (jsontext.Value, error) {
	v, err := w.ReadValue()
	end := int(w.InputOffset())
	return w.text[end-len(v) : end : end], err
}

// walkItems is how many elements or members are read between two checks: each takes some hundred nanoseconds.
const walkItems = 1024

// eachElement calls f with every element of an array, in order. The element shares the text's memory.
func eachElement(c *node.Call, text []byte, f func(i int, v jsontext.Value) error) error {
	w, err := walk(text)
	defer w.letGo()
	if err != nil {
		return err
	}
	for i := 0; w.PeekKind() != jsontext.KindEndArray; i++ {
		if i%walkItems == 0 {
			if err := c.Check(); err != nil {
				return err
			}
		}
		v, err := w.next()
		if err != nil {
			return err
		}
		if err := f(i, v); err != nil {
			return err
		}
	}
	return nil
}

// members returns the members of an object that are asked for. Of one that is there twice the last counts. They share the
// text's memory.
func members(c *node.Call, text []byte, names ...string) (map[string]jsontext.Value, error) {
	w, err := walk(text)
	defer w.letGo()
	if err != nil {
		return nil, err
	}
	m := make(map[string]jsontext.Value, len(names))
	for i := 0; w.PeekKind() != jsontext.KindEndObject; i++ {
		if i%walkItems == 0 {
			if err := c.Check(); err != nil {
				return nil, err
			}
		}
		name, err := w.ReadToken()
		if err != nil {
			return nil, err
		}
		wanted := slices.Index(names, name.String())
		v, err := w.next()
		if err != nil {
			return nil, err
		}
		if wanted >= 0 {
			m[names[wanted]] = v
		}
	}
	return m, nil
}

// growing is a text being written whose memory is charged as it grows, so that a result much longer than its input meets
// the memory limit before it is complete.
type growing struct {
	c       *node.Call
	charged int
}

// hold charges what the text takes by now.
func (g *growing) hold(text []byte) error {
	more := cap(text) - g.charged
	if more <= 0 {
		return nil
	}
	if err := g.c.Account().Charge(more); err != nil {
		return err
	}
	g.charged += more
	return nil
}

// release ends the charge; an item that is emitted has its own.
func (g *growing) release() { g.c.Account().Release(g.charged) }
