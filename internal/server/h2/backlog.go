package h2

import "google.golang.org/grpc/mem"

// backlogBlock is the size of the pieces of memory that a backlog consists of.
const backlogBlock = 16 << 10

// backlog is bytes in the order in which they came, in memory of the pool: hardly more than they are.
type backlog struct {
	blocks []*[]byte
	from   int // of the first block, what was taken
	to     int // of the last block, what is filled
	bytes  int
}

func (b *backlog) size() int { return b.bytes }

func (b *backlog) add(p []byte, pool mem.BufferPool) {
	b.bytes += len(p)
	for len(p) > 0 {
		if len(b.blocks) == 0 || b.to == backlogBlock {
			b.blocks = append(b.blocks, pool.Get(backlogBlock))
			b.to = 0
		}
		n := copy((*b.blocks[len(b.blocks)-1])[b.to:backlogBlock], p)
		b.to += n
		p = p[n:]
	}
}

// first returns the first of the bytes, as far as they lie together.
func (b *backlog) first() []byte {
	end := backlogBlock
	if len(b.blocks) == 1 {
		end = b.to
	}
	return (*b.blocks[0])[b.from:end]
}

// drop takes the first n bytes out.
func (b *backlog) drop(n int, pool mem.BufferPool) {
	b.bytes -= n
	for n > 0 {
		have := len(b.first())
		if n < have {
			b.from += n
			return
		}
		n -= have
		pool.Put(b.blocks[0])
		b.blocks, b.from = b.blocks[1:], 0
	}
	if b.bytes == 0 {
		b.blocks = nil
	}
}
