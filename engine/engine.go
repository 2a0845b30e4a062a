// Package engine runs a plan. A [Session] is one execution or one stream: it owns the node instances and their state, takes
// work in turns, and leaves behind the goroutine that works where a node ignores cancel. Time, memory and sample limits, recovered
// panics, per-node timing and the state at failure are all here, so that no node has such code.
package engine

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/remotemedia/remotemedia-go/graph"
	"github.com/remotemedia/remotemedia-go/mem"
)

// Limits bound one execution or, of a stream, its memory as a whole and each turn's time.
type Limits struct {
	MemoryBytes int64         // most bytes held at once
	Timeout     time.Duration // most time for one turn
	Samples     uint64        // most samples, over all channels, of one input buffer
}

// DefaultLimits are the service defaults of the contract.
func DefaultLimits() Limits {
	return Limits{MemoryBytes: 104_857_600, Timeout: 5 * time.Second, Samples: 10_485_760}
}

// MaxLimits are the caps of the contract.
func MaxLimits() Limits {
	return Limits{MemoryBytes: 1_073_741_824, Timeout: 30 * time.Second, Samples: 52_428_800}
}

// Options configure an engine. The zero value of each field means its default.
type Options struct {
	Pool   *mem.Pool  // where buffers come from; default: a pool of its own
	Budget mem.Budget // the memory shared by all sessions; default: unlimited
}

// Engine makes sessions. It is safe for concurrent use.
type Engine struct {
	pool      *mem.Pool
	budget    mem.Budget
	open      atomic.Int64
	abandoned atomic.Int64
}

// New makes an engine.
func New(o Options) *Engine {
	if o.Pool == nil {
		o.Pool = mem.NewPool(mem.DefaultRetain)
	}
	if o.Budget == nil {
		o.Budget = mem.Unlimited{}
	}
	return &Engine{pool: o.Pool, budget: o.Budget}
}

// Pool returns where the engine's buffers come from.
func (e *Engine) Pool() *mem.Pool { return e.pool }

// Budget returns the memory that all sessions share.
func (e *Engine) Budget() mem.Budget { return e.budget }

// OpenSessions returns how many sessions aren't closed, abandoned ones included.
func (e *Engine) OpenSessions() int64 { return e.open.Load() }

// Abandoned returns how many workers run on although their session was given up: nodes that ignore cancel.
func (e *Engine) Abandoned() int64 { return e.abandoned.Load() }

// Slot is a place on the processors that a session holds while it works.
type Slot interface {
	// Yield gives the place back while f waits, and takes one again before it returns.
	Yield(f func())
	// GiveWay lets those have the place who wait for one and are in a greater hurry, if there are any, and returns when the session has one
	// again, or when the context ends, after the time that took. It is called often, and costs next to nothing where nobody waits.
	GiveWay(ctx context.Context) time.Duration
}

// Open makes a session with fresh node instances. It fails when a node can't be made.
func (e *Engine) Open(plan *graph.Plan, limits Limits) (*Session, error) {
	s := &Session{
		engine: e, plan: plan, limits: limits,
		account: mem.NewAccount(e.pool, e.budget, limits.MemoryBytes),
	}
	e.open.Add(1)
	if err := s.build(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}
