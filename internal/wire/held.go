package wire

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/mem"
)

// held is the memory of one message on its way out: a head from the pool, and the audio that is sent from where it lies. To the transport it is
// the pool that each of the message's buffers goes back to. All is let go, and leaves the account of its execution, when the last of them does.
//
// The server's transport frees whatever it was given. grpc-go (1.85), which clients stand on, drops what waits for a stream or a connection that
// is gone, and frees not all of it. Then the collector finds a held that nobody has, and its parts are let go by that.
type held struct{ *parts }

type parts struct {
	pool    *mem.Pool
	head    *[]byte
	cuts    []int // where in the head the samples stand
	audio   []*audio.Buffer
	samples [][]byte     // of the audio: grpc wants a pointer to each
	unsent  atomic.Int32 // buffers that grpc has
	fields  []byte       // of the audio being encoded
}

var helds = sync.Pool{New: func() any {
	h := &held{new(parts)}
	runtime.AddCleanup(h, (*parts).release, h.parts)
	return h
}}

func newHeld(pool *mem.Pool) *held {
	h := helds.Get().(*held)
	h.pool = pool
	return h
}

// Get is part of grpc's interface of pools, which asks a buffer's own pool for nothing.
func (h *held) Get(n int) *[]byte { return h.pool.Uncounted().Get(n) }

// Put is called for each buffer when grpc has done with it.
func (h *held) Put(*[]byte) {
	if h.unsent.Add(-1) == 0 {
		h.recycle()
	}
}

// recycle lets go of everything; h must not be used afterwards.
func (h *held) recycle() {
	h.release()
	helds.Put(h)
}

func (p *parts) release() {
	if p.head != nil {
		p.pool.Put(p.head)
		p.head = nil
	}
	for i, b := range p.audio {
		b.Release()
		p.audio[i], p.samples[i] = nil, nil
	}
	p.cuts, p.audio, p.samples = p.cuts[:0], p.audio[:0], p.samples[:0]
	if cap(p.fields) > maxScratch {
		p.fields = nil
	}
}
