package resample

import (
	"container/list"
	"fmt"
	"sync"
)

// The sample rates that are accepted, in Hz.
const (
	MinRate = 8_000
	MaxRate = 768_000
)

// cacheBytes bounds the tables that are kept for later streams. The largest
// filter takes about 1 MB, a usual one 20 to 200 KB.
const cacheBytes = 16 << 20

// Filter holds the immutable tables for one pair of rates and one quality.
// Streams share it; it is safe for concurrent use.
type Filter struct {
	ratio
	banks []*bank // none for equal rates
	delay int64
}

// NewFilter returns the filter from srcRate to dstRate in Hz, designing it if
// it isn't among the recently used ones: below a millisecond for usual rates.
// It fails for rates outside MinRate..MaxRate and for an unknown quality.
func NewFilter(srcRate, dstRate int, q Quality) (*Filter, error) {
	for _, rate := range [...]int{srcRate, dstRate} {
		if rate < MinRate || rate > MaxRate {
			return nil, fmt.Errorf("resample: sample rate %d Hz is out of range, expected %d to %d Hz", rate, MinRate, MaxRate)
		}
	}
	if int(q) >= len(classes) {
		return nil, fmt.Errorf("resample: unknown quality %d, expected %d (low) to %d (very_high)", q, Low, VeryHigh)
	}
	return shared.get(filterKey{reduce(int64(dstRate), int64(srcRate)), q}), nil
}

// Latency is how many input frames behind the newest one the output of a
// stream lies: the part that flushing has to bring out. It is the reach of the
// filter to one side. The output itself isn't shifted in time.
func (f *Filter) Latency() int { return int(f.delay) }

// TableBytes is the size of the tables.
func (f *Filter) TableBytes() int {
	n := 0
	for _, b := range f.banks {
		n += b.bytes()
	}
	return n
}

// total is the number of outputs due for n inputs in all: n*up/down, rounded
// half up.
func (f *Filter) total(n int64) int64 { return (n*f.up + f.down/2) / f.down }

// ready is the number of outputs due before the end of the stream is known.
func (f *Filter) ready(n int64) int64 {
	if n <= f.delay {
		return 0
	}
	return f.total(n - f.delay)
}

func designFilter(k filterKey) *Filter {
	f := &Filter{ratio: k.ratio}
	if k.up == k.down {
		return f
	}
	step := ratio{1, 1} // from end-to-end input to the stage's input
	for _, s := range plan(k.ratio, k.quality) {
		f.banks = append(f.banks, newBank(s))
		f.delay += (s.half()*step.down + step.up - 1) / step.up
		step = step.times(s.ratio)
	}
	return f
}

type filterKey struct {
	ratio
	quality Quality
}

// cache keeps the most recently used filters up to a number of bytes.
type cache struct {
	mu      sync.Mutex
	limit   int
	bytes   int
	order   list.List // of *cacheEntry, most recent first
	entries map[filterKey]*list.Element
}

type cacheEntry struct {
	key    filterKey
	design func() *Filter // runs once, outside the lock
	bytes  int            // 0 until designed
}

var shared = newCache(cacheBytes)

func newCache(limit int) *cache {
	return &cache{limit: limit, entries: map[filterKey]*list.Element{}}
}

func (c *cache) get(k filterKey) *Filter {
	e := c.entry(k)
	f := e.design()
	c.account(e, f)
	return f
}

// entry finds or adds the entry of a key and makes it the most recent.
func (c *cache) entry(k filterKey) *cacheEntry {
	c.mu.Lock()
	defer c.mu.Unlock()
	if el, ok := c.entries[k]; ok {
		c.order.MoveToFront(el)
		return el.Value.(*cacheEntry)
	}
	e := &cacheEntry{key: k, design: sync.OnceValue(func() *Filter { return designFilter(k) })}
	c.entries[k] = c.order.PushFront(e)
	return e
}

// entryBytes is what a cached filter takes beside its tables.
const entryBytes = 1 << 10

// account adds a newly designed filter's size and drops the least recently
// used ones beyond the limit. A filter in use stays alive with its streams.
func (c *cache) account(e *cacheEntry, f *Filter) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if el, ok := c.entries[e.key]; !ok || el.Value != e || e.bytes > 0 {
		return
	}
	e.bytes = f.TableBytes() + entryBytes
	c.bytes += e.bytes
	for c.bytes > c.limit {
		last := c.order.Back()
		old := last.Value.(*cacheEntry)
		c.order.Remove(last)
		delete(c.entries, old.key)
		c.bytes -= old.bytes
	}
}
