package dsp

import (
	"fmt"
	"math"
	"testing"
)

// segment is a stretch of a 1 kHz sine at peak levels in dBFS, one for each channel.
type segment struct {
	seconds float64
	levels  []float64
}

// stereo is a segment with the same level in both channels.
func stereo(seconds, level float64) segment { return segment{seconds, []float64{level, level}} }

// run feeds a meter with segments in pieces and calls each after every piece of 100 ms.
func run(m *LoudnessMeter, rate int, each func(), segments ...segment) {
	at := 0
	for _, s := range segments {
		left := int(math.Round(s.seconds * float64(rate)))
		for left > 0 {
			n := min(left, rate/10-at%(rate/10))
			x := make([][]float32, len(s.levels))
			for c, level := range s.levels {
				x[c] = tone(n, 1000, float64(rate), Amplitude(level), 2*math.Pi*1000/float64(rate)*float64(at))
			}
			m.Process(x)
			at, left = at+n, left-n
			if each != nil && at%(rate/10) == 0 {
				each()
			}
		}
	}
}

func meter(t testing.TB, rate, channels int) *LoudnessMeter {
	t.Helper()
	m, err := NewLoudnessMeter(rate, ChannelWeights(channels))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestIntegratedLoudness: the minimum requirements of EBU Tech 3341 (2016), test signals 1 to 6, which allow 0.1 LU.
func TestIntegratedLoudness(t *testing.T) {
	for _, c := range []struct {
		name     string
		segments []segment
		want     float64
	}{
		{"1", []segment{stereo(20, -23)}, -23},
		{"2", []segment{stereo(20, -33)}, -33},
		{"3", []segment{stereo(10, -36), stereo(60, -23), stereo(10, -36)}, -23},
		{"4", []segment{stereo(10, -72), stereo(10, -36), stereo(60, -23), stereo(10, -36), stereo(10, -72)}, -23},
		{"5", []segment{stereo(20, -26), stereo(20.1, -20), stereo(20, -26)}, -23},
		{"6", []segment{{20, []float64{-28, -28, -24, -30, -30}}}, -23},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := meter(t, 48_000, len(c.segments[0].levels))
			run(m, 48_000, nil, c.segments...)
			near(t, "the integrated loudness", m.Integrated(), c.want, 0.1)
			if len(c.segments) == 1 {
				near(t, "the momentary loudness", m.Momentary(), c.want, 0.1)
				near(t, "the short-term loudness", m.ShortTerm(), c.want, 0.1)
			}
		})
	}
}

// TestShortTermLoudness: test signal 9 of EBU Tech 3341.
func TestShortTermLoudness(t *testing.T) {
	m, steps := meter(t, 48_000, 2), 0
	var segments []segment
	for range 5 {
		segments = append(segments, stereo(1.34, -20), stereo(1.66, -30))
	}
	run(m, 48_000, func() {
		if steps++; steps >= shortTermSteps {
			near(t, "the short-term loudness", m.ShortTerm(), -23, 0.1)
		}
	}, segments...)
	near(t, "the largest", m.MaxShortTerm(), -23, 0.1)
	if steps != 150 {
		t.Errorf("%d steps: expected 150", steps)
	}
}

// TestShortTermMaximum: test signals 10 of EBU Tech 3341, tones of 3 s that begin anywhere.
func TestShortTermMaximum(t *testing.T) {
	const silence = -200
	for i := range 20 {
		m := meter(t, 48_000, 2)
		run(m, 48_000, nil, stereo(0.15*float64(i), silence), stereo(3, -23), stereo(1, silence))
		near(t, "the largest short-term loudness", m.MaxShortTerm(), -23, 0.1)
	}
}

// TestMomentaryLoudness: test signal 12 of EBU Tech 3341.
func TestMomentaryLoudness(t *testing.T) {
	m, steps := meter(t, 48_000, 2), 0
	var segments []segment
	for range 25 {
		segments = append(segments, stereo(0.18, -20), stereo(0.22, -30))
	}
	run(m, 48_000, func() {
		if steps++; steps >= 10 {
			near(t, "the momentary loudness", m.Momentary(), -23, 0.1)
		}
	}, segments...)
	near(t, "the largest", m.MaxMomentary(), -23, 0.1)
}

// TestLoudnessOfABurstWhereverItBegins: a burst of 400 ms, which is one window, is measured in full at any offset to the windows.
func TestLoudnessOfABurstWhereverItBegins(t *testing.T) {
	for offset := 0.0; offset < 0.1; offset += 0.003 {
		m := meter(t, 48_000, 2)
		run(m, 48_000, nil, stereo(0.5+offset, -120), stereo(0.4, -23), stereo(0.5, -120))
		near(t, fmt.Sprintf("a burst %.0f ms off", 1000*offset), m.MaxMomentary(), -23, 0.1)
	}
}

