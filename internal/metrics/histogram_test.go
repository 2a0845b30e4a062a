package metrics

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestQuantilesAreWithinTheStatedError(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Int64Range(16_000, int64(time.Hour)), 1, 200).Draw(t, "ns")
		var h Histogram
		for _, v := range values {
			h.Record(time.Duration(v))
		}
		slices.Sort(values)
		for _, q := range []float64{0.01, 0.5, 0.95, 0.99, 1} {
			want := float64(values[int(math.Ceil(q*float64(len(values))))-1])
			if got := float64(h.Quantile(q)); math.Abs(got-want) > want/32+1000 {
				t.Fatalf("quantile %v is %v, want %v", q, time.Duration(got), time.Duration(want))
			}
		}
	})
}

func TestBucketsAreInOrderAndContainTheirMiddle(t *testing.T) {
	last := -1
	for us := time.Duration(0); us < 1<<34; us += max(1, us/100) {
		i := bucketOf(us * time.Microsecond)
		if i < last || i >= numBuckets {
			t.Fatalf("%d us is in bucket %d after %d", us, i, last)
		}
		last = i
	}
	for i := range numBuckets {
		if got := bucketOf(middleOf(i)); got != i {
			t.Fatalf("the middle of bucket %d is in bucket %d", i, got)
		}
	}
}

func TestSummaryOfNothingAndOfOne(t *testing.T) {
	var h Histogram
	if h.Quantile(0.5) != 0 || h.Mean() != 0 || h.Max() != 0 {
		t.Error("nothing recorded and not zero")
	}
	h.Record(1500 * time.Microsecond)
	if h.Count() != 1 || h.Mean() != 1500*time.Microsecond || h.Quantile(0.99) != h.Max() && h.Quantile(0.99) > h.Max() {
		t.Errorf("count %d, mean %v, p99 %v", h.Count(), h.Mean(), h.Quantile(0.99))
	}
}
