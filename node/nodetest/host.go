// Package nodetest tests nodes: [New] runs one outside of an engine, [Walk] puts every node of a catalogue through the suite
// that each must pass, and [Benchmark] measures one.
//
// The pool behind is poisoned: memory that is used after its release reads as NaN.
package nodetest

import (
	"context"

	"github.com/remotemedia/remotemedia-go/mem"
	"github.com/remotemedia/remotemedia-go/node"
)

// Limit is the memory that a node under test may hold, in bytes.
const Limit = 1 << 30

// Host is a node.Host that records what a node does. It isn't safe for concurrent use.
type Host struct {
	Items    []node.Item // what was emitted, in order; audio is retained until Close
	Warnings []string

	// Discard makes the host let go of what is emitted at once, as for a benchmark.
	Discard bool
	// Emitted counts what was emitted.
	Emitted int
	// Checks counts how often the node asked for the context, which Check does.
	Checks int

	cancel   func() // called at check number cancelAt
	cancelAt int

	ctx     context.Context
	pool    *mem.Pool
	account *mem.Account
}

// NewHost makes a host with a pool and an account of its own.
func NewHost() *Host {
	pool := mem.NewPoisonedPool()
	return &Host{
		ctx: context.Background(), pool: pool,
		account: mem.NewAccount(pool, mem.Unlimited{}, Limit),
	}
}

// SetContext sets the context of the calls that follow.
func (h *Host) SetContext(ctx context.Context) { h.ctx = ctx }

// CancelAt stops the execution, for the given reason, when the node asks for the nth time from now on; 0 is at once.
func (h *Host) CancelAt(n int, reason error) {
	ctx, cancel := context.WithCancelCause(context.Background())
	h.ctx, h.cancel, h.cancelAt = ctx, func() { cancel(reason) }, h.Checks+n
	if n == 0 {
		cancel(reason)
	}
}

// Emit implements node.Host.
func (h *Host) Emit(item node.Item) error {
	h.Emitted++
	if h.Discard {
		return nil
	}
	if item.Audio != nil {
		item.Audio.Retain()
	}
	h.Items = append(h.Items, item)
	return nil
}

// Warn implements node.Host.
func (h *Host) Warn(text string) { h.Warnings = append(h.Warnings, text) }

// Context implements node.Host.
func (h *Host) Context() context.Context {
	h.Checks++
	if h.cancel != nil && h.Checks == h.cancelAt {
		h.cancel()
	}
	return h.ctx
}

// Account implements node.Host.
func (h *Host) Account() *mem.Account { return h.account }

// Wait implements node.Host.
func (h *Host) Wait(f func(ctx context.Context) error) error { return f(h.ctx) }

// GiveWay implements node.Host: nobody waits.
func (h *Host) GiveWay() {}

// Release lets go of the items recorded so far.
func (h *Host) Release() {
	for _, item := range h.Items {
		if item.Audio != nil {
			item.Audio.Release()
		}
	}
	clear(h.Items)
	h.Items = h.Items[:0]
}
