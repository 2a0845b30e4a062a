package load

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func all(a Arrivals, seed uint64) (out []time.Duration) {
	for s := newSchedule(a, seed); ; {
		at, ok := s.pop()
		if !ok {
			return out
		}
		out = append(out, at)
	}
}

func TestEvenArrivals(t *testing.T) {
	got := all(Rate(4, 2*time.Second), 0)
	if len(got) != 8 {
		t.Fatalf("%d arrivals: expected 8", len(got))
	}
	for i, at := range got {
		if want := time.Duration(i) * 250 * time.Millisecond; at != want {
			t.Errorf("arrival %d at %v: expected %v", i, at, want)
		}
	}
}

// The number of arrivals up to a time is the area under the rate, whatever the stages.
func TestRampsKeepTheirRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a Arrivals
		for range rapid.IntRange(1, 4).Draw(t, "stages") {
			a.Stages = append(a.Stages, Stage{
				From: rapid.Float64Range(0, 500).Draw(t, "from"), To: rapid.Float64Range(1, 500).Draw(t, "to"),
				For: time.Duration(rapid.IntRange(1, 3000).Draw(t, "ms")) * time.Millisecond,
			})
		}
		var began, last time.Duration
		var passed float64
		arrivals := all(a, 0)
		n := 0
		for _, s := range a.Stages {
			for ; n < len(arrivals) && arrivals[n] < began+s.For; n++ {
				at := arrivals[n] - began
				area := passed + s.From*at.Seconds() + (s.To-s.From)*at.Seconds()*at.Seconds()/(2*s.For.Seconds())
				if !near(area, float64(n), 1e-3) || arrivals[n] < last {
					t.Fatalf("arrival %d at %v (the one before at %v): %v were due", n, arrivals[n], last, area)
				}
				last = arrivals[n]
			}
			began, passed = began+s.For, passed+s.count()
		}
		if n != len(arrivals) || !near(float64(n), passed, 1.001) {
			t.Fatalf("%d arrivals of %d in the stages, expected %v", n, len(arrivals), passed)
		}
	})
}

func TestRandomArrivalsAreThoseOfTheirSeed(t *testing.T) {
	a := Rate(1000, 10*time.Second)
	a.Poisson = true
	one, same, other := all(a, 1), all(a, 1), all(a, 2)
	if len(one) != len(same) || one[77] != same[77] || one[77] == other[77] {
		t.Errorf("%d, %d and %d arrivals", len(one), len(same), len(other))
	}
	// 10,000 with a standard deviation of 100.
	if len(one) < 9500 || len(one) > 10500 {
		t.Errorf("%d arrivals: expected about 10,000", len(one))
	}
	// The times between them are distributed exponentially: a share of 1-1/e is shorter than the mean.
	short := 0
	for i := range len(one) - 1 {
		if one[i+1]-one[i] < time.Millisecond {
			short++
		}
	}
	if s := float64(short) / float64(len(one)); !near(s, 0.632, 0.03) {
		t.Errorf("a share of %v of the gaps is shorter than the mean: expected 0.63", s)
	}
}

func TestAlarmsRingInOrder(t *testing.T) {
	for name, plain := range map[string]bool{"precise": false, "plain": true} {
		t.Run(name, func(t *testing.T) {
			a := newAlarms(plain)
			defer a.close()
			began := time.Now()
			rang := make(chan int, 20)
			for i := range 20 {
				w := a.waiter()
				go func() {
					in := time.Duration(20-i) * 2 * time.Millisecond
					if err := w.until(t.Context(), began.Add(in)); err != nil || time.Since(began) < in {
						t.Errorf("%v at %v, expected at %v", err, time.Since(began), in)
					}
					rang <- i
				}()
			}
			for range 20 {
				<-rang
			}
		})
	}
}
