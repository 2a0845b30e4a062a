package main

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestRel18_BurstsHideNoLeak: in-flight calls raise the heap tenfold in one sample of five, and a leak of 1 KB a call is seen all the same, within
// the minute that a soak takes at least.
func TestRel18_BurstsHideNoLeak(t *testing.T) {
	const every, rate, bursts = 2 * time.Second, 500, 5
	soaked := func(seed uint64, during time.Duration, leak float64) []sample {
		r := rand.New(rand.NewPCG(seed, 1))
		out := make([]sample, during/every)
		for i := range out {
			at := time.Duration(i+1) * every
			calls := rate * at.Seconds()
			out[i] = sample{at: at, calls: calls, heap: 6e6 + 2e6*r.Float64() + leak*calls}
			if i%bursts == 0 {
				out[i].heap += 100e6 * r.Float64()
			}
		}
		return out
	}
	for seed := range uint64(50) {
		if heap := trendsOf(soaked(seed, time.Minute, 1024)).heap; !heap.Grows(heapBound) {
			t.Errorf("seed %d: the leak isn't seen: %v", seed, heap)
		}
		if heap := trendsOf(soaked(seed, 5*time.Minute, 0)).heap; heap.Grows(heapBound) {
			t.Errorf("seed %d: a leak is seen where there is none: %v", seed, heap)
		}
	}
}

func TestNuisancesAreDecodedAsTheyShouldBe(t *testing.T) {
	for _, n := range nuisances {
		w, err := n.workload()
		if err != nil || len(w.Request) == 0 {
			t.Errorf("%s: %v", n.name, err)
		}
		if n.code != "" && w.Check(nil, 0) == nil {
			t.Errorf("%s: an answer without an error was taken for right", n.name)
		}
	}
}
