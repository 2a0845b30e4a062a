package metrics

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// other is the label value of everything that a family has no room for.
const other = "other"

// family is a set of T by the value of one label. It holds at most so many values as it was made for, whatever callers send:
// what comes later shares the value "other". Finding a known value takes no lock.
type family[T any] struct {
	create func(label string) *T
	most   int
	known  atomic.Pointer[map[string]*T] // replaced as a whole, never written to

	mu sync.Mutex // held while one is added
}

// newFamily makes a family of at most that many values, of which some exist from the start, so that their counters are 0 and
// not absent.
func newFamily[T any](most int, create func(label string) *T, labels ...string) *family[T] {
	f := &family[T]{create: create, most: most}
	f.known.Store(&map[string]*T{})
	for _, label := range labels {
		f.of(label)
	}
	return f
}

// of returns the member of a label value, made when there is none and room for it.
func (f *family[T]) of(label string) *T {
	if v, ok := (*f.known.Load())[label]; ok {
		return v
	}
	return f.add(strings.ToValidUTF8(label, "?"))
}

func (f *family[T]) add(label string) *T {
	f.mu.Lock()
	defer f.mu.Unlock()
	known := *f.known.Load()
	if len(known) >= f.most {
		label = other
	}
	if v, ok := known[label]; ok {
		return v
	}
	grown := maps.Clone(known)
	v := f.create(label)
	grown[label] = v
	f.known.Store(&grown)
	return v
}

// each calls f for every member, in the order of the label values.
func (f *family[T]) each(visit func(label string, v *T)) {
	known := *f.known.Load()
	for _, label := range slices.Sorted(maps.Keys(known)) {
		visit(label, known[label])
	}
}

// counter counts things that happened.
type counter = atomic.Uint64

func newCounter(string) *counter { return new(counter) }

// counts returns the counters of a family by label value.
func counts(f *family[counter]) map[string]uint64 {
	out := make(map[string]uint64)
	f.each(func(label string, c *counter) { out[label] = c.Load() })
	return out
}
