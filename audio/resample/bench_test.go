package resample

import (
	"fmt"
	"math"
	"testing"
	"time"
)

// BenchmarkResample reports the time for one second of mono audio, tables
// cached: the mean, and as best-us the fastest second, which is what holds on
// a machine that has other work too.
func BenchmarkResample(b *testing.B) {
	for _, q := range []Quality{High, VeryHigh} {
		for _, p := range append(pairs[:6:6], [2]int{44101, 16000}) {
			for _, chunk := range []int{0, 4096, 480} {
				for _, k := range kernels() {
					b.Run(fmt.Sprintf("%v/%d-%d/chunk=%d/%s", q, p[0], p[1], chunk, k.name), func(b *testing.B) {
						second(b, p[0], p[1], q, chunk, k)
					})
				}
			}
		}
	}
}

// second converts a second of audio per iteration in chunks, 0 being all at
// once with the flush.
func second(b *testing.B, src, dst int, q Quality, chunk int, k *kernel) {
	f, err := NewFilter(src, dst, q)
	if err != nil {
		b.Fatal(err)
	}
	r := newResampler(f, 1, k)
	x := noise(src, 1)
	y := [][]float32{make([]float32, dst+dst/10)}
	if chunk == 0 {
		chunk = len(x)
	}
	best := time.Duration(math.MaxInt64)
	for b.Loop() {
		start := time.Now()
		for at := 0; at < len(x); at += chunk {
			if _, err := r.Process(y, [][]float32{x[at:min(at+chunk, len(x))]}); err != nil {
				b.Fatal(err)
			}
		}
		if chunk == len(x) {
			if _, err := r.Flush(y); err != nil {
				b.Fatal(err)
			}
		}
		best = min(best, time.Since(start))
	}
	b.ReportMetric(float64(best.Nanoseconds())/1000, "best-us")
}

// BenchmarkFirstCall reports the design of a filter that isn't cached, its
// class's prototypes excluded or included.
func BenchmarkFirstCall(b *testing.B) {
	for _, p := range pairs[:6] {
		key := filterKey{reduce(int64(p[1]), int64(p[0])), High}
		b.Run(fmt.Sprintf("%d-%d", p[0], p[1]), func(b *testing.B) {
			for b.Loop() {
				designFilter(key)
			}
		})
	}
	for q := Low; q <= VeryHigh; q++ {
		b.Run("prototypes/"+q.String(), func(b *testing.B) {
			for b.Loop() {
				designOnce(q)()
			}
		})
	}
}
