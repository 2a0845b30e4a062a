package server

import (
	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/mem"
)

// outputs are the maps and lists of an answer. A stream fills the same ones for each chunk. The messages share the memory of the
// output that they were filled from: they are encoded before it is released.
type outputs struct {
	audio      map[string]*pb.AudioBuffer
	data       map[string]string
	audioLists map[string]*pb.AudioBufferList
	dataLists  map[string]*pb.JsonList
	buffers    []*pb.AudioBuffer // made for single outputs, used again
	used       int
}

// fill takes an output in, in place of the one before.
func (o *outputs) fill(out *engine.Output, account *mem.Account) error {
	clear(o.audio)
	clear(o.data)
	clear(o.audioLists)
	clear(o.dataLists)
	o.used = 0
	for i := range out.Nodes {
		n := &out.Nodes[i]
		if err := o.addAudio(n, account); err != nil {
			return engine.MemoryLimit(err, n.ID)
		}
		o.addData(n)
	}
	return nil
}

// addAudio fills the list only where it tells more than the map does: more than one buffer.
func (o *outputs) addAudio(n *engine.NodeOutput, account *mem.Account) error {
	if n.Audio == nil {
		return nil
	}
	merged := o.buffer()
	if err := wire.FillAudio(merged, n.Audio, account); err != nil {
		return err
	}
	put(&o.audio, n.ID, merged)
	if len(n.Items) == 1 {
		return nil
	}
	list := &pb.AudioBufferList{}
	for _, item := range n.Items {
		if item.Audio == nil {
			continue
		}
		one, err := wire.AudioToProto(item.Audio, account)
		if err != nil {
			return err
		}
		list.Buffers = append(list.Buffers, one)
	}
	if len(list.Buffers) > 1 {
		put(&o.audioLists, n.ID, list)
	}
	return nil
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

// buffer returns a message to fill, from an earlier answer where there is one.
func (o *outputs) buffer() *pb.AudioBuffer {
	if o.used == len(o.buffers) {
		o.buffers = append(o.buffers, new(pb.AudioBuffer))
	}
	o.used++
	return o.buffers[o.used-1]
}

// put sets a key of a map that is made when it is needed.
func put[V any](m *map[string]V, key string, v V) {
	if *m == nil {
		*m = make(map[string]V)
	}
	(*m)[key] = v
}
