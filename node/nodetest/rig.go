package nodetest

import (
	"bytes"
	"testing"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/node"
)

// NodeID is the id of the node under test.
const NodeID = "under_test"

// Rig is one instance of a node and its host. It treats the node as the engine does: items of kinds that it doesn't accept
// pass it by, and what it makes in a call is released after it.
type Rig struct {
	*Host
	tb     testing.TB
	spec   *node.Spec
	proc   node.Processor
	call   *node.Call
	closed bool
}

// New makes an instance with parameters given as JSON. It is closed, and checked for leaks, at the end of the test.
func New(tb testing.TB, spec *node.Spec, params string) *Rig {
	tb.Helper()
	return NewDecoded(tb, spec, Decode(tb, spec, params))
}

// NewDecoded makes an instance with parameters that are decoded already.
func NewDecoded(tb testing.TB, spec *node.Spec, params any) *Rig {
	tb.Helper()
	proc, err := spec.New(params, node.Env{NodeID: NodeID})
	if err != nil {
		tb.Fatalf("%s can't be built: %v", spec.Name, err)
	}
	h := NewHost()
	r := &Rig{Host: h, tb: tb, spec: spec, proc: proc, call: node.NewCall(h)}
	tb.Cleanup(r.Close)
	return r
}

// Decode decodes parameters and fails the test where they aren't valid.
func Decode(tb testing.TB, spec *node.Spec, params string) any {
	tb.Helper()
	p, problems := spec.Decode([]byte(params))
	if err := fault.FromProblems(problems); err != nil {
		tb.Fatalf("parameters %s of %s: %v", params, spec.Name, err)
	}
	return p
}

// Find returns the spec of a name in a family.
func Find(tb testing.TB, family []node.Spec, name string) *node.Spec {
	tb.Helper()
	for i := range family {
		for _, n := range family[i].Names() {
			if n == name {
				return &family[i]
			}
		}
	}
	tb.Fatalf("the family has no %s", name)
	return nil
}

// Process gives items to the node, one after the other up to the first error, and lets go of them.
func (r *Rig) Process(items ...node.Item) error {
	var err error
	for _, item := range items {
		if err == nil {
			err = r.process(item)
		}
		if item.Audio != nil {
			item.Audio.Release()
		}
	}
	return err
}

func (r *Rig) process(item node.Item) error {
	if item.Kind&r.spec.Accepts == 0 {
		return r.Emit(item)
	}
	err := r.proc.Process(r.call, item)
	r.call.Done()
	return err
}

// Flush ends the input.
func (r *Rig) Flush() error {
	f, ok := r.proc.(node.Flusher)
	if !ok {
		return nil
	}
	err := f.Flush(r.call)
	r.call.Done()
	return err
}

// Run processes items, flushes, and fails the test on an error.
func (r *Rig) Run(items ...node.Item) {
	r.tb.Helper()
	if err := r.Process(items...); err != nil {
		r.tb.Fatalf("%s: %v", r.spec.Name, err)
	}
	if err := r.Flush(); err != nil {
		r.tb.Fatalf("%s at the end of the input: %v", r.spec.Name, err)
	}
}

// Reset tells the node of a gap, if it wants to know.
func (r *Rig) Reset() {
	if p, ok := r.proc.(node.Resetter); ok {
		p.Reset()
	}
}

// Metrics returns the node's own figures.
func (r *Rig) Metrics() map[string]any {
	m := make(map[string]any)
	if p, ok := r.proc.(node.Reporter); ok {
		p.Report(m)
	}
	return m
}

// Close ends the instance, lets go of what it emitted and fails the test if anything is still held.
func (r *Rig) Close() {
	if r.closed {
		return
	}
	r.closed = true
	if p, ok := r.proc.(node.Closer); ok {
		p.Close()
	}
	r.Release()
	if n := r.account.Used(); n != 0 {
		r.tb.Errorf("%s holds %d bytes after Close", r.spec.Name, n)
	}
	if n := r.pool.Out(); n != 0 {
		r.tb.Errorf("%s holds %d buffers after Close", r.spec.Name, n)
	}
}

// Audio returns the bytes of all audio emitted so far, which must be of one format, and that format. Without any both are
// empty.
func (r *Rig) Audio() (all []byte, f audio.Format) {
	r.tb.Helper()
	for _, item := range r.Items {
		if item.Audio == nil {
			continue
		}
		if f != (audio.Format{}) && f != item.Audio.Format {
			r.tb.Fatalf("%s emitted audio of %v after %v", r.spec.Name, item.Audio.Format, f)
		}
		f = item.Audio.Format
		all = append(all, r.Bytes(item.Audio)...)
	}
	return all, f
}

// Bytes returns a copy of a buffer's bytes in its encoding.
func (r *Rig) Bytes(b *audio.Buffer) []byte {
	r.tb.Helper()
	wire, _, err := b.Wire(r.account)
	if err != nil {
		r.tb.Fatal(err)
	}
	return bytes.Clone(wire)
}

// Floats returns the samples of all audio emitted so far, channel by channel.
func (r *Rig) Floats() [][]float32 {
	r.tb.Helper()
	var all [][]float32
	for _, item := range r.Items {
		if item.Audio == nil {
			continue
		}
		x, err := item.Audio.Planar(r.account)
		if err != nil {
			r.tb.Fatal(err)
		}
		if all == nil {
			all = make([][]float32, len(x))
		}
		for c := range x {
			all[c] = append(all[c], x[c]...)
		}
	}
	return all
}

// Data returns the texts of all data emitted so far.
func (r *Rig) Data() []string {
	var all []string
	for _, item := range r.Items {
		if item.Audio == nil {
			all = append(all, string(item.Data))
		}
	}
	return all
}
