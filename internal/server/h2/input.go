package h2

import (
	"io"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc/mem"

	"github.com/remotemedia/remotemedia-go/internal/server/conn"
)

// Sizes of what is read at once: of a connection that brings little, and of one that brings more than that.
const (
	smallBlock = 32 << 10
	largeBlock = 64 << 10
)

// input reads a connection in blocks of the pool. What is long in them isn't copied: see block. It belongs to the goroutine that reads.
type input struct {
	conn  *conn.Socket
	pool  mem.BufferPool
	block *block
	r, w  int  // what was read and not yet taken is block[r:w]
	large bool // the last block was read full
}

// block is memory that was read into. The input has a share in it, and so has each part that was handed out; the last gives it back.
type block struct {
	data   *[]byte
	pool   mem.BufferPool
	shares atomic.Int32
	parts  [mostParts][]byte // that were handed out, in memory that is used again
	n      int
}

// mostParts is how many long parts a block can have.
const mostParts = largeBlock / shortPart

// Get implements mem.BufferPool, which is asked for nothing.
func (b *block) Get(n int) *[]byte { return b.pool.Get(n) }

// Put implements mem.BufferPool: a part that was handed out is no longer needed.
func (b *block) Put(*[]byte) { b.drop() }

func (b *block) drop() {
	if b.shares.Add(-1) > 0 {
		return
	}
	b.pool.Put(b.data)
	b.data, b.pool, b.n = nil, nil, 0
	blocks.Put(b)
}

var blocks = sync.Pool{New: func() any { return new(block) }}

func newBlock(data *[]byte, pool mem.BufferPool) *block {
	b := blocks.Get().(*block)
	b.data, b.pool = data, pool
	b.shares.Store(1)
	return b
}

// buffered is how many bytes are there without reading.
func (in *input) buffered() int { return in.w - in.r }

// next returns the next n bytes, valid until the one after is asked for, and takes them.
func (in *input) next(n int) ([]byte, error) {
	for in.buffered() < n {
		if err := in.more(n); err != nil {
			if err == io.EOF && in.buffered() > 0 {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
	}
	p := (*in.block.data)[in.r : in.r+n : in.r+n]
	in.r += n
	return p, nil
}

// buffer makes a buffer of bytes that next returned. It holds on to the block, but where it is short, or a small part of the block and not wanted
// at once: what waits for a while is to keep no more than a few times its own memory.
func (in *input) buffer(p []byte, atOnce bool) mem.Buffer {
	b := in.block
	const few = 4
	if len(p) < shortPart || b.n == mostParts || !atOnce && few*len(p) < len(*b.data) {
		return mem.Copy(p, in.pool)
	}
	b.shares.Add(1)
	part := &b.parts[b.n]
	*part = p
	b.n++
	return mem.NewBuffer(part, b)
}

const shortPart = 4 << 10

// more reads at least a byte. There is to be room for n, from in.r on.
func (in *input) more(n int) error {
	if in.buffered() == 0 {
		in.release()
		return in.first()
	}
	if in.r+n > len(*in.block.data) {
		in.move(n)
	}
	got, err := in.conn.Read((*in.block.data)[in.w:])
	in.w += got
	if got > 0 {
		return nil
	}
	return err
}

// first reads into a new block.
func (in *input) first() error {
	data, got, err := in.conn.ReadOnReady(in.size(), in.pool)
	if data == nil {
		return err
	}
	in.block = newBlock(data, in.pool)
	in.r, in.w = 0, got
	in.large = got == len(*data)
	return nil
}

// size is that of the next block.
func (in *input) size() int {
	if in.large {
		return largeBlock
	}
	return smallBlock
}

// move puts what is left of a block at the beginning of another with room for n bytes.
func (in *input) move(n int) {
	data := in.pool.Get(max(n, in.size()))
	in.w = copy(*data, (*in.block.data)[in.r:in.w])
	in.r = 0
	in.block.drop()
	in.block = newBlock(data, in.pool)
}

// release gives the block back; what is in it is gone.
func (in *input) release() {
	if in.block != nil {
		in.block.drop()
		in.block = nil
	}
	in.r, in.w = 0, 0
}
