package stress

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestTrendsAreThoseOfTheTextbook(t *testing.T) {
	// Five points of which slope and standard error are known: 0.6 and sqrt(2.4/3/10); the quantile for 3 degrees of freedom is 3.182.
	got := TrendOf([]float64{1, 2, 3, 4, 5}, []float64{2, 4, 5, 4, 5})
	half := 3.18245 * math.Sqrt(2.4/3/10)
	if math.Abs(got.Slope-0.6) > 1e-9 || math.Abs(got.Low-(0.6-half)) > 1e-4 || math.Abs(got.High-(0.6+half)) > 1e-4 || got.Points != 5 {
		t.Errorf("got %+v", got)
	}
	for _, none := range []Trend{TrendOf(nil, nil), TrendOf([]float64{1, 2}, []float64{1, 2}), TrendOf([]float64{1, 1, 1}, []float64{1, 2, 3})} {
		if none.Grows(0) || !math.IsInf(none.High, 1) {
			t.Errorf("got %+v", none)
		}
	}
}

// TestRel18_ALeakOfOneKilobyteACallIsSeen in what samples of a busy heap look like, megabytes up and down, and where nothing leaks, next to
// nothing is seen.
func TestRel18_ALeakOfOneKilobyteACallIsSeen(t *testing.T) {
	const samples, callsEach, noise, bound, trials = 25, 300, 1.5e6, 128, 200
	heaps := func(seed uint64, leak float64) (x, y []float64) {
		r := rand.New(rand.NewPCG(seed, 1))
		for i := range samples {
			calls := float64(i * callsEach)
			x, y = append(x, calls), append(y, 50e6+leak*calls+noise*r.NormFloat64())
		}
		return x, y
	}
	seen, imagined := 0, 0
	for seed := range uint64(trials) {
		if TrendOf(heaps(seed, 1024)).Grows(bound) {
			seen++
		}
		if TrendOf(heaps(seed, 0)).Grows(bound) {
			imagined++
		}
	}
	if seen < trials*98/100 {
		t.Errorf("the leak was seen in %d of %d cases", seen, trials)
	}
	if imagined > trials*5/100 {
		t.Errorf("a leak was seen in %d of %d cases without one", imagined, trials)
	}
	if TrendOf([]float64{0, 1000, 2000, 3000}, []float64{0, 100e3, 200e3, 300.1e3}).Grows(bound) {
		t.Error("100 bytes a call are below the bound, and were taken for a leak")
	}
}
