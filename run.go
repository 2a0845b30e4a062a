package remotemedia

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/media"
	"github.com/remotemedia/remotemedia-go/mem"
)

// Run runs the pipeline once with all its input. It may be called concurrently; each call has its own node instances. It
// returns at the end of ctx or of the time limit, even when a node doesn't heed it.
func (p *Pipeline) Run(ctx context.Context, in Inputs) (*Result, error) {
	started := time.Now()
	session, err := p.engine.Open(p.plan, p.limits)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	inputs, err := bind(p.plan, session.Account(), in, true)
	if err != nil {
		return nil, err
	}
	out, err := session.Execute(ctx, inputs)
	if err != nil {
		return nil, err
	}
	defer out.Release()
	return p.result(session, out, started)
}

// result copies an output into plain memory.
func (p *Pipeline) result(session *engine.Session, out *engine.Output, started time.Time) (*Result, error) {
	r := &Result{
		Audio: make(map[string]Audio), Data: make(map[string]json.RawMessage), Lists: make(map[string]media.Items),
		Warnings: append(p.Warnings(), session.Warnings()...),
	}
	for i := range out.Nodes {
		if err := addNode(r, &out.Nodes[i], session.Account()); err != nil {
			return nil, err
		}
	}
	r.Status = media.Success
	for i, s := range session.Stats() {
		n := p.report(i, s)
		if n.Status == media.Skipped {
			r.Status = media.Partial
		}
		r.Metrics.Busy += s.Time
		r.Nodes = append(r.Nodes, n)
	}
	r.Metrics.PeakMemory = uint64(session.Account().Peak())
	r.Metrics.Wall = max(time.Since(started), r.Metrics.Busy) // a coarse clock sees less of the whole than of its parts
	return r, nil
}

func (p *Pipeline) report(i int, s engine.NodeStats) media.NodeReport {
	status := media.Success
	if !s.Ran {
		status = media.Skipped
	}
	return media.NodeReport{
		ID: p.plan.Nodes[i].ID, Type: p.plan.Nodes[i].Type, Status: status,
		Time: s.Time, Memory: uint64(max(s.Memory, 0)), Samples: s.Samples,
		ItemsIn: s.ItemsIn, ItemsOut: s.ItemsOut, Custom: s.Custom,
	}
}

func addNode(r *Result, n *engine.NodeOutput, account *mem.Account) error {
	var items media.Items
	for _, item := range n.Items {
		if item.Audio == nil {
			items.Data = append(items.Data, json.RawMessage(item.Data))
			continue
		}
		a, err := copyOut(item.Audio, account)
		if err != nil {
			return engine.MemoryLimit(err, n.ID)
		}
		items.Audio = append(items.Audio, a)
	}
	if n.Data != nil {
		r.Data[n.ID] = json.RawMessage(n.Data)
	}
	if len(items.Audio) > 0 {
		r.Audio[n.ID] = join(items.Audio)
	}
	if len(n.Items) > 0 {
		r.Lists[n.ID] = items
	}
	return nil
}

// copyOut copies a buffer's bytes, which the engine has rendered already.
func copyOut(b *audio.Buffer, account *mem.Account) (Audio, error) {
	wire, _, err := b.Wire(account)
	if err != nil {
		return Audio{}, err
	}
	return Audio{Format: b.Format, Bytes: bytes.Clone(wire)}, nil
}

// join gives what the engine's merged buffer holds: all items where their formats agree, else the last.
func join(items []Audio) Audio {
	last := items[len(items)-1]
	if len(items) == 1 {
		return last
	}
	joined := Audio{Format: last.Format}
	for _, a := range items {
		if a.Format != last.Format {
			return last
		}
		joined.Bytes = append(joined.Bytes, a.Bytes...)
	}
	return joined
}
