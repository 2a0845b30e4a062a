package load

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Values are told to three digits, from 0.1 us to 1000 s; what is longer counts as 1000 s.
const (
	shortest = 100 * time.Nanosecond
	longest  = 1000 * time.Second
	digits   = 3
)

// Histogram counts times. The zero value is empty. It isn't safe for concurrent use.
type Histogram struct{ hdr *hdrhistogram.Histogram }

func (h *Histogram) record(d time.Duration, digits int) {
	if h.hdr == nil {
		h.hdr = hdrhistogram.New(int64(shortest), int64(longest), digits)
	}
	if err := h.hdr.RecordValue(int64(min(max(d, 0), longest))); err != nil {
		panic("load: a time within the bounds of the histogram is out of them: " + err.Error())
	}
}

// Count is how many times were counted.
func (h Histogram) Count() uint64 {
	if h.hdr == nil {
		return 0
	}
	return uint64(h.hdr.TotalCount())
}

// Quantile is the time that a share q, 0 to 1, of all doesn't exceed; 0 where nothing was counted.
func (h Histogram) Quantile(q float64) time.Duration {
	if h.Count() == 0 {
		return 0
	}
	return time.Duration(min(max(h.hdr.ValueAtQuantile(100*q), h.hdr.Min()), h.hdr.Max()))
}

// Min is the shortest.
func (h Histogram) Min() time.Duration {
	if h.Count() == 0 {
		return 0
	}
	return time.Duration(h.hdr.Min())
}

// Max is the longest.
func (h Histogram) Max() time.Duration {
	if h.Count() == 0 {
		return 0
	}
	return time.Duration(h.hdr.Max())
}

// Mean is the arithmetic mean.
func (h Histogram) Mean() time.Duration {
	if h.Count() == 0 {
		return 0
	}
	return time.Duration(h.hdr.Mean())
}

// Merge adds what another one has counted.
func (h *Histogram) Merge(other Histogram) {
	if other.hdr == nil {
		return
	}
	if h.hdr == nil {
		h.hdr = hdrhistogram.New(int64(shortest), int64(longest), int(other.hdr.SignificantFigures()))
	}
	h.hdr.Merge(other.hdr)
}
