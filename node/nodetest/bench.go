package nodetest

import (
	"testing"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/node"
)

// Benchmark measures a node on audio cut into items of chunk frames, or in one second at once for 0. It reports microseconds of
// work per second of audio, and allocations per item.
func Benchmark(b *testing.B, spec *node.Spec, params string, f audio.Format, chunk int) {
	b.Helper()
	if chunk == 0 {
		chunk = f.Rate
	}
	r := New(b, spec, params)
	r.Discard = true
	item := r.Wire(f, 0, Signal(f, chunk, 1))
	defer item.Audio.Release()
	if err := r.Process(retained(item)); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		item.Audio.Stamp = item.Audio.End()
		if err := r.Process(retained(item)); err != nil {
			b.Fatal(err)
		}
	}
	seconds := float64(b.N) * float64(chunk) / float64(f.Rate)
	b.ReportMetric(float64(b.Elapsed().Microseconds())/seconds, "us/s-audio")
}

// BenchmarkData measures a node on one item of data.
func BenchmarkData(b *testing.B, spec *node.Spec, params, text string) {
	b.Helper()
	r := New(b, spec, params)
	r.Discard = true
	item := JSON(text)
	b.ReportAllocs()
	for b.Loop() {
		if err := r.Process(item); err != nil {
			b.Fatal(err)
		}
	}
}

// retained returns the item with one more reference, for a call that takes one away.
func retained(item node.Item) node.Item {
	item.Audio.Retain()
	return item
}
