package dsp

// Filter runs one channel through biquads, one after the other, in float64.
type Filter struct {
	sections []section
	phase    int // samples since state was looked at
}

// section is a biquad with its state, in the transposed direct form II, which rounds least where the poles lie near 1.
type section struct {
	Biquad
	s1, s2 float64
}

// NewFilter returns a filter at rest; without biquads it copies.
func NewFilter(biquads ...Biquad) *Filter {
	f := &Filter{sections: make([]section, len(biquads))}
	for i, b := range biquads {
		f.sections[i].Biquad = b
	}
	return f
}

// Process filters src into dst.
func (f *Filter) Process(dst, src []float32) {
	var buf [settled]float64
	src = src[:min(len(src), len(dst))]
	for len(src) > 0 {
		x := f.take(&buf, src)
		for i, v := range x {
			dst[i] = float32(v)
		}
		dst, src = dst[len(x):], src[len(x):]
	}
}

// Energy filters src and returns sum with the squares of what comes out added one by one.
func (f *Filter) Energy(sum float64, src []float32) float64 {
	var buf [settled]float64
	for len(src) > 0 {
		x := f.take(&buf, src)
		for _, v := range x {
			sum += v * v
		}
		src = src[len(x):]
	}
	return sum
}

// take filters the samples up to the next look at the state.
func (f *Filter) take(buf *[settled]float64, src []float32) []float64 {
	x := buf[:min(len(src), settled-f.phase)]
	for i := range x {
		x[i] = float64(src[i])
	}
	for i := range f.sections {
		f.sections[i].run(x)
	}
	if f.phase += len(x); f.phase == settled {
		f.settle()
	}
	return x
}

func (s *section) run(x []float64) {
	b0, b1, b2, a1, a2 := s.B0, s.B1, s.B2, s.A1, s.A2
	s1, s2 := s.s1, s.s2
	for i, v := range x {
		y := b0*v + s1
		s1 = b1*v + s2 - a1*y
		s2 = b2*v - a2*y
		x[i] = y
	}
	s.s1, s.s2 = s1, s2
}

func (f *Filter) settle() {
	f.phase = 0
	for i := range f.sections {
		s := &f.sections[i]
		s.s1, s.s2 = settle(s.s1), settle(s.s2)
	}
}

// Response returns the frequency response at a frequency in units of the sample rate.
func (f *Filter) Response(frequency float64) complex128 {
	h := complex(1, 0)
	for i := range f.sections {
		h *= f.sections[i].Response(frequency)
	}
	return h
}

// Reset returns to rest.
func (f *Filter) Reset() {
	f.phase = 0
	for i := range f.sections {
		f.sections[i].s1, f.sections[i].s2 = 0, 0
	}
}
