package dsp

import "math"

// LimiterOptions set a [Limiter].
type LimiterOptions struct {
	CeilingDB   float64 // no sample is louder, -60 to 24 dBFS
	LookaheadMS float64 // how long before a peak the gain begins to fall, which is also the delay, 0 to 100
	ReleaseMS   float64 // time constant of rising gain, 0 to 60,000
}

// Limiter keeps audio below a ceiling without audible steps of the gain. All channels get the same gain: the least that any
// frame within the lookahead needs, rising exponentially, averaged over the lookahead. The average at the time that a frame
// comes out is over gains that all heed it, so it is low enough, having got there in a straight line.
type Limiter struct {
	ceiling float64
	release float64
	delay   int

	lines     [][]float32 // the last samples of each channel
	least     minimum     // of the gains that the frames within the lookahead need
	gain      float64     // least, with its release
	recent    []int64     // the gains that are averaged, in units of 1/one
	sum       int64       // of recent
	at        int         // place in lines and recent of the oldest
	ceiling32 float32
}

// one stands for a gain of 1. Sums of gains in integers are exact, so that they don't drift.
const one = 1 << 32

// NewLimiter returns a limiter for audio of a sample rate in Hz and 1 to 64 channels.
func NewLimiter(rate, channels int, o LimiterOptions) (*Limiter, error) {
	if err := check(rate,
		within{"the ceiling", o.CeilingDB, "dB", -60, 24}, within{"the lookahead", o.LookaheadMS, "ms", 0, 100},
		within{"the release", o.ReleaseMS, "ms", 0, maxMillis}, within{"the number of channels", float64(channels), "", 1, 64},
	); err != nil {
		return nil, err
	}
	l := &Limiter{ceiling: Amplitude(o.CeilingDB), release: onePole(o.ReleaseMS, rate)}
	l.ceiling32 = floor32(l.ceiling)
	l.delay = int(math.Round(o.LookaheadMS * float64(rate) / 1000))
	l.recent = make([]int64, l.delay+1)
	l.least = newMinimum(l.delay + 1)
	for range channels {
		l.lines = append(l.lines, make([]float32, l.delay+1))
	}
	l.Reset()
	return l, nil
}

// floor32 returns the largest float32 that isn't above v.
func floor32(v float64) float32 {
	f := float32(v)
	if float64(f) > v {
		f = math.Nextafter32(f, 0)
	}
	return f
}

// Latency returns by how many samples the audio is delayed. At the end of a stream as many frames of silence bring out the
// rest.
func (l *Limiter) Latency() int { return l.delay }

// Process changes audio in place, one slice of the same length for each channel; what comes out is what came in Latency
// samples before, silence at first.
func (l *Limiter) Process(x [][]float32) {
	if len(x) != len(l.lines) {
		return
	}
	for i := range shortest(x) {
		gain := float32(l.next(loudest(x, i)))
		oldest := l.at + 1
		if oldest == len(l.recent) {
			oldest = 0
		}
		for c, channel := range x {
			line := l.lines[c]
			line[l.at] = channel[i]
			channel[i] = max(-l.ceiling32, min(line[oldest]*gain, l.ceiling32)) // rounding may be a bit above
		}
		l.at = oldest
	}
}

// next takes the level of a frame and returns the gain for the one that comes out.
func (l *Limiter) next(level float64) float64 {
	need := 1.0
	if level > l.ceiling {
		need = l.ceiling / level
	}
	least := l.least.next(need)
	l.gain = min(least, 1+l.release*(l.gain-1))
	units := int64(l.gain * one)
	l.sum += units - l.recent[l.at]
	l.recent[l.at] = units
	return float64(l.sum) / (one * float64(len(l.recent)))
}

// Reset forgets the audio.
func (l *Limiter) Reset() {
	l.gain, l.at, l.sum = 1, 0, one*int64(len(l.recent))
	l.least.reset()
	for i := range l.recent {
		l.recent[i] = one
	}
	for _, line := range l.lines {
		clear(line)
	}
}

// minimum is the least of the last values, by Lemire's monotonic queue ("Streaming maximum-minimum filter using no more than
// three comparisons per element", 2006).
type minimum struct {
	values     []float64 // a ring that rises from head on
	times      []int64
	head, size int
	now        int64
}

func newMinimum(window int) minimum {
	return minimum{values: make([]float64, window), times: make([]int64, window)}
}

// next adds a value and returns the least of the last window.
func (m *minimum) next(v float64) float64 {
	window := len(m.values)
	if m.size > 0 && m.times[m.head] <= m.now-int64(window) {
		m.head, m.size = m.ring(1), m.size-1
	}
	for m.size > 0 && m.values[m.ring(m.size-1)] >= v {
		m.size--
	}
	last := m.ring(m.size)
	m.values[last], m.times[last] = v, m.now
	m.size++
	m.now++
	return m.values[m.head]
}

// ring returns the place n after head.
func (m *minimum) ring(n int) int {
	if n += m.head; n >= len(m.values) {
		n -= len(m.values)
	}
	return n
}

func (m *minimum) reset() { m.head, m.size, m.now = 0, 0, 0 }
