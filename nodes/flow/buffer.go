package flow

import (
	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/node"
	"github.com/remotemedia/remotemedia-go/nodes/internal/state"
)

// BufferParams are the parameters of BufferNode.
type BufferParams struct {
	Size int `param:"buffer_size" default:"10" min:"1" max:"1000000" doc:"How many items are collected."`
}

func bufferSpec() node.Spec {
	return node.Define(node.Spec{
		Name: "BufferNode", Aliases: []string{"buffer"}, Category: Category, Summary: "Collects items and hands them on together.",
		Doc: "Every `buffer_size` items of data leave as one JSON array, in order; every `buffer_size` items of audio leave as one " +
			"item, with the very bytes that came in. Data and audio are counted apart. The end of the input emits the rest; for audio " +
			"so does another format or stream id.",
		Accepts: node.Any, Produces: node.Audio | node.JSON, Granularity: node.PerItem, Stateful: true,
		LatencyClass: "medium", Example: `{"buffer_size": 3}`, Sample: `{"n": 1}`,
	}, func(p BufferParams, _ node.Env) (node.Processor, error) { return &buffer{size: p.Size}, nil })
}

type buffer struct {
	size int

	items  int    // of data
	text   []byte // their array without its end
	at     audio.Stamp
	memory state.Memory // of the text

	pieces int // of audio
	time   state.Timeline
	audio  state.Gather
}

// Process collects one item.
func (n *buffer) Process(c *node.Call, in node.Item) error {
	if in.Audio != nil {
		return n.addAudio(c, in.Audio)
	}
	return n.addData(c, in)
}

func (n *buffer) addData(c *node.Call, in node.Item) error {
	if err := n.memory.Set(c.Account(), len(n.text)+len(in.Data)+2); err != nil {
		return err
	}
	if n.items == 0 {
		n.text, n.at = append(n.text, '['), in.Stamp
	} else {
		n.text = append(n.text, ',')
	}
	n.text = append(n.text, in.Data...)
	n.items++
	if n.items < n.size {
		return nil
	}
	return n.emitData(c)
}

// emitData hands the text over: what is emitted is never written to again.
func (n *buffer) emitData(c *node.Call) error {
	if n.items == 0 {
		return nil
	}
	item := node.DataItem(append(n.text, ']'))
	item.Stamp = n.at
	n.dropData()
	return c.Emit(item)
}

func (n *buffer) dropData() {
	n.items, n.text = 0, nil
	n.memory.Release()
}

func (n *buffer) addAudio(c *node.Call, b *audio.Buffer) error {
	if !n.time.Continues(b) {
		if err := n.emitAudio(c); err != nil {
			return err
		}
	}
	n.time.Append(b)
	for at := 0; at < b.Frames(); at += node.CheckFrames {
		if err := c.Check(); err != nil {
			return err
		}
		if err := n.audio.Add(c, b, at, min(b.Frames(), at+node.CheckFrames), 0); err != nil {
			return err
		}
	}
	n.pieces++
	if n.pieces < n.size {
		return nil
	}
	return n.emitAudio(c)
}

func (n *buffer) emitAudio(c *node.Call) error {
	n.pieces = 0
	n.time.Reset()
	b, err := n.audio.Take(c)
	if b == nil || err != nil {
		return err
	}
	return c.EmitAudio(b)
}

// Flush emits the rest.
func (n *buffer) Flush(c *node.Call) error {
	if err := n.emitAudio(c); err != nil {
		return err
	}
	return n.emitData(c)
}

// Reset implements node.Resetter.
func (n *buffer) Reset() {
	n.dropData()
	n.audio.Drop()
	n.time.Reset()
	n.pieces = 0
}

// Close implements node.Closer.
func (n *buffer) Close() { n.Reset() }
