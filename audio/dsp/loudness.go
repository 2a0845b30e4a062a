package dsp

import (
	"fmt"
	"math"
)

// Bounds of what a [LoudnessMeter] measures.
const (
	MinLoudnessRate, MaxLoudnessRate = 8_000, 768_000
	MaxLoudnessChannels              = 64
)

// Lengths in steps of 10 ms: of the measuring windows, and of the hop from one block of the gated loudness to the next. The windows
// move on by a step, so that the maximum of a short burst is found wherever it begins; 100 ms would miss up to 0.6 LU of it.
const (
	stepsPerSecond = 100
	momentarySteps = 40  // 400 ms
	shortTermSteps = 300 // 3 s
	gateSteps      = 10  // 100 ms: 75 % overlap
)

// LoudnessMeter measures loudness by ITU-R BS.1770-4 and EBU R128 (EBU Tech 3341): momentary over 400 ms, short-term over 3 s,
// each anew every 10 ms, integrated over everything with both gates, and the true peak. Values are in LUFS; -Inf means that
// nothing was loud enough or not enough was heard. It holds 22 KB, and 3 KB for each channel, however long it measures.
type LoudnessMeter struct {
	channels []*Filter
	weights  []float64
	peaks    []*TruePeak
	step     int // samples in 10 ms

	filled  int                     // samples of the step at hand
	energy  []float64               // of these, by channel
	history [shortTermSteps]float64 // mean weighted squares of the last steps
	steps   int                     // so far
	gate    gating
	loudest [2]float64 // the largest mean squares, momentary and short-term
}

// NewLoudnessMeter returns a meter for audio of a sample rate, MinLoudnessRate to MaxLoudnessRate Hz, with a weight for each
// channel, as [ChannelWeights] returns them.
func NewLoudnessMeter(rate int, weights []float64) (*LoudnessMeter, error) {
	if rate < MinLoudnessRate || rate > MaxLoudnessRate {
		return nil, fmt.Errorf("dsp: loudness at %d Hz: expected %d to %d Hz", rate, MinLoudnessRate, MaxLoudnessRate)
	}
	if len(weights) < 1 || len(weights) > MaxLoudnessChannels {
		return nil, fmt.Errorf("dsp: loudness of %d channels: expected 1 to %d", len(weights), MaxLoudnessChannels)
	}
	m := &LoudnessMeter{step: (rate + stepsPerSecond/2) / stepsPerSecond, energy: make([]float64, len(weights))}
	filters := KWeighting(float64(rate))
	for c, w := range weights {
		if !(w >= 0) || !finite(w) {
			return nil, fmt.Errorf("dsp: the weight of channel %d is %g: expected at least 0", c, w)
		}
		m.weights = append(m.weights, w)
		m.channels = append(m.channels, NewFilter(filters...))
		m.peaks = append(m.peaks, NewTruePeak(rate))
	}
	return m, nil
}

// ChannelWeights returns the weights of BS.1770 for the usual orders of channels: five are left, right, centre and two
// surrounds, six have the low-frequency effects, which don't count, after the centre. With any other number all count alike.
func ChannelWeights(channels int) []float64 {
	const surround = 1.41
	switch channels {
	case 5:
		return []float64{1, 1, 1, surround, surround}
	case 6:
		return []float64{1, 1, 1, 0, surround, surround}
	}
	w := make([]float64, max(0, channels))
	for c := range w {
		w[c] = 1
	}
	return w
}

// Process takes in audio, one slice of the same length for each channel.
func (m *LoudnessMeter) Process(x [][]float32) {
	if len(x) != len(m.channels) {
		return
	}
	frames := shortest(x)
	for at := 0; at < frames; {
		n := min(m.step-m.filled, frames-at)
		for c, filter := range m.channels {
			block := x[c][at : at+n]
			m.peaks[c].Process(block)
			m.energy[c] = filter.Energy(m.energy[c], block)
		}
		at += n
		if m.filled += n; m.filled == m.step {
			m.finishStep()
		}
	}
}

// finishStep is called every 10 ms.
func (m *LoudnessMeter) finishStep() {
	sum := 0.0
	for c, e := range m.energy {
		if weighted := m.weights[c] * e; weighted <= huge { // else the samples weren't finite
			sum += weighted
		}
	}
	clear(m.energy)
	m.history[m.steps%shortTermSteps] = sum / float64(m.step)
	m.steps++
	m.filled = 0
	momentary := m.mean(momentarySteps)
	m.loudest[0] = max(m.loudest[0], momentary)
	m.loudest[1] = max(m.loudest[1], m.mean(shortTermSteps))
	if m.steps >= momentarySteps && m.steps%gateSteps == 0 {
		m.gate.add(momentary)
	}
}

// mean returns the mean square of the last steps, 0 as long as there aren't as many.
func (m *LoudnessMeter) mean(steps int) float64 {
	if m.steps < steps {
		return 0
	}
	sum := 0.0
	for i := m.steps - steps; i < m.steps; i++ {
		sum += m.history[i%shortTermSteps]
	}
	return sum / float64(steps)
}

// lufs is the loudness of a weighted mean square. The constant makes a sine of 997 Hz at full scale -3.01.
func lufs(meanSquare float64) float64 { return 10*math.Log10(meanSquare) - 0.691 }

// Momentary returns the loudness of the last 400 ms.
func (m *LoudnessMeter) Momentary() float64 { return lufs(m.mean(momentarySteps)) }

// ShortTerm returns the loudness of the last 3 s.
func (m *LoudnessMeter) ShortTerm() float64 { return lufs(m.mean(shortTermSteps)) }

// MaxMomentary returns the largest momentary loudness so far.
func (m *LoudnessMeter) MaxMomentary() float64 { return lufs(m.loudest[0]) }

// MaxShortTerm returns the largest short-term loudness so far.
func (m *LoudnessMeter) MaxShortTerm() float64 { return lufs(m.loudest[1]) }

// Integrated returns the loudness of everything so far but for what both gates leave out.
func (m *LoudnessMeter) Integrated() float64 { return lufs(m.gate.mean()) }

// TruePeak returns the largest true peak of a channel so far as an amplitude; see [DB] for dBTP.
func (m *LoudnessMeter) TruePeak() float64 {
	peak := 0.0
	for _, p := range m.peaks {
		peak = max(peak, p.Peak())
	}
	return peak
}

// Reset starts a new measurement.
func (m *LoudnessMeter) Reset() {
	for c := range m.channels {
		m.channels[c].Reset()
		m.peaks[c].Reset()
	}
	clear(m.energy)
	m.filled, m.steps, m.gate, m.loudest = 0, 0, gating{}, [2]float64{}
}
