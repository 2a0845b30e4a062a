// Package mem owns the memory of audio and messages: one buffer [Pool] for everything that is large (also the transport's), and
// the [Account] of an execution, which is charged for what it holds and refuses what goes beyond its limit or beyond the
// [Budget] of the whole process. It knows nothing about audio.
package mem

import (
	"math/bits"
	"sync"
	"sync/atomic"
	"unsafe"
)

// Size classes: powers of two up to 1 MiB, and four steps per power of two above, so that a large buffer wastes at most a
// fifth of its class. Smaller than 256 bytes is left to the garbage collector, as is anything above 1 GiB.
const (
	minClassBits  = 8
	fineClassBits = 20
	maxClassBits  = 30
	fineSteps     = 4
	numClasses    = fineClassBits - minClassBits + 1 + (maxClassBits-fineClassBits)*fineSteps
)

// DefaultRetain is how many bytes of idle buffers a pool keeps unless told otherwise.
const DefaultRetain = 128 << 20

// Pool hands out byte buffers and takes them back. Buffers aren't cleared: the holder writes before it reads. It
// implements the BufferPool interface of google.golang.org/grpc/mem. All methods are safe for concurrent use.
type Pool struct {
	retain   int64
	retained atomic.Int64
	out      atomic.Int64
	poison   bool
	classes  [numClasses]class
}

type class struct {
	mu    sync.Mutex
	free  []*[]byte // the last one given back is the first used again
	spare int       // how many of free, its first, weren't used since the last Trim
}

// NewPool makes a pool that keeps at most retain bytes of idle buffers; what comes back beyond is dropped.
// A retain of 0 or less means [DefaultRetain].
func NewPool(retain int64) *Pool {
	if retain <= 0 {
		retain = DefaultRetain
	}
	return &Pool{retain: retain}
}

// NewPoisonedPool makes a pool for tests that fills every buffer with 0xFF when it comes back (as float32 that is NaN), so
// that a use after release shows.
func NewPoisonedPool() *Pool {
	p := NewPool(DefaultRetain)
	p.poison = true
	return p
}

// Alignment is that of every buffer, in bytes: a cache line, and the widest vector of any kernel.
const Alignment = 64

// Get returns a buffer of exactly length bytes, whose content is undefined. Its address is a multiple of [Alignment].
func (p *Pool) Get(length int) *[]byte {
	p.out.Add(1)
	return p.get(length)
}

func (p *Pool) get(length int) *[]byte {
	i, size := classOf(length)
	if i < 0 {
		b := aligned(length, length)
		return &b
	}
	if b := p.classes[i].pop(); b != nil {
		p.retained.Add(-int64(cap(*b)))
		*b = (*b)[:length]
		return b
	}
	b := aligned(length, size)
	return &b
}

// aligned allocates. The runtime aligns what is a power of two or several pages by itself, and says so nowhere.
func aligned(length, capacity int) []byte {
	b := make([]byte, length, max(capacity, 1))
	off := int(uintptr(unsafe.Pointer(unsafe.SliceData(b))) % Alignment)
	if off == 0 {
		return b
	}
	b = make([]byte, capacity+Alignment)
	off = int(uintptr(unsafe.Pointer(unsafe.SliceData(b))) % Alignment)
	return b[Alignment-off:][:length:capacity]
}

// Put gives a buffer of Get back; the caller must not touch it afterwards.
func (p *Pool) Put(b *[]byte) {
	p.out.Add(-1)
	p.put(b)
}

func (p *Pool) put(b *[]byte) {
	size := cap(*b)
	if p.poison {
		poison((*b)[:size])
	}
	i, want := classOf(size)
	if i < 0 || want != size || p.retained.Add(int64(size)) > p.retain {
		if i >= 0 && want == size {
			p.retained.Add(-int64(size))
		}
		return
	}
	p.classes[i].push(b)
}

// Uncounted is a pool as seen by holders that may drop a buffer to the garbage collector instead of giving it back, as grpc-go does
// with the data of a call whose handler never read it. [Pool.Out] doesn't count its buffers.
type Uncounted struct{ pool *Pool }

// Uncounted returns the same pool for such holders.
func (p *Pool) Uncounted() Uncounted { return Uncounted{p} }

// Get is [Pool.Get].
func (u Uncounted) Get(length int) *[]byte { return u.pool.get(length) }

// Put is [Pool.Put].
func (u Uncounted) Put(b *[]byte) { u.pool.put(b) }

// Out returns how many buffers are handed out and not yet back.
func (p *Pool) Out() int64 { return p.out.Load() }

// Retained returns how many bytes of idle buffers the pool keeps.
func (p *Pool) Retained() int64 { return p.retained.Load() }

// Trim drops the idle buffers that weren't used since the last Trim, and returns how many bytes they have: of each size the
// pool keeps as many buffers as were needed at once, on top of those still out. Called at intervals it lets go of the memory
// of a past peak, and after an interval without use of all; the system has it back when the garbage collector has run. It
// takes microseconds, and leaves buffers that are out alone.
func (p *Pool) Trim() int64 {
	var dropped int64
	for i := range p.classes {
		dropped += p.classes[i].trim()
	}
	p.retained.Add(-dropped)
	return dropped
}

func (c *class) trim() (bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.spare > 0 {
		for _, b := range c.free[:c.spare] {
			bytes += int64(cap(*b))
		}
		kept := make([]*[]byte, len(c.free)-c.spare) // the list of a peak is long, too
		copy(kept, c.free[c.spare:])
		c.free = kept
	}
	c.spare = len(c.free)
	return bytes
}

func (c *class) pop() *[]byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(c.free)
	if n == 0 {
		return nil
	}
	b := c.free[n-1]
	c.free[n-1] = nil
	c.free = c.free[:n-1]
	c.spare = min(c.spare, n-1)
	return b
}

func (c *class) push(b *[]byte) {
	c.mu.Lock()
	c.free = append(c.free, b)
	c.mu.Unlock()
}

// classOf returns the index and size of the smallest class that holds n bytes, or -1 where there is none.
func classOf(n int) (index, size int) {
	if n < 1<<minClassBits/2 || n > 1<<maxClassBits {
		return -1, n
	}
	top := bits.Len(uint(n - 1)) // n <= 1<<top
	if top <= fineClassBits {
		top = max(top, minClassBits)
		return top - minClassBits, 1 << top
	}
	step := 1 << (top - 1) / fineSteps
	k := (n - 1<<(top-1) + step - 1) / step // 1..fineSteps
	return fineClassBits - minClassBits + (top-1-fineClassBits)*fineSteps + k, 1<<(top-1) + k*step
}

func poison(b []byte) {
	for i := range b {
		b[i] = 0xFF
	}
}
