package graph

import (
	"container/list"
	"sync"
)

// DefaultCacheBytes bounds a plan cache unless told otherwise.
const DefaultCacheBytes = 32 << 20

// Cache keeps the plans used last, up to a number of bytes. The key is everything that a plan depends on, compared in
// full: the manifest's bytes, the catalogue's version and the limits that affect validation. It is safe for concurrent use.
type Cache struct {
	limit int

	mu      sync.Mutex
	used    int
	entries map[string]*list.Element // of *cacheEntry
	recent  *list.List               // the one used last in front
}

type cacheEntry struct {
	key  string
	plan *Plan
	size int
}

// NewCache makes a cache of at most limit bytes; 0 means [DefaultCacheBytes], less than 0 a cache that keeps nothing.
func NewCache(limit int) *Cache {
	if limit == 0 {
		limit = DefaultCacheBytes
	}
	return &Cache{limit: limit, entries: make(map[string]*list.Element), recent: list.New()}
}

// Get returns the plan of a key.
func (c *Cache) Get(key []byte) (*Plan, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[string(key)]
	if !ok {
		return nil, false
	}
	c.recent.MoveToFront(e)
	return e.Value.(*cacheEntry).plan, true
}

// Put keeps a plan, unless it has secrets or is so large that it would push too many others out. The least recently used
// plans make room for it.
func (c *Cache) Put(key []byte, plan *Plan) {
	size := 2*len(key) + plan.size()
	if plan.Secret || size > c.limit/4 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.entries[string(key)]; ok {
		return // somebody else compiled the same meanwhile
	}
	for c.used+size > c.limit {
		c.evict()
	}
	e := &cacheEntry{string(key), plan, size}
	c.entries[e.key] = c.recent.PushFront(e)
	c.used += size
}

// Len returns how many plans are kept.
func (c *Cache) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.recent.Len()
}

// Bytes returns the size of what is kept, estimated.
func (c *Cache) Bytes() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.used
}

func (c *Cache) evict() {
	e := c.recent.Remove(c.recent.Back()).(*cacheEntry)
	delete(c.entries, e.key)
	c.used -= e.size
}

// Rough sizes of a plan's parts with what they refer to, the manifest's own included.
const (
	planBytes = 1 << 10
	nodeBytes = 2 << 10
	edgeBytes = 256
)

// size estimates the memory of a plan. Params count several times: as text in the manifest and its source, redacted, and decoded.
func (p *Plan) size() int {
	size := planBytes + len(p.Nodes)*nodeBytes
	for i := range p.Nodes {
		size += len(p.Nodes[i].Edges)*edgeBytes + 4*len(p.Manifest.Nodes[i].Params)
	}
	return size
}
