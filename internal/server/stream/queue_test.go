package stream

import (
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/engine"
	"github.com/remotemedia/remotemedia-go/mem"
	"github.com/remotemedia/remotemedia-go/node"
)

func testAccount(t interface{ Fatalf(string, ...any) }) *mem.Account {
	return mem.NewAccount(mem.NewPoisonedPool(), mem.Unlimited{}, 1<<30)
}

func chunkEntry(t interface{ Fatalf(string, ...any) }, a *mem.Account, n int, sequence uint64, bytes int) entry {
	block, err := a.Alloc(bytes)
	if err != nil {
		t.Fatalf("%v", err)
	}
	b, err := audio.FromWire(audio.Format{Rate: 8000, Channels: 1, Encoding: pcm.I16}, block)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return entry{work: doChunk, sequence: sequence, size: bytes, input: engine.Input{Node: n, Item: node.AudioItem(b)}}
}

// TestDropsKeepOrderAndCount drives a queue with any mix of pushes and takes and checks that every chunk is answered once,
// in order, as itself or as dropped, that the bounds hold, and that nothing leaks.
func TestDropsKeepOrderAndCount(t *testing.T) {
	for _, policy := range []Policy{DropOldest, DropNewest} {
		rapid.Check(t, func(t *rapid.T) {
			a := testAccount(t)
			q := newQueue(3, 100, func() {})
			q.policy = policy
			var pushed, answered, dropped uint64
			var frames, kept, skipped int64
			take := func() bool {
				e, ok, _ := q.next()
				if !ok {
					return false
				}
				if e.work == doDrops {
					if first := e.drops.runs[0].first; first != answered || len(e.drops.runs) != 1 {
						t.Fatalf("%d runs, the first begins at %d, want one at %d", len(e.drops.runs), first, answered)
					}
					answered += e.drops.count()
					dropped += e.drops.count()
					for _, g := range e.drops.frames {
						skipped += g.frames
					}
					return true
				}
				if e.sequence != answered {
					t.Fatalf("chunk %d, want %d", e.sequence, answered)
				}
				answered++
				kept += int64(e.input.Item.Audio.Frames())
				e.input.Item.Audio.Release()
				return true
			}
			for range rapid.IntRange(1, 60).Draw(t, "steps") {
				if rapid.Bool().Draw(t, "push") {
					size := 2 * rapid.IntRange(1, 80).Draw(t, "frames")
					q.push(chunkEntry(t, a, rapid.IntRange(0, 2).Draw(t, "node"), pushed, size))
					frames += int64(size / 2)
					pushed++
				} else {
					take()
				}
				if q.chunks > 3 || q.chunks > 1 && q.bytes > 100 || len(q.entries) > 8 {
					t.Fatalf("%d chunks, %d bytes, %d entries wait", q.chunks, q.bytes, len(q.entries))
				}
			}
			for take() {
			}
			_, counted := q.figures()
			if answered != pushed || dropped != counted || kept+skipped != frames || a.Used() != 0 {
				t.Fatalf("pushed %d, answered %d, dropped %d (counted %d), frames %d = %d + %d, %d bytes held",
					pushed, answered, dropped, counted, frames, kept, skipped, a.Used())
			}
		})
	}
}

// TestDropsWithGapsTakeBoundedRoom: chunks whose sequences don't follow each other are kept one by one, up to a bound at which the
// receiver waits.
func TestDropsWithGapsTakeBoundedRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := testAccount(t)
		q := newQueue(1, 100, func() {})
		q.policy = DropNewest
		pushed := 0
		go func() {
			for range 3 * maxRuns {
				q.push(chunkEntry(t, a, 0, uint64(2*pushed), 2))
				pushed++
			}
		}()
		answered := 0
		for synctest.Wait(); answered < 3*maxRuns; synctest.Wait() {
			if waiting := pushed - answered; waiting > maxRuns+1 || q.runs > maxRuns {
				t.Fatalf("%d chunks in %d runs wait, want at most %d runs", waiting, q.runs, maxRuns)
			}
			switch e, ok, _ := q.next(); {
			case !ok:
				t.Fatalf("nothing waits after %d answers", answered)
			case e.work == doDrops:
				answered += int(e.drops.count())
			default:
				answered++
				release(&e)
			}
		}
		if q.runs != 0 || a.Used() != 0 {
			t.Errorf("%d runs and %d bytes are left", q.runs, a.Used())
		}
	})
}

func TestBlockWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := testAccount(t)
		q := newQueue(2, 1000, func() {})
		pushed := 0
		go func() {
			for i := range 4 {
				q.push(chunkEntry(t, a, 0, uint64(i), 10))
				pushed++
			}
		}()
		for want := 2; want <= 4; want++ {
			synctest.Wait()
			if pushed != want {
				t.Fatalf("%d were pushed, want %d", pushed, want)
			}
			e, _, _ := q.next()
			release(&e)
		}
		q.close()
		if a.Used() != 0 {
			t.Errorf("%d bytes are held after close", a.Used())
		}
	})
}

func TestCloseFreesThePusher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := testAccount(t)
		q := newQueue(1, 1000, func() {})
		done := make(chan bool)
		go func() {
			q.push(chunkEntry(t, a, 0, 0, 10))
			done <- q.push(chunkEntry(t, a, 0, 1, 10))
		}()
		synctest.Wait()
		q.close()
		if !<-done || a.Used() != 0 {
			t.Errorf("%d bytes are held", a.Used())
		}
	})
}

func TestALargeChunkAlwaysFitsAlone(t *testing.T) {
	a := testAccount(t)
	q := newQueue(10, 100, func() {})
	q.policy = Overflow
	if !q.push(chunkEntry(t, a, 0, 0, 5000)) {
		t.Error("refused although nothing waits")
	}
	if q.push(chunkEntry(t, a, 0, 1, 2)) {
		t.Error("accepted beyond the bound")
	}
	q.close()
	if a.Used() != 0 {
		t.Errorf("%d bytes are held", a.Used())
	}
}

// What waits comes out in the order in which it came, however its memory moves on and grows.
func TestQueueKeepsOrderWhileItsMemoryMoves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := newQueue(100, 1<<20, func() {})
		in, out := uint64(0), uint64(0)
		for range rapid.IntRange(1, 40).Draw(t, "rounds") {
			for range rapid.IntRange(0, 9).Draw(t, "push") {
				if in-out < 100 {
					q.push(entry{work: doChunk, sequence: in, size: 1})
					in++
				}
			}
			store := q.store
			for range rapid.IntRange(0, 12).Draw(t, "pop") {
				e, ok, _ := q.next()
				if ok != (out < in) || ok && e.sequence != out {
					t.Fatalf("got %d (%v), want %d of %d", e.sequence, ok, out, in)
				}
				if ok {
					out++
				}
			}
			if (q.store == nil) != (in == out) {
				t.Fatalf("%d wait, and memory is held: %v", in-out, q.store != nil)
			}
			if store != nil && occupied(*store) != int(in-out) {
				t.Fatalf("%d wait, and %d are held", in-out, occupied(*store))
			}
		}
	})
}

// occupied counts the entries of a memory that refer to something.
func occupied(store []entry) (n int) {
	for i := range store {
		if store[i].size != 0 {
			n++
		}
	}
	return n
}
