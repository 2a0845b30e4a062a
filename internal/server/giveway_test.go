package server_test

import (
	"context"
	"errors"
	"runtime"
	"testing"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/internal/admission"
	"github.com/remotemedia/remotemedia-go/internal/server"
	"github.com/remotemedia/remotemedia-go/node"
)

// serveLoop adds to the gate's nodes one that computes in small steps, and checks after each, until the gate is open.
func (g *gate) serveLoop(t testing.TB) func(*server.Options) {
	return func(o *server.Options) {
		g.serve(t)(o)
		specs := []node.Spec{simple(node.Spec{Name: "Loop", Accepts: node.Any, Forwards: true}, func(c *node.Call, in node.Item) error {
			g.inside.Add(1)
			for {
				select {
				case <-g.open:
					return c.Emit(in)
				default:
				}
				if err := c.Check(); err != nil {
					return err
				}
				runtime.Gosched()
			}
		})}
		for _, s := range o.Catalog.Specs() {
			specs = append(specs, *s)
		}
		var err error
		if o.Catalog, err = node.NewCatalog("test", specs); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRel8_AChunkIsAnsweredWhileACallComputes in the only slot: the call gives way again and again. The control is a node that never checks.
func TestRel8_AChunkIsAnsweredWhileACallComputes(t *testing.T) {
	t.Run("checks", func(t *testing.T) {
		besideCall(t, "Loop", func(g *gate, _ *admission.Controller, live liveClient) {
			for i := range uint64(20) {
				live.chunk("a", i, buffer(make([]byte, 4)))
				live.result()
			}
			close(g.open)
		})
	})
	t.Run("never checks", func(t *testing.T) {
		besideCall(t, "Gate", func(g *gate, c *admission.Controller, live liveClient) {
			live.chunk("a", 0, buffer(make([]byte, 4)))
			waitFor(t, func() bool { return c.Stats().WaitingLive == 1 })
			close(g.open)
			live.result()
		})
	})
}

// result takes answers up to the next result.
func (c liveClient) result() {
	c.t.Helper()
	for c.next().GetResult() == nil { // figures come between
	}
}

// besideCall has a stream at work while a call computes in a node of a type, in the only slot, and expects both to end well.
func besideCall(t *testing.T, nodeType string, work func(*gate, *admission.Controller, liveClient)) {
	g, c := newGate(), admission.New(admission.Options{Slots: 1})
	r := newRig(t, g.serveLoop(t), admitting(c))
	failed := make(chan error, 1)
	go func() {
		a, err := r.call(context.Background(), gateRequest(nodeType))
		if e := a.GetError(); e != nil {
			err = errors.New(e.GetMessage())
		}
		failed <- err
	}()
	waitFor(t, func() bool { return g.inside.Load() == 1 })
	live := r.live(t.Context(), &pb.StreamInit{Manifest: pipeline("a:Pass")})
	work(g, c, live)
	live.close()
	if err := <-failed; err != nil {
		t.Errorf("the call: %v", err)
	}
	for live.next().GetClosed() == nil {
	}
	waitFor(t, func() bool { s := c.Stats(); return s.Places+s.Slots+s.Waiting+s.Tenants == 0 })
}
