package nodetest

import (
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/node"
)

// observed is a TB that keeps the failures to itself.
type observed struct {
	testing.TB
	failures []string
	cleanups []func()
}

func (o *observed) Helper()                   {}
func (o *observed) Error(args ...any)         { o.failures = append(o.failures, fmt.Sprint(args...)) }
func (o *observed) Errorf(f string, a ...any) { o.failures = append(o.failures, fmt.Sprintf(f, a...)) }
func (o *observed) Fatal(args ...any)         { o.Error(args...); runtime.Goexit() }
func (o *observed) Fatalf(f string, a ...any) { o.Errorf(f, a...); runtime.Goexit() }
func (o *observed) Skip(...any)               { runtime.Goexit() }
func (o *observed) Cleanup(f func())          { o.cleanups = append(o.cleanups, f) }

// run runs a check and its clean-up, panics included.
func (o *observed) run(check func(testing.TB, *subject), s *subject) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				o.Errorf("panic: %v", p)
			}
			for _, f := range o.cleanups {
				f()
			}
		}()
		check(o, s)
	}()
	<-done
}

type noParams struct{}

// define makes a node that processes with a function, of which every instance has its own.
func define(s node.Spec, make func() node.Processor) *node.Spec {
	s.Name, s.Category, s.Summary, s.Doc, s.Example, s.LatencyClass = "Broken", "test", "x", "x", "{}", "fast"
	if s.Accepts == 0 {
		s.Accepts, s.Produces = node.Audio, node.Audio
	}
	d := node.Define(s, func(noParams, node.Env) (node.Processor, error) { return make(), nil })
	return &d
}

// function makes a processor of each instance's own function.
func function(make func() func(*node.Call, node.Item) error) func() node.Processor {
	return func() node.Processor { return node.ProcessorFunc(make()) }
}

func stateless(f func(*node.Call, node.Item) error) func() node.Processor {
	return function(func() func(*node.Call, node.Item) error { return f })
}

// copied emits a copy of the audio that change has been at.
func copied(c *node.Call, b *audio.Buffer, change func([][]float32)) error {
	x, err := c.Samples(b)
	if err != nil {
		return err
	}
	if err := c.Check(); err != nil {
		return err
	}
	out, err := c.NewAudio(b.Format, b.Frames())
	if err != nil {
		return err
	}
	out.Stamp = b.Stamp
	for i := range x {
		copy(out.Samples()[i], x[i])
	}
	change(out.Samples())
	return c.EmitAudio(out)
}

type keeper struct{ kept *audio.Buffer }

func (k *keeper) Process(c *node.Call, in node.Item) error {
	k.kept = in.Audio.Retain()
	return c.Emit(in)
}

type tail struct{}

func (s *tail) Process(c *node.Call, in node.Item) error { return c.Emit(in) }
func (s *tail) Flush(c *node.Call) error {
	b, err := c.NewAudio(audio.Format{Rate: 8000, Channels: 1, Encoding: 1}, 1)
	if err != nil {
		return err
	}
	clear(b.Samples()[0])
	return c.EmitAudio(b)
}

var shared float32

// broken are nodes with one fault each, and the check that finds it.
var broken = []struct {
	name, check string
	spec        *node.Spec
}{
	{"the first sample of an item is changed", "chunks", define(node.Spec{}, stateless(func(c *node.Call, in node.Item) error {
		return copied(c, in.Audio, func(x [][]float32) {
			if len(x[0]) > 0 {
				x[0][0] = 0.5
			}
		})
	}))},
	{"stamps stand still", "chunks", define(node.Spec{}, stateless(func(c *node.Call, in node.Item) error {
		in.Audio.Stamp = audio.Stamp{}
		return c.Emit(in)
	}))},
	{"flush gives more each time", "flush", define(node.Spec{}, func() node.Processor { return &tail{} })},
	{"state without Reset", "reset", define(node.Spec{Stateful: true}, stateless(func(c *node.Call, in node.Item) error { return c.Emit(in) }))},
	{"never checks", "cancel", define(node.Spec{}, stateless(func(c *node.Call, in node.Item) error {
		if _, err := c.Samples(in.Audio); err != nil {
			return err
		}
		return c.Emit(in)
	}))},
	{"checks once", "cancel", define(node.Spec{}, stateless(func(c *node.Call, in node.Item) error {
		return copied(c, in.Audio, func([][]float32) {})
	}))},
	{"writes to its input", "input", define(node.Spec{}, stateless(func(c *node.Call, in node.Item) error {
		x, err := c.Samples(in.Audio)
		if err == nil && in.Audio.Frames() > 0 {
			x[0][0] = 0.25
		}
		return err
	}))},
	{"keeps a buffer", "memory", define(node.Spec{}, func() node.Processor { return &keeper{} })},
	{"swallows the limit", "memory", define(node.Spec{}, stateless(func(c *node.Call, in node.Item) error {
		if _, err := c.Samples(in.Audio); err != nil {
			return fmt.Errorf("something is wrong")
		}
		return nil
	}))},
	{"makes audio of nothing", "empty", define(node.Spec{}, stateless(func(c *node.Call, in node.Item) error {
		b, err := c.NewAudio(in.Audio.Format, 1)
		if err != nil {
			return err
		}
		return c.EmitAudio(b)
	}))},
	{"divides by zero", "hostile", define(node.Spec{}, stateless(func(c *node.Call, in node.Item) error {
		return copied(c, in.Audio, func(x [][]float32) {
			for i := range x[0] {
				x[0][i] /= x[0][i] // NaN for the zeros
			}
		})
	}))},
	{"state outside of the instance", "instances", define(node.Spec{}, stateless(func(c *node.Call, in node.Item) error {
		return copied(c, in.Audio, func(x [][]float32) {
			for i := range x[0] {
				shared += 0.001
				x[0][i] = shared
			}
		})
	}))},
	{"emits what it doesn't declare", "kinds", define(node.Spec{Accepts: node.JSON, Produces: node.Text}, stateless(func(c *node.Call, in node.Item) error {
		return c.Emit(in)
	}))},
	{"emits invalid JSON", "kinds", define(node.Spec{Accepts: node.JSON, Produces: node.JSON}, stateless(func(c *node.Call, in node.Item) error {
		return c.Emit(node.DataItem([]byte("NaN")))
	}))},
	{"panics", "kinds", define(node.Spec{Accepts: node.JSON, Produces: node.JSON}, stateless(func(c *node.Call, in node.Item) error {
		panic(in.Data[100])
	}))},
	{"an identity that allocates", "allocations", define(node.Spec{Forwards: true}, stateless(func(c *node.Call, in node.Item) error {
		c.Warnf("%d", in.Audio.Frames())
		return c.Emit(in)
	}))},
	{"nothing declared", "declaration", define(node.Spec{Accepts: node.Audio}, stateless(func(c *node.Call, in node.Item) error { return nil }))},
}

func TestTheSuiteFindsBrokenNodes(t *testing.T) {
	for _, b := range broken {
		t.Run(b.name, func(t *testing.T) {
			if raceEnabled && (b.check == "allocations" || b.check == "instances") {
				t.Skip("the race detector itself reports this fault, or makes it uncountable")
			}
			synctest.Test(t, func(t *testing.T) {
				for _, entry := range suite {
					if entry.name != b.check {
						continue
					}
					o := &observed{TB: t}
					o.run(entry.check, subjects(b.spec)[0])
					if len(o.failures) == 0 {
						t.Errorf("check %s passes it", b.check)
					}
					t.Log(o.failures)
				}
			})
		})
	}
}
