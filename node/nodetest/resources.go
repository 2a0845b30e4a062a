package nodetest

import (
	"errors"
	"sync"
	"testing"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/mem"
	"github.com/remotemedia/remotemedia-go/node"
)

// checkCancel stops the execution before and during a long item. A node that has read or made samples returns the
// reason; one that only hands things on may finish.
func checkCancel(t testing.TB, s *subject) {
	if !s.takesAudio() {
		return
	}
	const checks = 4
	reason := errors.New("stop")
	f := audio.Format{Rate: 48_000, Channels: 1, Encoding: pcm.I16}
	signal := Signal(f, checks*node.CheckFrames, 6)
	for at := range checks {
		r := s.rig(t)
		item := r.Wire(f, 0, signal)
		r.CancelAt(at, reason)
		before := r.account.Used()
		r.account.ResetPeak()
		err := r.Process(item)
		worked := r.account.Peak()-before > node.CheckFrames
		switch {
		case err == nil && worked:
			t.Errorf("stopped at check %d of %d frames: it went on to the end after %d checks", at, item.Audio.Frames(), r.Checks)
		case err != nil && !errors.Is(err, reason):
			t.Errorf("stopped at check %d: error %v, expected the reason", at, err)
		case err != nil && r.Checks > max(at, 1):
			t.Errorf("stopped at check %d: it went on to check %d", at, r.Checks)
		}
	}
}

// checkMemory closes the node at every point of its life, and expects what it holds to go back, and not to grow.
func checkMemory(t testing.TB, s *subject) {
	s.rig(t).Close()
	if !s.takesAudio() {
		return
	}
	for _, f := range s.taken(t) {
		r := s.rig(t)
		if err := r.Process(r.Cut(f, Signal(f, 3000, 9), constant(700))...); err != nil {
			t.Fatal(err)
		}
		r.Close() // checks
	}
	for _, allowed := range []int64{0, 1000, 30_000} {
		s.starve(t, allowed)
	}
}

// starve gives the node little memory. It may fail, but then it tells the reason, and loses nothing.
func (s *subject) starve(t testing.TB, allowed int64) {
	f := audio.Format{Rate: 48_000, Channels: 2, Encoding: pcm.I16}
	r := s.rig(t)
	item := r.Wire(f, 0, Signal(f, 10_000, 10))
	fill := int(Limit - r.account.Used() - allowed)
	if err := r.account.Charge(fill); err != nil {
		t.Fatal(err)
	}
	err := errors.Join(r.Process(item), r.Flush())
	if err != nil && !isLimit(err) {
		t.Errorf("with %d bytes left the error is %v: expected that of the limit", allowed, err)
	}
	r.account.Release(fill)
}

// checkInstances runs instances side by side that share their decoded parameters, as those of a cached plan do.
func checkInstances(t testing.TB, s *subject) {
	if !s.takesAudio() {
		return
	}
	params := Decode(t, s.Spec, s.params)
	f := s.taken(t)[0]
	signal := Signal(f, 4000, 12)
	rigs := make([]*Rig, 8)
	var wg sync.WaitGroup
	for i := range rigs {
		rigs[i] = NewDecoded(t, s.Spec, params)
		wg.Go(func() {
			r := rigs[i]
			err := r.Process(r.Cut(f, signal, constant(333))...)
			if err = errors.Join(err, r.Flush()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, r := range rigs[1:] {
		compare(t, "side by side", r, rigs[0])
	}
}

// allocationsAllowed is how many allocations an item that goes out may cost: the buffer, its blocks of memory, the text of a
// report.
const allocationsAllowed = 8

// checkAllocations counts allocations per item, which may not grow with its length. An identity has none.
func checkAllocations(t testing.TB, s *subject) {
	if !s.takesAudio() {
		return
	}
	if raceEnabled {
		t.Skip("allocations aren't counted under the race detector, which makes pools forget")
	}
	f := s.taken(t)[0]
	r := s.rig(t)
	r.Discard = true
	item := r.Wire(f, 0, Signal(f, 4410, 13))
	defer item.Audio.Release()
	const runs = 20
	before := r.Emitted
	got := testing.AllocsPerRun(runs, func() {
		if err := r.Process(retained(item)); err != nil {
			t.Fatal(err)
		}
	})
	allowed := allocationsAllowed * max(1, float64(r.Emitted-before)/(runs+1))
	if s.Forwards && s.LatencyClass != "slow" {
		allowed = 0
	}
	if got > allowed {
		t.Errorf("an item costs %v allocations: allowed are %v", got, allowed)
	}
}

// isLimit reports whether err is a refusal of memory.
func isLimit(err error) bool {
	var limit *mem.LimitError
	return errors.As(err, &limit)
}
