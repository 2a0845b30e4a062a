package stream

import (
	"sync"
	"time"

	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/fault"
)

// Policy says what happens to a chunk that finds the queue full.
type Policy uint8

// The policies, with the numbers of the wire.
const (
	Block      Policy = 1 + iota // wait: flow control slows the client down
	DropOldest                   // the chunk that waited longest is dropped
	DropNewest                   // the chunk that came is dropped
	Overflow                     // the stream ends with an error
)

// Bounds of the queue: 10 chunks or 256 KiB, whichever is less, but always one chunk.
const (
	DefaultQueueChunks = 10
	DefaultQueueBytes  = 256 << 10
)

// maxRuns bounds the runs of dropped chunks that wait for their answers; see [drops]. Beyond it the receiver waits.
const maxRuns = 1024

// entry is something the pump has to do, in order.
type entry struct {
	work     work
	input    engine.Input // of a chunk
	sequence uint64       // of a chunk, or the failing one
	received time.Time
	size     int           // bytes that a chunk holds in the queue
	samples  uint64        // of its audio, over all channels
	lasts    time.Duration // that its audio plays
	drops    *drops
	err      *fault.Error // of a failure
	reason   string       // of an end
	code     int32        // of an end
}

type work uint8

const (
	doReady work = iota // send the first answer
	doChunk             // process one chunk
	doDrops             // answer a run of dropped chunks
	doFail              // tell the error and end
	doClose             // flush and end
	doAbort             // end without flushing
)

// drops are dropped chunks, of which only this is kept: their sequences, and by how much each source's clock goes on. Sequences that
// follow each other are one run, so that a flood takes no room; a stream that allows gaps may make a run of every chunk.
type drops struct {
	runs   []run
	frames map[int]gap
}

type run struct{ first, count uint64 }

// count is how many chunks were dropped.
func (d *drops) count() (n uint64) {
	for _, r := range d.runs {
		n += r.count
	}
	return n
}

type gap struct {
	frames int64
	rate   int
}

func (d *drops) add(e *entry) {
	if last := len(d.runs) - 1; last >= 0 && d.runs[last].first+d.runs[last].count == e.sequence {
		d.runs[last].count++
	} else {
		d.runs = append(d.runs, run{e.sequence, 1})
	}
	g := d.frames[e.input.Node]
	d.frames[e.input.Node] = g // data leaves a gap, too, but none in the sample clock
	if b := e.input.Item.Audio; b != nil {
		d.frames[e.input.Node] = gap{g.frames + int64(b.Frames()), b.Format.Rate}
		b.Release()
	}
}

// queue is what waits between the receiver and the pump. Only its own methods touch it.
type queue struct {
	maxChunks, maxBytes int
	policy              Policy
	start               func() // starts the pump; called without the lock

	mu            sync.Mutex
	entries       []entry
	store         *[]entry // the memory of entries; an idle stream holds none
	chunks, bytes int
	runs          int // of dropped chunks
	samples       uint64
	dropped       uint64
	pumping       bool
	closed        bool
	room          sync.Cond
}

func newQueue(maxChunks, maxBytes int, start func()) *queue {
	q := &queue{maxChunks: maxChunks, maxBytes: maxBytes, policy: Block, start: start}
	q.room.L = &q.mu
	return q
}

// push adds a chunk as the policy says, waiting for room where that is to block, and reports false when the policy is to end
// the stream. A chunk pushed after close is let go.
func (q *queue) push(e entry) bool {
	q.mu.Lock()
	for q.mustWait(e.size) && !q.closed {
		q.room.Wait()
	}
	if !q.closed && q.full(e.size) {
		if q.policy == Overflow {
			q.mu.Unlock()
			release(&e)
			return false
		}
		q.drop(&e)
	} else {
		q.add(e)
	}
	q.wake()
	return true
}

// do adds anything but a chunk, behind what waits.
func (q *queue) do(e entry) {
	q.mu.Lock()
	q.add(e)
	q.wake()
}

// instead drops all chunks that wait, without answers, and adds e.
func (q *queue) instead(e entry) {
	q.mu.Lock()
	ready := len(q.entries) > 0 && q.entries[0].work == doReady
	var first entry
	if ready {
		first, q.entries = q.entries[0], q.entries[1:]
	}
	q.clear()
	if ready {
		q.add(first)
	}
	q.add(e)
	q.wake()
}

