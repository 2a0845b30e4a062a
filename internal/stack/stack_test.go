package stack

import (
	"runtime/metrics"
	"sync"
	"testing"
)

// deep uses some of the stack in each of its frames, as handlers do.
//
//go:noinline
func deep(n int) byte {
	var frame [256]byte
	frame[n] = byte(n)
	if n > 0 {
		frame[n] += deep(n - 1)
	}
	return frame[n/2] + frame[n]
}

func BenchmarkGoroutine(b *testing.B) {
	const frames = 24
	for _, c := range []struct {
		name string
		grow func()
	}{{"as it begins", func() {}}, {"grown to a half", GrowHalf}, {"grown", Grow}} {
		b.Run(c.name, func(b *testing.B) {
			done := make(chan byte)
			for b.Loop() {
				go func() {
					c.grow()
					done <- deep(frames)
				}()
				<-done
			}
		})
	}
}

// TestGrowMakesStacksLarge holds many goroutines right after their stacks grew and looks at what all stacks together take.
func TestGrowMakesStacksLarge(t *testing.T) {
	const goroutines = 500
	for name, c := range map[string]struct {
		grow func()
		room int64
	}{"Grow": {Grow, room}, "GrowHalf": {GrowHalf, halfRoom}} {
		t.Run(name, func(t *testing.T) {
			var ready, ended sync.WaitGroup
			end := make(chan struct{})
			ready.Add(goroutines)
			before := stackBytes(t)
			for range goroutines {
				ended.Go(func() {
					c.grow()
					ready.Done()
					<-end
				})
			}
			ready.Wait()
			if got, least := stackBytes(t)-before, goroutines*c.room; got < least {
				t.Errorf("the stacks of %d goroutines took %d bytes, want %d at least", goroutines, got, least)
			}
			close(end)
			ended.Wait()
		})
	}
}

func stackBytes(t *testing.T) int64 {
	t.Helper()
	sample := []metrics.Sample{{Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64())
}
