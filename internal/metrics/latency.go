package metrics

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// latencies are durations of one kind by one label. Each is recorded twice: in the logarithmic buckets that quantiles are read
// from, and in Prometheus' own histogram, which has the buckets of the contract, the native ones and the exemplars.
type latencies struct {
	*family[latency]
	vec *prometheus.HistogramVec
}

type latency struct {
	log     Histogram
	prom    prometheus.Observer
	buckets []float64
	told    []atomic.Int64 // by bucket: when its exemplar was last replaced, in nanoseconds
}

// exemplarEvery is how often the exemplar of a bucket is replaced: making one costs ten times what counting does, and nobody
// scrapes more often. What is rare, as slow calls are, has one each time.
const exemplarEvery = time.Second

// Bounds of the native histograms: a bucket is at most this much wider than the one before it.
const (
	nativeFactor  = 1.1
	nativeBuckets = 160
	nativeReset   = time.Hour
)

// newLatencies makes a metric of the given name. An empty label makes one without labels, for of("").
func newLatencies(name, help, label string, buckets []float64, most int, values ...string) *latencies {
	labels := []string{label}
	if label == "" {
		labels, values = nil, []string{""}
	}
	vec := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: name, Help: help, Buckets: buckets, NativeHistogramBucketFactor: nativeFactor,
		NativeHistogramMaxBucketNumber: nativeBuckets, NativeHistogramMinResetDuration: nativeReset,
	}, labels)
	create := func(value string) *latency {
		l := &latency{buckets: buckets, told: make([]atomic.Int64, len(buckets)+1)}
		if label == "" {
			l.prom = vec.WithLabelValues()
		} else {
			l.prom = vec.WithLabelValues(value)
		}
		return l
	}
	return &latencies{newFamily(most, create, values...), vec}
}

// record adds a duration; the id, where there is one, becomes its bucket's exemplar.
func (l *latency) record(d time.Duration, requestID string) {
	l.log.Record(d)
	if o, ok := l.prom.(prometheus.ExemplarObserver); ok && exemplary(requestID) && l.due(d) {
		o.ObserveWithExemplar(d.Seconds(), prometheus.Labels{exemplarLabel: requestID})
		return
	}
	l.prom.Observe(d.Seconds())
}

// due reports whether the bucket of a duration is to have a new exemplar.
func (l *latency) due(d time.Duration) bool {
	bucket, _ := slices.BinarySearch(l.buckets, d.Seconds())
	now, told := time.Now().UnixNano(), &l.told[bucket]
	last := told.Load()
	return now-last >= int64(exemplarEvery) && told.CompareAndSwap(last, now)
}

const exemplarLabel = "request_id"

// exemplary reports whether an id fits into an exemplar: the name and the value of the label together have a bound.
func exemplary(id string) bool {
	if id == "" || len(id) > prometheus.ExemplarMaxRunes-len(exemplarLabel) {
		return false
	}
	for i := range len(id) {
		if id[i] < ' ' || id[i] > '~' {
			return false
		}
	}
	return true
}

// Summary describes a distribution of durations; of none all is 0.
type Summary struct {
	Count               uint64
	Mean, P50, P95, P99 time.Duration
	Max                 time.Duration
}

// Summary reads the figures that are told most.
func (h *Histogram) Summary() Summary {
	return Summary{
		Count: h.Count(), Mean: h.Mean(), P50: h.Quantile(0.5), P95: h.Quantile(0.95), P99: h.Quantile(0.99), Max: h.Max(),
	}
}
