package mem

import (
	"slices"
	"sync"
	"testing"
)

// take gets n buffers of 1 KiB, and so many that are twice as large.
func take(p *Pool, n int) []*[]byte {
	var out []*[]byte
	for range n {
		out = append(out, p.Get(1<<10), p.Get(2<<10))
	}
	return out
}

func giveAll(p *Pool, out []*[]byte) {
	for _, b := range out {
		p.Put(b)
	}
}

func TestTrimDropsWhatWasNotUsedSinceTheLast(t *testing.T) {
	const each = 3 << 10
	p := NewPool(0)
	held := take(p, 1)
	*held[0] = append((*held[0])[:0], "held"...)
	for i, c := range []struct {
		used          int // pairs of buffers at once, before the trim
		dropped, kept int // pairs
	}{
		{10, 0, 10}, // all of them were used
		{3, 7, 3},
		{3, 0, 3},
		{5, 0, 5}, // two are new
		{1, 4, 1},
		{0, 1, 0},
		{0, 0, 0},
		{2, 0, 2},
	} {
		giveAll(p, take(p, c.used))
		giveAll(p, take(p, c.used/2)) // the most at once counts, not how often
		if got := p.Trim(); got != int64(c.dropped*each) {
			t.Errorf("trim %d dropped %d bytes, want %d", i, got, c.dropped*each)
		}
		if p.Retained() != int64(c.kept*each) || p.Out() != 2 {
			t.Errorf("after trim %d: %d bytes kept, want %d; %d buffers out, want 2", i, p.Retained(), c.kept*each, p.Out())
		}
	}
	if string(*held[0]) != "held" {
		t.Errorf("a buffer that was out has become %q", *held[0])
	}
	giveAll(p, held)
	if p.Retained() != 3*each || p.Out() != 0 {
		t.Errorf("at the end: %d bytes kept, want %d; %d buffers out", p.Retained(), 3*each, p.Out())
	}
}

// What is used again is what was used last: a trim drops the buffers that lay longest.
func TestTrimDropsTheOldest(t *testing.T) {
	p := NewPool(0)
	all := take(p, 4)
	giveAll(p, all)
	p.Trim()
	hot := p.Get(1 << 10)
	p.Put(hot)
	p.Trim()
	if got := p.Get(1 << 10); got != hot {
		t.Error("the buffer that was used last was dropped, or isn't the next")
	} else {
		p.Put(got)
	}
}

// Buffers belong to one holder also while others trim, and the figures are right in the end.
func TestTrimBesideUse(t *testing.T) {
	const holders, rounds = 4, 300
	p := NewPool(0)
	var using, trimming sync.WaitGroup
	for id := range holders {
		using.Go(func() {
			mine := byte(id + 1)
			for round := range rounds {
				var out []*[]byte
				for range 1 + (round+id)%5 {
					b := p.Get(300 << (round % 3))
					for i := range *b {
						(*b)[i] = mine
					}
					out = append(out, b)
				}
				for _, b := range out {
					if i := slices.IndexFunc(*b, func(x byte) bool { return x != mine }); i >= 0 {
						t.Errorf("holder %d found %d in its buffer", mine, (*b)[i])
					}
				}
				giveAll(p, out)
			}
		})
	}
	stop := make(chan struct{})
	for range 2 {
		trimming.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					p.Trim()
				}
			}
		})
	}
	using.Wait()
	close(stop)
	trimming.Wait()
	p.Trim()
	p.Trim()
	if p.Retained() != 0 || p.Out() != 0 {
		t.Errorf("at the end: %d bytes kept, %d buffers out", p.Retained(), p.Out())
	}
}
