package resample

import (
	"math"
	"sync"
)

// gridPerSample is the resolution of a tabulated prototype in points per
// sample of the lower rate. With cubic interpolation between the points the
// error is below (pi/128)^4 * 0.0234 = 8.5e-9, under a float32 tap's own
// rounding.
const gridPerSample = 128

// oversampling is the rate of the stored equiripple taps, in units of the
// lower sample rate.
const oversampling = 4

// prototype is an even continuous-time low-pass impulse response of unit area.
// Time is in samples of the lower rate, so that one prototype serves every
// pair of rates. It is immutable.
type prototype struct {
	reach float64   // the response is zero from here on
	grid  []float64 // grid[i+1] = response at i/gridPerSample
}

// at returns the response at time u, by cubic Lagrange interpolation.
func (p *prototype) at(u float64) float64 {
	u = math.Abs(u)
	if u >= p.reach {
		return 0
	}
	pos := u * gridPerSample
	i := int(pos)
	f := pos - float64(i)
	g := p.grid[i : i+4 : i+4]
	a, b, c := f+1, f-1, f-2
	return g[1]*a*b*c*0.5 - g[2]*a*f*c*0.5 + (g[3]*a*b-g[0]*b*c)*f*(1.0/6)
}

// tabulate stores the even function h, which is zero from reach on.
func tabulate(reach float64, h func(i int) float64) *prototype {
	grid := make([]float64, int(math.Ceil(reach*gridPerSample))+4)
	for i := range grid {
		if abs := max(i-1, 1-i); float64(abs) < reach*gridPerSample {
			grid[i] = h(abs)
		}
	}
	return &prototype{reach: reach, grid: grid}
}

// sharpPrototype turns equiripple taps at 4x the lower rate into a continuous
// response: taps convolved with a Kaiser-windowed sinc, whose transition (from
// the sharp stopband edge to that edge's image) is wide, so it is short. This
// is the interpolated FIR idea of Neuvo, Dong and Mitra (1984).
func sharpPrototype(taps []float64, smooth float64) *prototype {
	const perTap = gridPerSample / oversampling
	length, beta := kaiser(smooth, 0.745)
	w := newWindow(length/2, beta)
	kernel := make([]float64, int(math.Ceil(length/2))*perTap)
	for i := range kernel {
		v := float64(i) / perTap
		kernel[i] = oversampling * sinc(v) * w.at(v)
	}
	reach := (float64(len(taps)) - 0.5 + length/2) / oversampling
	grid := make([]float64, int(math.Ceil(reach*gridPerSample))+4)
	for m, tap := range taps {
		centre := perTap/2 + m*perTap
		spread(grid, kernel, tap, centre+1)
		spread(grid, kernel, tap, 1-centre) // its mirror image, of which little is in the grid
	}
	return &prototype{reach: reach, grid: grid}
}

// spread adds gain times the even kernel around an index of the grid.
func spread(grid, kernel []float64, gain float64, centre int) {
	up := grid[min(max(centre, 0), len(grid)):]
	for i, v := range kernel[min(max(-centre, 0), len(kernel)):] {
		if i >= len(up) {
			break
		}
		up[i] += gain * v
	}
	for i := 1; i < len(kernel) && i <= centre; i++ {
		if at := centre - i; at < len(grid) {
			grid[at] += gain * kernel[i]
		}
	}
}

// loosePrototype is a Kaiser-windowed sinc with the passband edge pass and the
// stopband edge stop, in units of the lower Nyquist frequency.
func loosePrototype(pass, stop, rejection float64) *prototype {
	length, beta := kaiser(rejection, (stop-pass)/2)
	cutoff := (pass + stop) / 2
	w := newWindow(length/2, beta)
	return tabulate(length/2, func(i int) float64 {
		u := float64(i) / gridPerSample
		return cutoff * sinc(cutoff*u) * w.at(u)
	})
}

// kaiser returns the length in samples and the shape of the Kaiser window for
// a rejection in dB and a transition width in cycles per sample (Kaiser 1974).
func kaiser(rejection, width float64) (length, beta float64) {
	return (rejection - 7.95) / (14.36 * width), 0.1102 * (rejection - 8.7)
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// window is a Kaiser window as a power series in 1-(u/reach)^2, whose terms
// are those of the Bessel function I0: one Horner evaluation per point.
type window struct {
	reach  float64
	series []float64 // highest power first
}

func newWindow(reach, beta float64) window {
	term, sum := 1.0, 1.0
	series := []float64{1}
	for k := 1; term > sum*1e-17; k++ {
		term *= beta * beta / 4 / float64(k*k)
		sum += term
		series = append(series, term)
	}
	for i, j := 0, len(series)-1; i <= j; i, j = i+1, j-1 {
		series[i], series[j] = series[j]/sum, series[i]/sum
	}
	return window{reach: reach, series: series}
}

func (w window) at(u float64) float64 {
	x := u / w.reach
	y := 1 - x*x
	if y < 0 {
		return 0
	}
	s := 0.0
	for _, c := range w.series {
		s = s*y + c
	}
	return s
}

// prototypes are the responses of one quality class: the sharp one decides
// what is heard, the loose ones (by index of hops) lead to an intermediate
// rate and only keep images and aliases out of the band the sharp one passes.
type prototypes struct {
	sharp *prototype
	loose [len(hops)]*prototype
}

// prototypesOf are designed at the first use of a class.
var prototypesOf = [...]func() *prototypes{
	Low: designOnce(Low), Medium: designOnce(Medium), High: designOnce(High), VeryHigh: designOnce(VeryHigh),
}

func designOnce(q Quality) func() *prototypes {
	return sync.OnceValue(func() *prototypes {
		c := classes[q]
		p := &prototypes{sharp: sharpPrototype(c.taps, c.smooth)}
		for i, h := range hops {
			p.loose[i] = loosePrototype(c.pass, 2*h.ratio()-c.stop, c.loose)
		}
		return p
	})
}
