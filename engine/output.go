package engine

import (
	"fmt"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/mem"
	"github.com/remotemedia/remotemedia-go/node"
)

// Output is what the sinks (and the nodes marked as output) gave in one job. The receiver releases it when it has been sent.
type Output struct {
	Nodes []NodeOutput // one for each of Plan.Outputs, in that order
	Stats []NodeStats  // of Execute: one for each of Plan.Nodes, in that order

	session *Session
	one     [1]NodeOutput // most have no more
}

// NodeOutput is what one node gave.
type NodeOutput struct {
	Index int         // into Plan.Nodes
	ID    string      // the node's id
	Items []node.Item // all, in order

	// Audio is the audio of all items: concatenated where their formats agree, otherwise the last. Nil for none.
	Audio *audio.Buffer
	// Data is the data of all items as one JSON text: the item itself where there is one, an array where there are
	// several. Nil for none.
	Data []byte

	charged int          // for Data, where it was made here
	one     [1]node.Item // most give no more
}

// newOutput makes an output for the next job, from one that was let go where there is one.
func (s *Session) newOutput() *Output {
	if o := s.spare.Swap(nil); o != nil {
		return o
	}
	o := &Output{session: s}
	if o.Nodes = o.one[:]; len(s.plan.Outputs) != 1 {
		o.Nodes = make([]NodeOutput, len(s.plan.Outputs))
	}
	for i, n := range s.plan.Outputs {
		o.Nodes[i].Index, o.Nodes[i].ID = n, s.plan.Nodes[n].ID
	}
	return o
}

func (o *Output) add(index int, item node.Item) error {
	for i := range o.Nodes {
		if o.Nodes[i].Index != index {
			continue
		}
		if err := hold(o.session.account, &item); err != nil {
			return err
		}
		n := &o.Nodes[i]
		if n.Items == nil {
			n.Items = n.one[:0]
		}
		n.Items = append(n.Items, item)
	}
	return nil
}

// finish merges the items of each node and renders the audio in its wire encoding.
func (o *Output) finish() error {
	for i := range o.Nodes {
		if err := o.Nodes[i].merge(o.session); err != nil {
			return MemoryLimit(err, o.Nodes[i].ID)
		}
	}
	return nil
}

// Release lets go of the audio. The output must not be used afterwards.
func (o *Output) Release() {
	for i := range o.Nodes {
		n := &o.Nodes[i]
		letGoAll(o.session.account, n.Items)
		if n.Audio != nil {
			n.Audio.Release()
		}
		o.session.account.Release(n.charged)
		clear(n.Items)
		n.Items, n.Audio, n.Data, n.charged = n.Items[:0], nil, nil, 0
	}
	o.Stats = nil
	o.session.spare.Store(o)
}

func (n *NodeOutput) merge(s *Session) error {
	if len(n.Items) == 1 && n.Items[0].Audio == nil { // the most common cases need no lists
		n.Data = n.Items[0].Data
		return nil
	}
	if len(n.Items) == 1 {
		n.Audio = n.Items[0].Audio.Retain()
		return render(s, n.ID, n.Audio)
	}
	var buffers []*audio.Buffer
	var data [][]byte
	for _, item := range n.Items {
		if item.Audio != nil {
			buffers = append(buffers, item.Audio)
		} else {
			data = append(data, item.Data)
		}
	}
	if err := n.mergeData(s.account, data); err != nil {
		return err
	}
	if err := render(s, n.ID, buffers...); err != nil {
		return err
	}
	return n.mergeAudio(s, buffers)
}

func (n *NodeOutput) mergeData(a *mem.Account, data [][]byte) error {
	switch len(data) {
	case 0:
		return nil
	case 1:
		n.Data = data[0]
		return nil
	}
	size := len(data) + 1 // brackets and commas
	for _, text := range data {
		size += len(text)
	}
	if err := a.Charge(size); err != nil {
		return err
	}
	n.charged = size
	n.Data = append(make([]byte, 0, size), '[')
	for i, text := range data {
		if i > 0 {
			n.Data = append(n.Data, ',')
		}
		n.Data = append(n.Data, text...)
	}
	n.Data = append(n.Data, ']')
	return nil
}

// render makes the wire bytes of every buffer, so that a later failure to do so can't happen, and tells of clipping.
func render(s *Session, id string, buffers ...*audio.Buffer) error {
	clipped := 0
	for _, b := range buffers {
		_, n, err := b.Wire(s.account)
		if err != nil {
			return err
		}
		clipped += n
	}
	if clipped > 0 {
		s.warned.add(id, fmt.Sprintf("%d samples were beyond full scale and were clipped", clipped))
	}
	return nil
}

func (n *NodeOutput) mergeAudio(s *Session, buffers []*audio.Buffer) error {
	if len(buffers) == 0 {
		return nil
	}
	last := buffers[len(buffers)-1]
	if len(buffers) == 1 {
		n.Audio = last.Retain()
		return nil
	}
	for _, b := range buffers {
		if b.Format != last.Format {
			s.warned.add(n.ID, fmt.Sprintf("it gave %d buffers in different formats; the map holds the last (%s), the list all", len(buffers), last.Format))
			n.Audio = last.Retain()
			return nil
		}
	}
	return n.concatenate(s.account, buffers)
}

func (n *NodeOutput) concatenate(a *mem.Account, buffers []*audio.Buffer) error {
	total := 0
	for _, b := range buffers {
		total += b.Frames() * b.Format.FrameBytes()
	}
	block, err := a.Alloc(total)
	if err != nil {
		return err
	}
	at := 0
	for _, b := range buffers {
		wire, _, err := b.Wire(a)
		if err != nil {
			block.Release()
			return err
		}
		at += copy(block.Bytes()[at:], wire)
	}
	merged, err := audio.FromWire(buffers[0].Format, block)
	if err != nil {
		block.Release()
		return err
	}
	merged.Stamp, merged.Metadata = buffers[0].Stamp, buffers[0].Metadata
	n.Audio = merged
	return nil
}
