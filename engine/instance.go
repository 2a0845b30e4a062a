package engine

import (
	"context"
	"errors"
	"time"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/graph"
	"github.com/remotemedia/remotemedia-go/mem"
	"github.com/remotemedia/remotemedia-go/node"
)

// instance is one node of a session: the processor, what waits for it, and its figures. It is the node's host.
type instance struct {
	session  *Session
	index    int
	node     *graph.Node
	proc     node.Processor
	call     node.Call
	ctx      context.Context // of the call being made
	external queue           // audio first, then data
	edges    []queue         // by incoming edge
	clock    clock           // of the external audio
	stats    NodeStats
}

// NodeStats are the figures of one node since the session began.
type NodeStats struct {
	Began    time.Time // its first call; zero before
	Time     time.Duration
	Waited   time.Duration // the part of Time in which the node waited for something outside the processor, or gave way to others
	Memory   int64         // most bytes that one call added to the account
	Samples  uint64        // input samples over all channels
	ItemsIn  uint64
	ItemsOut uint64
	Ran      bool // Process or Flush was called with something to do
	Custom   map[string]any

	// What the node gave: kinds of items, samples over all channels, and the format of the last audio.
	Kinds      node.Kinds
	SamplesOut uint64
	Format     audio.Format
}

func (n *instance) init(s *Session, i int) error {
	n.session, n.index, n.node = s, i, &s.plan.Nodes[i]
	n.edges = make([]queue, len(n.node.In))
	n.call = *node.NewCall(n)
	err := Guard(func() (err error) {
		n.proc, err = n.node.Spec.New(n.node.Params, node.Env{NodeID: n.node.ID})
		return err
	})
	return n.unbuildable(err)
}

// unbuildable is the fault of a node that can't be made: its parameters are each in order, but don't go together.
func (n *instance) unbuildable(err error) error {
	if err == nil {
		return nil
	}
	var f *fault.Error
	if !errors.As(err, &f) {
		f = fault.Wrap(fault.CodeBadParam, err, "node %q (%s) can't be made with these parameters", n.node.ID, n.node.Spec.Name)
	}
	return f.WithNode(n.node.ID).WithOp("node.new")
}

// Emit implements node.Host: the item goes to every successor whose edge takes it, and to the result.
func (n *instance) Emit(item node.Item) error {
	n.stats.given(item)
	for _, e := range n.node.Edges {
		if e.FromPort == "" || e.FromPort == item.Port {
			if err := n.session.nodes[e.To].enqueue(e, item, n.node.ID); err != nil {
				return err
			}
		}
	}
	if n.node.Output {
		return n.session.output.add(n.index, item)
	}
	return nil
}

func (s *NodeStats) given(item node.Item) {
	s.ItemsOut++
	s.Kinds |= item.Kind
	if b := item.Audio; b != nil {
		s.SamplesOut += uint64(b.NumSamples())
		s.Format = b.Format
	}
}

func (n *instance) enqueue(e graph.Edge, item node.Item, from string) error {
	if err := hold(n.session.account, &item); err != nil {
		return err
	}
	item.From, item.Port = from, e.ToPort
	n.edges[e.InSlot].push(item)
	return nil
}

// Warn implements node.Host.
func (n *instance) Warn(text string) { n.session.warned.add(n.node.ID, text) }

// Context implements node.Host.
func (n *instance) Context() context.Context { return n.ctx }

// Account implements node.Host.
func (n *instance) Account() *mem.Account { return n.session.account }

// Wait implements node.Host.
func (n *instance) Wait(f func(ctx context.Context) error) (err error) {
	start := time.Now()
	defer func() { n.stats.Waited += time.Since(start) }()
	if n.session.slot == nil {
		return f(n.ctx)
	}
	n.session.slot.Yield(func() { err = f(n.ctx) })
	return err
}

// GiveWay implements node.Host.
func (n *instance) GiveWay() {
	if slot := n.session.slot; slot != nil {
		n.stats.Waited += slot.GiveWay(n.ctx)
	}
}

// drain processes all that waits for the node, in the order of the contract.
func (n *instance) drain() error {
	for !n.external.empty() {
		item := n.external.pop()
		err := n.process(item)
		releaseAudio(&item)
		if err != nil {
			return err
		}
	}
	for slot := range n.edges {
		for !n.edges[slot].empty() {
			item := n.edges[slot].pop()
			err := n.process(item)
			letGo(n.session.account, &item)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// process runs the node on one item. A kind that the node doesn't take passes through.
func (n *instance) process(item node.Item) error {
	if item.Audio != nil {
		n.stats.Samples += uint64(item.Audio.NumSamples())
	}
	n.stats.ItemsIn++
	n.stats.Ran = true
	if !n.node.Spec.Takes(item.Kind) {
		item.Port = ""
		return n.Emit(item)
	}
	if err := n.checkSamples(item); err != nil {
		return err
	}
	if err := n.session.goOn(); err != nil { // there may be many items, each of little work
		return err
	}
	return n.run(func() error { return n.proc.Process(&n.call, item) }, item)
}

// flush runs the node's Flush, if it has one.
func (n *instance) flush() error {
	f, ok := n.proc.(node.Flusher)
	if !ok {
		return nil
	}
	before := n.stats.ItemsOut
	err := n.run(func() error { return f.Flush(&n.call) }, node.Item{})
	n.stats.Ran = n.stats.Ran || n.stats.ItemsOut > before
	return err
}

// run makes one call into the node, timed, accounted, guarded and within the node's own time limit.
func (n *instance) run(f func() error, item node.Item) error {
	ctx, cancel := n.session.ctx, context.CancelFunc(nil)
	if ms := n.node.TimeoutMS; ms > 0 {
		ctx, cancel = context.WithTimeoutCause(ctx, millis(ms), errNodeTimeLimit)
		defer cancel()
	}
	n.ctx = ctx
	used, start := n.session.account.Used(), time.Now()
	if n.stats.Began.IsZero() {
		n.stats.Began = start
	}
	err := Guard(f)
	n.call.Done()
	n.stats.Time += max(time.Since(start), 1)
	n.stats.Memory = max(n.stats.Memory, n.session.account.Used()-used)
	if err == nil && n.ctx.Err() != nil {
		err = context.Cause(n.ctx)
	}
	if err == nil {
		err = n.checkMemory(used)
	}
	if err != nil {
		return n.session.explain(n, item, err)
	}
	return nil
}

// Guard runs f and turns a panic of it into the error of [Recovered].
func Guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = Recovered(p)
		}
	}()
	if err = f(); err != nil {
		return err
	}
	return nil
}

// report asks the node for its own figures.
func (n *instance) report() {
	r, ok := n.proc.(node.Reporter)
	if !ok {
		return
	}
	custom := make(map[string]any)
	if err := Guard(func() error { r.Report(custom); return nil }); err != nil {
		n.Warn("its figures can't be told: " + fault.From(err).Text())
		return
	}
	n.stats.Custom = custom
}

func (n *instance) close() {
	n.discard()
	c, ok := n.proc.(node.Closer)
	if !ok {
		return
	}
	if err := Guard(func() error { c.Close(); return nil }); err != nil {
		n.Warn("it can't be closed: " + fault.From(err).Text())
	}
}

// discard lets go of all that waits.
func (n *instance) discard() {
	for !n.external.empty() {
		item := n.external.pop()
		releaseAudio(&item)
	}
	for slot := range n.edges {
		for !n.edges[slot].empty() {
			item := n.edges[slot].pop()
			letGo(n.session.account, &item)
		}
	}
}
