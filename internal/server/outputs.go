package server

import (
	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/mem"
)

// outputs are the parts of an answer. A stream fills the same ones for each chunk. They share the memory of the output that they were
// filled from: they are encoded before it is released.
type outputs struct {
	audio     []wire.Audio
	data      map[string]string
	dataLists map[string]*pb.JsonList
}

// fill takes an output in, in place of the one before.
func (o *outputs) fill(out *engine.Output) {
	o.reset()
	for i := range out.Nodes {
		o.addAudio(&out.Nodes[i])
		o.addData(&out.Nodes[i])
	}
}

// reset lets go of what it refers to.
func (o *outputs) reset() {
	clear(o.audio)
	o.audio = o.audio[:0]
	clear(o.data)
	clear(o.dataLists)
}

// addAudio fills the list only where it tells more than one buffer does.
func (o *outputs) addAudio(n *engine.NodeOutput) {
	if n.Audio == nil {
		return
	}
	var list []*audio.Buffer
	if len(n.Items) > 1 {
		for _, item := range n.Items {
			if item.Audio != nil {
				list = append(list, item.Audio)
			}
		}
	}
	if len(list) < 2 {
		list = nil
	}
	o.audio = append(o.audio, wire.Audio{NodeID: n.ID, Buffer: n.Audio, List: list})
}

func (o *outputs) addData(n *engine.NodeOutput) {
	if n.Data == nil {
		return
	}
	put(&o.data, n.ID, mem.StringOf(n.Data)) // the data of an item is never written to
	list := &pb.JsonList{}
	for _, item := range n.Items {
		if item.Audio == nil {
			list.Items = append(list.Items, mem.StringOf(item.Data))
		}
	}
	put(&o.dataLists, n.ID, list)
}

// put sets a key of a map that is made when it is needed.
func put[V any](m *map[string]V, key string, v V) {
	if *m == nil {
		*m = make(map[string]V)
	}
	(*m)[key] = v
}
