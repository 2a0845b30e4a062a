package dsp

import "fmt"

// Bounds of the times of dynamics, in ms, and of sample rates.
const (
	maxMillis = 60_000
	maxRate   = 768_000
)

// within is a parameter with its bounds.
type within struct {
	name       string
	value      float64
	unit       string
	least, top float64
}

// check returns what is wrong with the first parameter that is out of its bounds. NaN always is.
func check(rate int, all ...within) error {
	if rate < 1 || rate > maxRate {
		return fmt.Errorf("dsp: the sample rate is %d Hz: expected 1 to %d", rate, maxRate)
	}
	for _, p := range all {
		if !(p.value >= p.least && p.value <= p.top) {
			return fmt.Errorf("dsp: %s is %g %s: expected %g to %g", p.name, p.value, p.unit, p.least, p.top)
		}
	}
	return nil
}
