package graph

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/remotemedia/remotemedia-go/manifest"
)

// planOf is a plan of n nodes, each with params of the given length.
func planOf(n, params int) *Plan {
	p := &Plan{Nodes: make([]Node, n), Manifest: &manifest.Manifest{Nodes: make([]manifest.Node, n)}}
	for i := range p.Manifest.Nodes {
		p.Manifest.Nodes[i].Params = []byte(strings.Repeat(" ", params))
	}
	return p
}

func TestCacheKeepsThePlansUsedLast(t *testing.T) {
	one := planOf(1, 0)
	size := one.size() + 2
	c := NewCache(4 * size)
	plans := map[string]*Plan{}
	for _, key := range []string{"a", "b", "c", "d"} {
		plans[key] = planOf(1, 0)
		c.Put([]byte(key), plans[key])
	}
	if got, ok := c.Get([]byte("a")); !ok || got != plans["a"] {
		t.Fatal("a isn't kept")
	}
	c.Put([]byte("e"), one)
	for key, want := range map[string]bool{"a": true, "b": false, "c": true, "d": true, "e": true} {
		if _, ok := c.Get([]byte(key)); ok != want {
			t.Errorf("%s is kept: %v, want %v", key, ok, want)
		}
	}
	if c.Len() != 4 || c.Bytes() != 4*size {
		t.Errorf("%d plans of %d bytes, want 4 of %d", c.Len(), c.Bytes(), 4*size)
	}
}

func TestCacheRefusesSecretsAndGiants(t *testing.T) {
	c := NewCache(100_000)
	secret := planOf(1, 0)
	secret.Secret = true
	c.Put([]byte("secret"), secret)
	c.Put([]byte("giant"), planOf(1, 10_000))
	c.Put([]byte(strings.Repeat("k", 20_000)), planOf(1, 0))
	if c.Len() != 0 {
		t.Errorf("%d plans are kept, want none", c.Len())
	}
	c.Put([]byte("small"), planOf(1, 0))
	c.Put([]byte("small"), planOf(1, 0))
	if c.Len() != 1 {
		t.Errorf("%d plans are kept, want 1", c.Len())
	}
	off := NewCache(-1)
	off.Put([]byte("small"), planOf(1, 0))
	if off.Len() != 0 {
		t.Error("a cache that is off keeps a plan")
	}
}

func TestCacheStaysWithinItsBoundUnderConcurrentUse(t *testing.T) {
	const limit = 64 << 10
	c := NewCache(limit)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 200 {
				key := fmt.Appendf(nil, "%d", (g*7+i)%60)
				if _, ok := c.Get(key); !ok {
					c.Put(key, planOf(1+i%3, 0))
				}
				if used := c.Bytes(); used > limit || used < 0 {
					t.Errorf("%d bytes are used, allowed %d", used, limit)
				}
			}
		})
	}
	wg.Wait()
	if c.Len() == 0 {
		t.Error("nothing is kept")
	}
}
