package dsp

import (
	"math"
	"math/cmplx"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestBiquadsAgainstAnalogPrototypes(t *testing.T) {
	for _, g := range golden(t).Biquads {
		d := Design{g.Shape, g.Rate, g.Frequency, g.Q, g.Gain}
		q, err := d.Biquad()
		if err != nil {
			t.Errorf("%+v: %v", d, err)
			continue
		}
		got := [5]float64{q.B0, q.B1, q.B2, q.A1, q.A2}
		want := [5]float64{g.B[0] / g.A[0], g.B[1] / g.A[0], g.B[2] / g.A[0], g.A[1] / g.A[0], g.A[2] / g.A[0]}
		for i := range got {
			if math.Abs(got[i]-want[i]) > 1e-10*(1+math.Abs(want[i])) {
				t.Errorf("%+v: coefficients %v: expected %v", d, got, want)
				break
			}
		}
	}
}

// TestDesignsKeepTheirPromise checks the gain at the frequencies that the documentation names.
func TestDesignsKeepTheirPromise(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rate := rapid.Float64Range(8_000, 768_000).Draw(rt, "rate")
		d := Design{
			Rate: rate, Frequency: rate * rapid.Float64Range(0.001, 0.49).Draw(rt, "frequency"),
			Q: rapid.Float64Range(0.1, 20).Draw(rt, "Q"), GainDB: rapid.Float64Range(-30, 30).Draw(rt, "gain"),
		}
		gain := Amplitude(d.GainDB)
		for shape, want := range map[Shape][3]float64{ // at 0, at the frequency, at half the rate
			LowPass: {1, d.Q, 0}, HighPass: {0, d.Q, 1}, BandPass: {0, 1, 0}, Notch: {1, 0, 1}, AllPass: {1, 1, 1},
			Peaking: {1, gain, 1}, LowShelf: {gain, math.Sqrt(gain), 1}, HighShelf: {1, math.Sqrt(gain), gain},
		} {
			d.Shape = shape
			q, err := d.Biquad()
			if err != nil {
				rt.Fatalf("%+v: %v", d, err)
			}
			for i, f := range [3]float64{0, d.Frequency / rate, 0.5} {
				if got := cmplx.Abs(q.Response(f)); math.Abs(got-want[i]) > 1e-6*(1+want[i]) {
					rt.Errorf("%+v: gain %g at %g of the rate: expected %g", d, got, f, want[i])
				}
			}
		}
	})
}

func TestDesignRefuses(t *testing.T) {
	good := Design{Shape: Peaking, Rate: 48_000, Frequency: 1000, Q: 1, GainDB: 3}
	for want, change := range map[string]func(*Design){
		"shape 9":              func(d *Design) { d.Shape = 9 },
		"sample rate":          func(d *Design) { d.Rate = math.NaN() },
		"less than half":       func(d *Design) { d.Frequency = 24_000 },
		"more than 0":          func(d *Design) { d.Frequency = 0 },
		"Q is":                 func(d *Design) { d.Q = math.Inf(1) },
		"gain is":              func(d *Design) { d.GainDB = math.NaN() },
		"no stable filter has": func(d *Design) { d.Q, d.Shape = 1e300, LowPass },
	} {
		d := good
		change(&d)
		if _, err := d.Biquad(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v: expected %q", d, err, want)
		}
	}
}

func TestFilterAgainstScipy(t *testing.T) {
	g := golden(t).Filtered
	var sections []Biquad
	for _, s := range g.Sections {
		sections = append(sections, Biquad{s[0], s[1], s[2], s[4], s[5]})
	}
	x := lcg(len(g.Out))
	f := NewFilter(sections...)
	f.Process(x, x)
	for i, want := range g.Out {
		if math.Abs(float64(x[i])-want) > 1e-6 {
			t.Fatalf("sample %d is %g: expected %g", i, x[i], want)
		}
	}
	f.Reset()
	sum := 0.0
	for _, v := range g.Out {
		sum += v * v
	}
	near(t, "the energy", f.Energy(0, lcg(len(g.Out))), sum, 1e-9)
}

// TestResponse measures the gain of tones and compares it with the computed response.
func TestResponse(t *testing.T) {
	f := NewFilter(KWeighting(44_100)...)
	for _, hertz := range []float64{50, 300, 997, 5000, 15_000} {
		f.Reset()
		x := tone(44_100, hertz, 44_100, 1, 0)
		f.Process(x, x)
		near(t, "the gain", RMS(x[22_050:])*math.Sqrt2, cmplx.Abs(f.Response(hertz/44_100)), 2e-3)
	}
}

// TestKWeighting compares with tables 1 and 2 of ITU-R BS.1770-4, for 48 kHz, and other rates with that one.
func TestKWeighting(t *testing.T) {
	want := [2]Biquad{
		{1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585},
		{1, -2, 1, -1.99004745483398, 0.99007225036621},
	}
	table := NewFilter(want[:]...)
	for i, got := range KWeighting(48_000) {
		for k, pair := range [5][2]float64{{got.B0, want[i].B0}, {got.B1, want[i].B1}, {got.B2, want[i].B2}, {got.A1, want[i].A1}, {got.A2, want[i].A2}} {
			if math.Abs(pair[0]-pair[1]) > 1e-9 {
				t.Errorf("filter %d, coefficient %d is %.14f: expected %.14f", i+1, k, pair[0], pair[1])
			}
		}
	}
	for _, rate := range []float64{16_000, 44_100, 96_000, 192_000, 768_000} {
		f := NewFilter(KWeighting(rate)...)
		for _, hertz := range []float64{30, 100, 997, 2000, 4000} {
			got, want := DB(cmplx.Abs(f.Response(hertz/rate))), DB(cmplx.Abs(table.Response(hertz/48_000)))
			near(t, "the weighting in dB", got, want, 0.15)
		}
	}
}
