package transform

import "fmt"

// remix turns one number of channels into another: many become one by their mean, one becomes many by copies. Otherwise the
// first ones stay, and those that are missing are silent.
type remix struct{ in, out int }

// averages reports whether many channels become one.
func (m remix) averages() bool { return m.in > 1 && m.out == 1 }

// inner is the smaller number, in which the costly work between down and up is done.
func (m remix) inner() int { return min(m.in, m.out) }

// warning tells what is lost or invented, "" for nothing.
func (m remix) warning() string {
	switch {
	case m.out == 1 || m.in == 1 || m.in == m.out:
		return ""
	case m.out < m.in:
		return fmt.Sprintf("of %d channels only the first %d go on", m.in, m.out)
	}
	return fmt.Sprintf("the audio has %d channels; channels %d to %d are silent", m.in, m.in+1, m.out)
}

// down reduces a block to the inner number of channels. The mean goes to mixed, which has room for it.
func (m remix) down(x [][]float32, mixed []float32) [][]float32 {
	if !m.averages() {
		return x[:m.inner()]
	}
	mixed = mixed[:len(x[0])]
	mean(mixed, x)
	return append(x[:0], mixed)
}

// mean writes the mean of the channels to dst.
func mean(dst []float32, x [][]float32) {
	scale := 1 / float64(len(x))
	if len(x) == 2 {
		left, right := x[0][:len(dst)], x[1][:len(dst)]
		for i := range dst {
			dst[i] = float32((float64(left[i]) + float64(right[i])) * scale)
		}
		return
	}
	for i := range dst {
		sum := 0.0
		for _, channel := range x {
			sum += float64(channel[i])
		}
		dst[i] = float32(sum * scale)
	}
}

// up fills the channels beyond the inner number.
func (m remix) up(x [][]float32) {
	for _, channel := range x[m.inner():] {
		if m.in == 1 {
			copy(channel, x[0])
		} else {
			clear(channel)
		}
	}
}
