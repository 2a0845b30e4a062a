package resample

import (
	"fmt"
	"strings"
)

// Quality selects the filter class. All classes are linear phase with delay
// zero; they differ in bandwidth, rejection, latency and cost. Frequencies are
// in units of the lower of the two Nyquist frequencies:
//
//	            passband to   ripple       rejection    from    reach, samples of the lower rate
//	Low           0.80        0.02 dB       75 dB       1.04     19
//	Medium        0.85        0.003 dB     100 dB       1.02     34 to 45
//	High          0.90        0.001 dB     125 dB       1.02     57 to 67
//	VeryHigh      0.91        0.0005 dB    150 dB       1.02     76 to 90
//
// Rejection holds for aliases (conversion down) and images (conversion up).
// THD+N of 997 Hz at -1 dBFS is at most -135 dB with High and VeryHigh, -100
// dB with Medium and -75 dB with Low. The quality tests of this package hold
// these figures.
type Quality uint8

// The quality classes, in order of cost.
const (
	Low Quality = iota
	Medium
	High
	VeryHigh
)

var qualityNames = [...]string{"low", "medium", "high", "very_high"}

// String returns the name that ParseQuality reads: low, medium, high or
// very_high.
func (q Quality) String() string {
	if int(q) < len(qualityNames) {
		return qualityNames[q]
	}
	return fmt.Sprintf("Quality(%d)", uint8(q))
}

// ParseQuality reads the name of a quality class in any letter case.
func ParseQuality(name string) (Quality, error) {
	for i, n := range qualityNames {
		if strings.EqualFold(n, name) {
			return Quality(i), nil
		}
	}
	return 0, fmt.Errorf("resample: unknown quality %q, expected one of %s", name, strings.Join(qualityNames[:], ", "))
}

// class is what a quality asks of its filters.
type class struct {
	taps       []float64 // right half of the sharp prototype at 4x the lower rate
	pass, stop float64   // band edges of the sharp filter in units of Nyquist
	loose      float64   // rejection of the loose filter in dB
	smooth     float64   // rejection of the interpolation of taps in dB
	phases     int       // stored phases per input sample where phases are interpolated, up to a scale of 1.5
}

var classes = [...]class{
	Low:      {taps: lowTaps, pass: 0.80, stop: 1.04, loose: 88, smooth: 95, phases: 32},
	Medium:   {taps: mediumTaps, pass: 0.85, stop: 1.02, loose: 110, smooth: 118, phases: 56},
	High:     {taps: highTaps, pass: 0.902, stop: 1.0195, loose: 140, smooth: 142, phases: 96},
	VeryHigh: {taps: veryHighTaps, pass: 0.91, stop: 1.0185, loose: 168, smooth: 174, phases: 160},
}
