// Package metrics records what the service does: counters and log histograms that cost a few atomic additions, read by
// whoever reports them.
package metrics

import (
	"math"
	"math/bits"
	"sync/atomic"
	"time"
)

// Buckets of a histogram are logarithmic in octaves of a microsecond, each cut into 16 equal steps, so that a quantile is at most
// 1/32 off the true value. The range is 1 us to 19 hours; what is outside counts at its end.
const (
	stepBits   = 4
	steps      = 1 << stepBits
	numOctaves = 32
	numBuckets = numOctaves * steps
)

// Histogram counts durations. The zero value is ready. It is safe for concurrent use; a reader sees a state that is at most
// a few recordings old.
type Histogram struct {
	count   atomic.Uint64
	sum     atomic.Int64 // nanoseconds
	max     atomic.Int64 // nanoseconds
	buckets [numBuckets]atomic.Uint32
}

// Record adds one duration.
func (h *Histogram) Record(d time.Duration) {
	d = max(d, 0)
	h.count.Add(1)
	h.sum.Add(int64(d))
	for m := h.max.Load(); int64(d) > m && !h.max.CompareAndSwap(m, int64(d)); m = h.max.Load() {
	}
	h.buckets[bucketOf(d)].Add(1)
}

// Count returns how many durations were recorded.
func (h *Histogram) Count() uint64 { return h.count.Load() }

// Max returns the longest.
func (h *Histogram) Max() time.Duration { return time.Duration(h.max.Load()) }

// Mean returns the average, 0 for none.
func (h *Histogram) Mean() time.Duration {
	n := h.count.Load()
	if n == 0 {
		return 0
	}
	return time.Duration(uint64(h.sum.Load()) / n)
}

// Quantile returns the duration below which the fraction q of all recordings lies, 0 for none. It is never above Max.
func (h *Histogram) Quantile(q float64) time.Duration {
	n := h.count.Load()
	if n == 0 {
		return 0
	}
	rank := uint64(math.Ceil(q * float64(n)))
	seen := uint64(0)
	for i := range h.buckets {
		seen += uint64(h.buckets[i].Load())
		if seen >= max(rank, 1) {
			return min(middleOf(i), h.Max())
		}
	}
	return h.Max()
}

// bucketOf finds the bucket of a duration. Below 16 us each microsecond has its own.
func bucketOf(d time.Duration) int {
	us := uint64(d / time.Microsecond)
	if us < steps {
		return int(us)
	}
	octave := bits.Len64(us) - 1 - stepBits // 0 for 16..31 us
	step := us >> octave & (steps - 1)
	return min((octave+1)*steps+int(step), numBuckets-1)
}

// middleOf is the value that stands for a bucket.
func middleOf(i int) time.Duration {
	if i < steps {
		return time.Duration(i)*time.Microsecond + time.Microsecond/2
	}
	octave, step := i/steps-1, i%steps
	low := time.Duration(steps+step) << octave * time.Microsecond
	return low + time.Duration(1)<<octave*time.Microsecond/2
}
