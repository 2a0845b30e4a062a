package mem

import (
	"errors"
	"sync"
	"testing"
	"unsafe"

	"pgregory.net/rapid"
)

func TestClassesHoldWhatTheyAreAskedFor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(128, 1<<maxClassBits).Draw(t, "n")
		i, size := classOf(n)
		if size < n {
			t.Fatalf("classOf(%d) = class %d of %d bytes: too small", n, i, size)
		}
		if n > 1<<fineClassBits && size > n+n/4+1 {
			t.Fatalf("classOf(%d) wastes %d bytes", n, size-n)
		}
		if j, again := classOf(size); j != i || again != size {
			t.Fatalf("classOf(%d) = %d, %d, but its own size gives %d, %d", n, i, size, j, again)
		}
	})
}

func TestClassesAreDenseAndAscending(t *testing.T) {
	last := -1
	for n := 128; n <= 1<<maxClassBits; n += max(1, n/64) {
		i, _ := classOf(n)
		if i < last || i > last+1 || i >= numClasses {
			t.Fatalf("classOf(%d) = %d after %d", n, i, last)
		}
		last = i
	}
	if i, _ := classOf(1 << maxClassBits); i != numClasses-1 {
		t.Fatalf("the largest class is %d of %d", i, numClasses)
	}
}

func TestPoolReusesAndBoundsWhatItKeeps(t *testing.T) {
	p := NewPool(4096)
	a := p.Get(1000)
	p.Put(a)
	if b := p.Get(900); b != a {
		t.Error("a buffer of the same class wasn't used again")
	} else if len(*b) != 900 {
		t.Errorf("length %d, want 900", len(*b))
	} else {
		p.Put(b)
	}
	for range 10 {
		p.Put(p.Get(1 << 20))
	}
	if got := p.Retained(); got > 4096 {
		t.Errorf("keeps %d bytes, allowed are 4096", got)
	}
}

func TestAccountRefusesBeyondLimitAndBudget(t *testing.T) {
	root := NewRoot(150)
	a := NewAccount(NewPool(0), root, 100)
	b := NewAccount(NewPool(0), root, 100)
	if err := a.Charge(100); err != nil {
		t.Fatal(err)
	}
	var limit *LimitError
	if err := a.Charge(1); !errors.As(err, &limit) || limit.Used != 100 || limit.Allowed != 100 || limit.Shared {
		t.Errorf("beyond the limit: %+v", err)
	}
	if err := b.Charge(51); !errors.As(err, &limit) || !limit.Shared {
		t.Errorf("beyond the budget: %+v", err)
	}
	a.Release(100)
	if a.Used() != 0 || b.Used() != 0 || root.Used() != 0 {
		t.Errorf("used after release: %d, %d, %d", a.Used(), b.Used(), root.Used())
	}
	if a.Peak() != 100 {
		t.Errorf("peak %d, want 100", a.Peak())
	}
}

func TestBlockGoesBackWithTheLastHolder(t *testing.T) {
	pool := NewPoisonedPool()
	a := NewAccount(pool, Unlimited{}, 1<<20)
	b, err := a.Alloc(4000)
	if err != nil {
		t.Fatal(err)
	}
	bytes := b.Bytes()
	bytes[0] = 7
	var wg sync.WaitGroup
	for range 8 {
		b.Retain()
		wg.Go(b.Release)
	}
	wg.Wait()
	if bytes[0] != 7 || a.Used() != 4000 || pool.Out() != 1 {
		t.Fatalf("gone too early: byte %d, used %d, out %d", bytes[0], a.Used(), pool.Out())
	}
	b.Release()
	if bytes[0] != 0xFF || a.Used() != 0 || pool.Out() != 0 {
		t.Fatalf("not given back: byte %d, used %d, out %d", bytes[0], a.Used(), pool.Out())
	}
	defer func() {
		if recover() == nil {
			t.Error("a second release went unnoticed")
		}
	}()
	b.Release()
}

func TestOwnedBuffersGoBackToThePool(t *testing.T) {
	pool := NewPoisonedPool()
	a := NewAccount(pool, Unlimited{}, 4000)
	buf := pool.Get(4000)
	var b, other Block
	err := a.OwnInto(&b, buf)
	if err != nil || a.Used() != 4000 || &b.Bytes()[0] != &(*buf)[0] || len(b.Bytes()) != 4000 || b.Adopted() {
		t.Fatalf("error %v, %d bytes charged", err, a.Used())
	}
	more := pool.Get(1)
	if err := a.OwnInto(&other, more); err == nil || a.Used() != 4000 || pool.Out() != 2 {
		t.Errorf("beyond the limit: error %v, %d bytes charged, %d buffers out", err, a.Used(), pool.Out())
	}
	pool.Put(more)
	b.Release()
	if a.Used() != 0 || pool.Out() != 0 {
		t.Errorf("%d bytes charged, %d buffers out", a.Used(), pool.Out())
	}
}

func TestBuffersAreAligned(t *testing.T) {
	p := NewPool(0)
	for n := range 3000 {
		for _, n := range []int{n, n * n} {
			b := p.Get(n)
			if at := uintptr(unsafe.Pointer(unsafe.SliceData(*b))); at%Alignment != 0 || len(*b) != n {
				t.Fatalf("%d bytes at %x, length %d", n, at, len(*b))
			}
			p.Put(b)
		}
	}
	if b := aligned(10, 256); len(b) != 10 || cap(b) != 256 {
		t.Errorf("length %d, capacity %d", len(b), cap(b))
	}
}

func TestAdoptedMemoryIsFreedOnce(t *testing.T) {
	a := NewAccount(NewPool(0), Unlimited{}, 10)
	freed := 0
	b, err := a.Adopt(make([]byte, 10), func() { freed++ })
	if err != nil {
		t.Fatal(err)
	}
	b.Retain().Release()
	b.Release()
	if freed != 1 || a.Used() != 0 {
		t.Errorf("freed %d times, %d bytes used", freed, a.Used())
	}
}

func TestFloat32sRefusesMisalignedBytes(t *testing.T) {
	raw, _ := BytesOf(make([]float32, 5)) // aligned
	if _, ok := Float32s(raw[1:17]); ok {
		t.Error("misaligned bytes were viewed as floats")
	}
	x, ok := Float32s(raw[:16])
	if !ok || len(x) != 4 {
		t.Errorf("aligned bytes: %d samples, ok %v", len(x), ok)
	}
}

func BenchmarkPool(b *testing.B) {
	p := NewPool(0)
	b.ReportAllocs()
	for b.Loop() {
		p.Put(p.Get(176_400))
	}
}