// TestLoudnessOfOtherRates: a sine of 997 Hz at full scale in one channel has -3.01 LUFS at every rate (BS.1770-4, annex 1).
func TestLoudnessOfOtherRates(t *testing.T) {
	for _, rate := range []int{8_000, 16_000, 22_050, 44_100, 96_000, 192_000} {
		m := meter(t, rate, 1)
		m.Process([][]float32{tone(rate, 997, float64(rate), 1, 0)})
		near(t, "the loudness of a sine", m.Momentary(), -3.01, 0.05)
	}
}

func TestLoudnessOfNothing(t *testing.T) {
	m := meter(t, 48_000, 2)
	check := func(when string) {
		t.Helper()
		for _, v := range []float64{m.Momentary(), m.ShortTerm(), m.Integrated(), m.MaxMomentary(), m.MaxShortTerm()} {
			if !math.IsInf(v, -1) {
				t.Errorf("%s: %g LUFS: expected -Inf", when, v)
			}
		}
		near(t, when+": the true peak", m.TruePeak(), 0, 0)
	}
	check("before")
	m.Process(nil)
	m.Process([][]float32{{1}})
	m.Process([][]float32{make([]float32, 200_000), make([]float32, 200_000)})
	check("after silence")
	run(m, 48_000, nil, stereo(4, -20))
	if math.IsInf(m.Integrated(), -1) {
		t.Error("a tone has no loudness")
	}
	m.Reset()
	check("after Reset")
}

func TestLoudnessMeterRefuses(t *testing.T) {
	for _, c := range []struct {
		rate    int
		weights []float64
	}{{7_999, []float64{1}}, {768_001, []float64{1}}, {48_000, nil}, {48_000, make([]float64, 65)}, {48_000, []float64{-1}}, {48_000, []float64{math.NaN()}}} {
		if _, err := NewLoudnessMeter(c.rate, c.weights); err == nil {
			t.Errorf("%d Hz with weights %v isn't refused", c.rate, c.weights)
		}
	}
}

// TestGatingAgainstPlain compares the gate's classes with a list of all blocks.
func TestGatingAgainstPlain(t *testing.T) {
	for seed := range uint64(20) {
		var g gating
		var blocks []float64
		for _, v := range noise(500, seed) {
			block := math.Pow(10, -4+3*float64(v))
			g.add(block)
			blocks = append(blocks, block)
		}
		exact, rounded := plainIntegrated(blocks, 1e-9), plainIntegrated(blocks, 1.0/classesPerLU)
		near(t, "the integrated loudness", lufs(g.mean()), rounded, 1e-9)
		near(t, "the integrated loudness", lufs(g.mean()), exact, 0.1)
	}
}

// plainIntegrated gates a list. The relative gate is rounded down to a multiple of a step from the absolute one.
func plainIntegrated(blocks []float64, step float64) float64 {
	above := func(gate float64) float64 {
		sum, n := 0.0, 0
		for _, b := range blocks {
			if lufs(b) >= max(gate, absoluteGate) {
				sum, n = sum+b, n+1
			}
		}
		return lufs(sum / float64(n))
	}
	gate := above(absoluteGate) + relativeGate
	return above(absoluteGate + math.Floor((gate-absoluteGate)/step)*step)
}

// TestTruePeak: test signals 15 to 19 of EBU Tech 3341, which allow +0.2 and -0.4 dB.
func TestTruePeak(t *testing.T) {
	for _, c := range []struct{ divisor, degrees, amplitude, want float64 }{
		{4, 0, 0.5, -6}, {4, 45, 0.5, -6}, {6, 60, 0.5, -6}, {8, 67.5, 0.5, -6}, {4, 45, 1.41, 3},
	} {
		x := tone(4800, 48_000/c.divisor, 48_000, c.amplitude, c.degrees*math.Pi/180)
		for i := range 480 { // faded in, as a step has a peak of its own
			x[i] *= float32(i) / 480
		}
		p := NewTruePeak(48_000)
		p.Process(x)
		if got := DB(p.Peak()); got > c.want+0.2 || got < c.want-0.4 {
			t.Errorf("a sine at 1/%g of the rate with %g degrees has %.2f dBTP: expected %g", c.divisor, c.degrees, got, c.want)
		}
	}
}

func TestTruePeakAgainstScipy(t *testing.T) {
	g := golden(t).TruePeak
	x := append(g.Samples, make([]float32, peakTaps)...)
	for _, piece := range []int{1, 7, len(x)} {
		p := NewTruePeak(44_100)
		for at := 0; at < len(x); at += piece {
			p.Process(x[at:min(at+piece, len(x))])
		}
		if p.Peak() < g.SamplePeak {
			t.Errorf("the true peak %g is below the peak of the samples %g", p.Peak(), g.SamplePeak)
		}
		near(t, "the true peak in dB", DB(p.Peak()), DB(g.Peak), 0.15)
	}
	t.Logf("samples %.3f dB, between them %.3f dB", DB(g.SamplePeak), DB(g.Peak))
	high := NewTruePeak(192_000)
	high.Process(x)
	near(t, "the peak at 192 kHz", high.Peak(), g.SamplePeak, 1e-9)
}