// next takes the first entry. Where there is none the pump must end; when the queue was closed meanwhile, it has the last word.
func (q *queue) next() (e entry, ok, closed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.entries) == 0 || q.closed {
		q.pumping = false
		return entry{}, false, q.closed
	}
	e = q.entries[0]
	q.entries[0] = entry{}
	q.entries = q.entries[1:]
	if len(q.entries) == 0 {
		q.giveBack()
	}
	q.count(&e, -1)
	q.room.Broadcast()
	return e, true, false
}

// close lets all that waits go and everybody who waits. It reports whether a pump is at work, which then has the last word.
func (q *queue) close() (pumping bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.clear()
	q.closed = true
	q.room.Broadcast()
	return q.pumping
}

// unlessClosed runs f while the queue can't be closed, and reports false where it is already.
func (q *queue) unlessClosed(f func()) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		f()
	}
	return !q.closed
}

// idle reports whether nothing waits and nothing is being done.
func (q *queue) idle() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return !q.pumping && len(q.entries) == 0
}

// figures returns how many samples wait, and how many chunks were dropped so far.
func (q *queue) figures() (samples, dropped uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.samples, q.dropped
}

func (q *queue) mustWait(size int) bool {
	return q.policy == Block && q.full(size) || q.runs >= maxRuns
}

func (q *queue) full(size int) bool {
	return q.chunks > 0 && (q.chunks >= q.maxChunks || q.bytes+size > q.maxBytes)
}

func (q *queue) add(e entry) {
	if q.closed {
		release(&e)
		return
	}
	q.makeRoom()
	q.entries = append(q.entries, e)
	q.count(&e, 1)
}

// stores are memory for what waits in any stream.
var stores = sync.Pool{New: func() any { return new(make([]entry, 4)) }}

// maxStore is the largest memory that is kept for others, in entries: what waits by default fits.
const maxStore = 16

// makeRoom sees to it that the next entry finds memory: behind those that wait, or, where they have moved on, in front of them.
func (q *queue) makeRoom() {
	if q.store == nil {
		q.store = stores.Get().(*[]entry)
		q.entries = (*q.store)[:0]
	}
	n := len(q.entries)
	if n < cap(q.entries) {
		return
	}
	if n == len(*q.store) {
		q.store = new(make([]entry, 2*n))
	}
	copy(*q.store, q.entries)
	clear((*q.store)[n:])
	q.entries = (*q.store)[:n]
}

// giveBack lets go of the memory when nothing waits.
func (q *queue) giveBack() {
	q.entries = nil
	if q.store != nil && len(*q.store) <= maxStore {
		clear(*q.store)
		stores.Put(q.store)
	}
	q.store = nil
}

// wake starts the pump unless it is at work, and unlocks.
func (q *queue) wake() {
	start := !q.pumping && !q.closed
	q.pumping = q.pumping || start
	q.mu.Unlock()
	if start {
		q.start()
	}
}

// drop makes room for e, or drops e itself.
func (q *queue) drop(e *entry) {
	q.dropped++
	if q.policy == DropNewest {
		q.tombstone(len(q.entries), e)
		return
	}
	for i := range q.entries {
		if q.entries[i].work == doChunk {
			oldest := q.entries[i]
			q.count(&oldest, -1)
			q.entries = append(q.entries[:i], q.entries[i+1:]...)
			q.tombstone(i, &oldest)
			break
		}
	}
	if q.full(e.size) { // larger than what the oldest left free
		q.drop(e)
		return
	}
	q.add(*e)
}

// tombstone notes at position i that a chunk was dropped; neighbours share one, so that a flood of drops takes no room.
func (q *queue) tombstone(i int, e *entry) {
	if i > 0 && q.entries[i-1].work == doDrops {
		d := q.entries[i-1].drops
		before := len(d.runs)
		d.add(e)
		q.runs += len(d.runs) - before
		return
	}
	d := &drops{frames: make(map[int]gap)}
	d.add(e)
	q.runs++
	q.makeRoom()
	q.entries = append(q.entries, entry{})
	copy(q.entries[i+1:], q.entries[i:])
	q.entries[i] = entry{work: doDrops, drops: d, received: e.received}
}

func (q *queue) clear() {
	for i := range q.entries {
		q.count(&q.entries[i], -1)
		release(&q.entries[i])
	}
	q.giveBack()
}

func (q *queue) count(e *entry, sign int) {
	if e.work == doDrops {
		q.runs += sign * len(e.drops.runs)
	}
	if e.work != doChunk {
		return
	}
	q.chunks += sign
	q.bytes += sign * e.size
	if sign > 0 {
		q.samples += e.samples
	} else {
		q.samples -= e.samples
	}
}

func release(e *entry) {
	if b := e.input.Item.Audio; b != nil {
		b.Release()
		e.input.Item.Audio = nil
	}
}
