package wire

import (
	"sync"
	"sync/atomic"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/mem"
)

// held is the memory of one message on its way out: a head from the pool, and the audio that is sent from where it lies. To the transport it is
// the pool that each of the message's buffers goes back to. All is let go, and leaves the account of its execution, when the last of them does.
type held struct {
	pool    *mem.Pool
	head    *[]byte
	cuts    []int // where in the head the samples stand
	audio   []*audio.Buffer
	samples [][]byte     // of the audio: a buffer of the transport wants a pointer to each
	unsent  atomic.Int32 // buffers that the transport has
	fields  []byte       // of the audio being encoded
}

var helds = sync.Pool{New: func() any { return new(held) }}

func newHeld(pool *mem.Pool) *held {
	h := helds.Get().(*held)
	h.pool = pool
	return h
}

// Get is part of grpc's interface of pools, which asks a buffer's own pool for nothing.
func (h *held) Get(n int) *[]byte { return h.pool.Get(n) }

// Put is called for each buffer when the transport has done with it.
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

func (h *held) release() {
	if h.head != nil {
		h.pool.Put(h.head)
		h.head = nil
	}
	for i, b := range h.audio {
		b.Release()
		h.audio[i], h.samples[i] = nil, nil
	}
	h.cuts, h.audio, h.samples = h.cuts[:0], h.audio[:0], h.samples[:0]
	if cap(h.fields) > maxScratch {
		h.fields = nil
	}
}
