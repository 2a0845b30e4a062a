package dsp

import (
	"fmt"
	"math"
	"math/cmplx"
)

// Biquad is a filter of second order: y[n] = B0 x[n] + B1 x[n-1] + B2 x[n-2] - A1 y[n-1] - A2 y[n-2].
type Biquad struct{ B0, B1, B2, A1, A2 float64 }

// Response returns the filter's frequency response at a frequency in units of the sample rate.
func (q Biquad) Response(frequency float64) complex128 {
	z := cmplx.Rect(1, -2*math.Pi*frequency)
	b := complex(q.B0, 0) + z*(complex(q.B1, 0)+z*complex(q.B2, 0))
	a := 1 + z*(complex(q.A1, 0)+z*complex(q.A2, 0))
	return b / a
}

// Stable reports whether the filter's answer to an impulse dies away: both poles lie within the unit circle.
func (q Biquad) Stable() bool { return math.Abs(q.A2) < 1 && math.Abs(q.A1) < 1+q.A2 }

// Shape is the kind of a filter that [Design] makes.
type Shape uint8

// The shapes. Gain is at frequencies far from the filter's own unless it says otherwise.
const (
	LowPass   Shape = iota // 1 below, -12 dB an octave above; Q at the frequency
	HighPass               // 1 above, -12 dB an octave below; Q at the frequency
	BandPass               // 1 at the frequency; its bandwidth is frequency/Q
	Notch                  // 0 at the frequency; its bandwidth is frequency/Q
	AllPass                // 1 everywhere; the phase turns by 180 degrees at the frequency
	Peaking                // the gain at the frequency
	LowShelf               // the gain below the frequency, half of its dB at it
	HighShelf              // the gain above the frequency, half of its dB at it
)

// Design describes a filter of the "Cookbook formulae for audio equalizer biquad filter coefficients" by Robert
// Bristow-Johnson: analog prototypes under the bilinear transform, exact at the given frequency.
type Design struct {
	Shape     Shape
	Rate      float64 // sample rate in Hz
	Frequency float64 // Hz, above 0 and below half the sample rate
	Q         float64 // above 0; sqrt(1/2) is the flattest pass band, and the steepest shelf without overshoot
	GainDB    float64 // of Peaking and the shelves, -120 to 120
}

// Biquad returns the filter, or which parameter is out of range.
func (d Design) Biquad() (Biquad, error) {
	if err := d.check(); err != nil {
		return Biquad{}, err
	}
	b, a := d.section()
	q := Biquad{b[0] / a[0], b[1] / a[0], b[2] / a[0], a[1] / a[0], a[2] / a[0]}
	if !q.Stable() {
		return Biquad{}, fmt.Errorf("dsp: no stable filter has a frequency of %g Hz at %g Hz with Q %g", d.Frequency, d.Rate, d.Q)
	}
	return q, nil
}

func (d Design) check() error {
	switch {
	case d.Shape > HighShelf:
		return fmt.Errorf("dsp: no filter has shape %d", d.Shape)
	case !(d.Rate > 0) || !finite(d.Rate):
		return fmt.Errorf("dsp: the sample rate is %g Hz: expected more than 0", d.Rate)
	case !(d.Frequency > 0 && d.Frequency < d.Rate/2):
		return fmt.Errorf("dsp: the frequency is %g Hz: expected more than 0 and less than half the sample rate, %g Hz", d.Frequency, d.Rate/2)
	case !(d.Q > 0) || !finite(d.Q):
		return fmt.Errorf("dsp: Q is %g: expected more than 0", d.Q)
	case !(math.Abs(d.GainDB) <= 120):
		return fmt.Errorf("dsp: the gain is %g dB: expected -120 to 120", d.GainDB)
	}
	return nil
}

// section returns the numerator and the denominator in powers of 1/z, not normalised.
func (d Design) section() (b, a [3]float64) {
	sin, cos := math.Sincos(2 * math.Pi * d.Frequency / d.Rate)
	alpha := sin / (2 * d.Q)
	root := math.Pow(10, d.GainDB/40) // of the gain
	a = [3]float64{1 + alpha, -2 * cos, 1 - alpha}
	switch d.Shape {
	case LowPass:
		b = [3]float64{(1 - cos) / 2, 1 - cos, (1 - cos) / 2}
	case HighPass:
		b = [3]float64{(1 + cos) / 2, -1 - cos, (1 + cos) / 2}
	case BandPass:
		b = [3]float64{alpha, 0, -alpha}
	case Notch:
		b = [3]float64{1, -2 * cos, 1}
	case AllPass:
		b = [3]float64{1 - alpha, -2 * cos, 1 + alpha}
	case Peaking:
		b = [3]float64{1 + alpha*root, -2 * cos, 1 - alpha*root}
		a = [3]float64{1 + alpha/root, -2 * cos, 1 - alpha/root}
	case LowShelf:
		b, a = shelf(root, cos, alpha)
	case HighShelf: // the low one with the frequency axis turned round
		b, a = shelf(root, -cos, alpha)
		b[1], a[1] = -b[1], -a[1]
	}
	return b, a
}

// shelf is a low shelf.
func shelf(root, cos, alpha float64) (b, a [3]float64) {
	up, down, slope := root+1, root-1, 2*math.Sqrt(root)*alpha
	b = [3]float64{root * (up - down*cos + slope), 2 * root * (down - up*cos), root * (up - down*cos - slope)}
	a = [3]float64{up + down*cos + slope, -2 * (down + up*cos), up + down*cos - slope}
	return b, a
}
