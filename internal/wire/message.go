package wire

import (
	"encoding/binary"

	grpcmem "google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/mem"
)

// answer is a message being built: a head of encoded fields, cut where samples that lie elsewhere are to stand.
type answer struct {
	held *held
	head []byte
	from int // where the message begins in head
	size int // of the samples that lie elsewhere
}

const (
	// outerRoom is left in front for tag and length of the field that holds all.
	outerRoom = 2 * binary.MaxVarintLen32
	// inPlace is from how many bytes on samples are sent from where they lie: fewer are cheaper copied than kept as a piece of their own.
	inPlace = 2 << 10
	// minHead is the size of the smallest head. grpc's buffers (package mem) don't give those of 1 KiB and less back.
	minHead = 2 << 10
)

func newAnswer(pool *mem.Pool, room int) answer {
	a := answer{held: newHeld(pool), from: room}
	a.held.head = pool.Get(minHead)
	a.head = (*a.held.head)[:room]
	return a
}

// room makes place for n more bytes in the head.
func (a *answer) room(n int) {
	if len(a.head)+n <= cap(a.head) {
		return
	}
	larger := a.held.pool.Get(max(len(a.head)+n, 2*cap(a.head)))
	copy(*larger, a.head)
	a.held.pool.Put(a.held.head)
	a.held.head, a.head = larger, (*larger)[:len(a.head)]
}

// message appends the fields of a message. Its size is taken anew, as messages are used again, and then holds for the encoding.
func (a *answer) message(m proto.Message) (err error) {
	a.room(proto.Size(m))
	options := proto.MarshalOptions{UseCachedSize: true}
	a.head, err = options.MarshalAppend(a.head, m)
	return err
}

// begin appends tag and length of a field.
func (a *answer) begin(number protowire.Number, size int) {
	a.room(2 * binary.MaxVarintLen32)
	a.head = protowire.AppendTag(a.head, number, protowire.BytesType)
	a.head = protowire.AppendVarint(a.head, uint64(size))
}

// insert has the samples of a buffer stand at the end of what is there, without copying them.
func (a *answer) insert(b *audio.Buffer, samples []byte) {
	h := a.held
	h.cuts, h.audio, h.samples = append(h.cuts, len(a.head)), append(h.audio, b.Retain()), append(h.samples, samples)
	a.size += len(samples)
}

// frame puts all into one field and hands it over.
func (a *answer) frame(number protowire.Number) Frame {
	var outer [outerRoom]byte
	start := protowire.AppendTag(outer[:0], number, protowire.BytesType)
	start = protowire.AppendVarint(start, uint64(a.size+len(a.head)-a.from))
	a.from -= len(start)
	copy(a.head[a.from:], start)
	return Frame{a.finish()}
}

// finish hands the pieces over to the transport, which gives them back to held one by one.
func (a *answer) finish() grpcmem.BufferSlice {
	h := a.held
	*h.head = a.head
	h.unsent.Store(int32(1 + len(h.cuts)))
	out := make(grpcmem.BufferSlice, 0, 2*len(h.cuts)+1)
	head := grpcmem.NewBuffer(h.head, h)
	at := a.from
	for i, cut := range h.cuts {
		out = append(out, head.Slice(at, cut), grpcmem.NewBuffer(&h.samples[i], h))
		at = cut
	}
	if at < len(a.head) {
		out = append(out, head.Slice(at, len(a.head)))
	}
	head.Free() // its slices hold it
	return out
}

// drop lets go of a message that can't be made.
func (a *answer) drop() { a.held.recycle() }
