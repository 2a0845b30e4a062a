package server_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/node"
)

// The nodes of these tests, each one behaviour. They don't depend on the library of nodes, whose own tests are elsewhere.

type none struct{}

type gainParams struct {
	Gain  float64 `param:"gain" default:"1" min:"-100" max:"100" doc:"Factor."`
	Token string  `param:"token" default:"" secret:"true" doc:"A secret."`
}

type sleepParams struct {
	MS int `param:"ms" default:"0" min:"0" max:"3600000" unit:"ms" doc:"How long it waits."`
}

// sleeping counts the Sleep nodes that wait now.
var sleeping atomic.Int64

func pass(c *node.Call, in node.Item) error { return c.Emit(in) }

func simple(s node.Spec, f func(c *node.Call, in node.Item) error) node.Spec {
	return node.Define(s, func(none, node.Env) (node.Processor, error) { return node.ProcessorFunc(f), nil })
}

func gain(p gainParams, _ node.Env) (node.Processor, error) {
	return node.ProcessorFunc(func(c *node.Call, in node.Item) error {
		b, samples, err := c.Writable(in.Audio)
		if err != nil {
			return err
		}
		for _, channel := range samples {
			for i := range channel {
				channel[i] *= float32(p.Gain)
			}
		}
		return c.EmitAudio(b)
	}), nil
}

func sleep(p sleepParams, _ node.Env) (node.Processor, error) {
	return node.ProcessorFunc(func(c *node.Call, in node.Item) error {
		sleeping.Add(1)
		defer sleeping.Add(-1)
		if err := c.Sleep(time.Duration(p.MS) * time.Millisecond); err != nil {
			return err
		}
		return c.Emit(in)
	}), nil
}

// split gives every item twice.
func split(c *node.Call, in node.Item) error { return errors.Join(c.Emit(in), c.Emit(in)) }

func hog(c *node.Call, in node.Item) error {
	_, err := c.NewAudio(audio.Format{Rate: 8000, Channels: 1, Encoding: pcm.F32}, 1<<28)
	return err
}

func catalog(t testing.TB) *node.Catalog {
	t.Helper()
	c, err := node.NewCatalog("test", []node.Spec{
		simple(node.Spec{Name: "Pass", Aliases: []string{"PassAlias"}, Accepts: node.Any, Forwards: true}, pass),
		simple(node.Spec{Name: "Sound", Accepts: node.Audio, Produces: node.Audio}, pass),
		simple(node.Spec{Name: "Words", Accepts: node.Data, Produces: node.JSON}, pass),
		simple(node.Spec{Name: "Split", Accepts: node.Any, Forwards: true}, split),
		simple(node.Spec{Name: "Drop", Accepts: node.Any, Forwards: true}, func(*node.Call, node.Item) error { return nil }),
		simple(node.Spec{Name: "Fail", Accepts: node.Any, Forwards: true}, func(*node.Call, node.Item) error { return errors.New("the disk is on fire") }),
		simple(node.Spec{Name: "Panic", Accepts: node.Any, Forwards: true}, func(*node.Call, node.Item) error { panic("a bug with a secret") }),
		simple(node.Spec{Name: "Hog", Accepts: node.Any, Forwards: true}, hog),
		simple(node.Spec{Name: "Warn", Accepts: node.Any, Forwards: true}, func(c *node.Call, in node.Item) error {
			c.Warnf("careful")
			return c.Emit(in)
		}),
		node.Define(node.Spec{Name: "Gain", Accepts: node.Audio, Produces: node.Audio}, gain),
		node.Define(node.Spec{Name: "Sleep", Accepts: node.Any, Forwards: true}, sleep),
		node.Define(node.Spec{Name: "Clock", Accepts: node.Any, Produces: node.JSON, Source: true},
			func(none, node.Env) (node.Processor, error) { return clock{}, nil }),
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// clock makes its own data at the end.
type clock struct{}

func (clock) Process(*node.Call, node.Item) error { return nil }
func (clock) Flush(c *node.Call) error            { return c.EmitJSON("tick", audio.Stamp{}) }
func (clock) Report(m map[string]any)             { m["ticks"] = 1 }
