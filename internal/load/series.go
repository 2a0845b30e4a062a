package load

import "time"

// Interval is a part of the measurement.
type Interval struct {
	Start, Length         time.Duration // since the measurement began
	Units, Late, Failures uint64        // by when their answer came
	Latency               Histogram     // to two digits
}

// series cuts the measurement into intervals. Their number is bounded: when there would be more, each two become one.
type series struct {
	width time.Duration
	parts []Interval
}

const (
	firstWidth    = 250 * time.Millisecond
	mostIntervals = 400
	seriesDigits  = 2
)

func newSeries() series { return series{width: firstWidth} }

func (s *series) add(m sample) {
	if m.measure != Latency && m.measure != Failed {
		return
	}
	part := s.at(max(0, m.at))
	if m.measure == Failed {
		part.Failures++
		return
	}
	part.Units++
	part.Latency.record(m.value, seriesDigits)
	if m.late {
		part.Late++
	}
}

// at gives the interval of a time.
func (s *series) at(t time.Duration) *Interval {
	for int(t/s.width) >= mostIntervals {
		s.halve()
	}
	i := int(t / s.width)
	for len(s.parts) <= i {
		s.parts = append(s.parts, Interval{Start: time.Duration(len(s.parts)) * s.width, Length: s.width})
	}
	return &s.parts[i]
}

func (s *series) halve() {
	s.width *= 2
	joined := s.parts[:0]
	for i := 0; i < len(s.parts); i += 2 {
		part := s.parts[i]
		part.Length = s.width
		if i+1 < len(s.parts) {
			other := s.parts[i+1]
			part.Units += other.Units
			part.Late += other.Late
			part.Failures += other.Failures
			part.Latency.Merge(other.Latency)
		}
		joined = append(joined, part)
	}
	s.parts = joined
}
