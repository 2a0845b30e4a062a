package manifest

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// MarshalJSON gives the canonical JSON of the manifest: snake_case names, two spaces of indentation, absent where a field
// has its default, params as objects. Parsing it gives an equal manifest, but for the sources.
func (m *Manifest) MarshalJSON() ([]byte, error) {
	w := newWriter()
	w.object(func() {
		w.required("version", m.Version)
		w.metadata(m.Metadata)
		writeList(w, "nodes", m.Nodes, w.node)
		if len(m.Connections) > 0 {
			writeList(w, "connections", m.Connections, w.connection)
		}
	})
	if w.err != nil {
		return nil, fmt.Errorf("write manifest: %w", w.err)
	}
	return w.out.Bytes(), nil
}

// MarshalYAML gives the canonical YAML of the manifest; see [Manifest.MarshalJSON].
func (m *Manifest) MarshalYAML() ([]byte, error) {
	text, err := m.MarshalJSON()
	if err != nil {
		return nil, err
	}
	return yamlFromJSON(text)
}

// writer writes JSON; the first error stops it.
type writer struct {
	out bytes.Buffer
	enc *jsontext.Encoder
	err error
}

func newWriter() *writer {
	w := new(writer)
	w.enc = jsontext.NewEncoder(&w.out, jsontext.WithIndent("  "))
	return w
}

func (w *writer) token(t jsontext.Token) {
	if w.err == nil {
		w.err = w.enc.WriteToken(t)
	}
}

func (w *writer) raw(name string, v []byte) {
	w.token(jsontext.String(name))
	if w.err == nil {
		w.err = w.enc.WriteValue(v)
	}
}

func (w *writer) object(members func()) {
	w.token(jsontext.BeginObject)
	members()
	w.token(jsontext.EndObject)
}

func (w *writer) member(name string, members func()) {
	w.token(jsontext.String(name))
	w.object(members)
}

// required writes a member whatever it is: its absence is a fault, another one than its being empty.
func (w *writer) required(name, v string) {
	w.token(jsontext.String(name))
	w.token(jsontext.String(v))
}

// string, boolean, amount and count write a member unless it has its zero value.
func (w *writer) string(name, v string) {
	if v != "" {
		w.required(name, v)
	}
}

func (w *writer) boolean(name string, v bool) {
	if v {
		w.token(jsontext.String(name))
		w.token(jsontext.True)
	}
}

func (w *writer) amount(name string, v float64) {
	if v != 0 {
		w.token(jsontext.String(name))
		w.token(jsontext.Float(v))
	}
}

func (w *writer) count(name string, v uint64) {
	if v != 0 {
		w.token(jsontext.String(name))
		w.token(jsontext.Uint(v))
	}
}

func (w *writer) strings(name string, v []string) {
	if len(v) > 0 {
		writeList(w, name, v, func(s *string) { w.token(jsontext.String(*s)) })
	}
}

func writeList[T any](w *writer, name string, items []T, write func(*T)) {
	w.token(jsontext.String(name))
	w.token(jsontext.BeginArray)
	for i := range items {
		write(&items[i])
	}
	w.token(jsontext.EndArray)
}

func (w *writer) metadata(m Metadata) {
	if m == (Metadata{}) {
		return
	}
	w.member("metadata", func() {
		w.string("name", m.Name)
		w.string("description", m.Description)
		w.string("created_at", m.CreatedAt)
	})
}

func (w *writer) node(n *Node) {
	w.object(func() {
		w.required("id", n.ID)
		w.required("node_type", n.Type)
		if params := bytes.TrimSpace(n.Params); len(params) > 0 && string(params) != "null" && string(params) != "{}" {
			w.raw("params", params)
		}
		w.boolean("is_streaming", n.IsStreaming)
		w.capabilities(n.Capabilities)
		w.string("host", n.Host)
		w.string("runtime_hint", string(n.RuntimeHint))
		w.execution(n.Execution)
		w.boolean("is_output_node", n.IsOutputNode)
		w.count("timeout_ms", n.TimeoutMS)
		w.strings("input_types", n.InputTypes)
		w.strings("output_types", n.OutputTypes)
	})
}

func (w *writer) capabilities(c *Capabilities) {
	if c == nil {
		return
	}
	w.member("capabilities", func() {
		if g := c.GPU; g != nil {
			w.member("gpu", func() {
				w.string("type", g.Type)
				w.amount("min_memory_gb", g.MinMemoryGB)
				w.token(jsontext.String("required"))
				w.token(jsontext.Bool(g.Required))
			})
		}
		if p := c.CPU; p != nil {
			w.member("cpu", func() {
				w.count("cores", uint64(p.Cores))
				w.string("arch", p.Arch)
			})
		}
		w.amount("memory_gb", c.MemoryGB)
	})
}

func (w *writer) execution(e *Execution) {
	if e == nil {
		return
	}
	w.member("execution", func() {
		w.string("placement", e.Placement)
		w.string("reason", e.Reason)
		w.string("fallback", e.Fallback)
	})
}

func (w *writer) connection(c *Connection) {
	w.object(func() {
		w.required("from", c.From)
		w.required("to", c.To)
		w.string("from_output", c.FromOutput)
		w.string("to_input", c.ToInput)
	})
}
