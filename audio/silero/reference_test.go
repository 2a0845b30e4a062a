package silero

import "math"

// reference is the network written down plainly, in float64 and with the original's own 258 filters.
type reference struct {
	w       *weights
	h, c    [hidden]float64
	context [contextLen]float64
}

type rows [][]float64 // [time][channel]

func (r *reference) process(frame []float32) float64 {
	x := append([]float64(nil), r.context[:]...)
	for _, v := range frame {
		x = append(x, float64(v))
	}
	copy(r.context[:], x[len(x)-contextLen:])
	for i := range reflected {
		x = append(x, x[contextLen+FrameLen-2-i])
	}
	y := r.spectra(x)
	for i, stride := range []int{1, 2, 2, 1} {
		y = convolve(&r.w.conv[i], y, stride)
	}
	r.recur(y[0])
	logit := float64(r.w.decoderBias)
	for i, v := range r.h {
		logit += float64(r.w.decoder[i]) * max(0, v)
	}
	return sigmoid(logit)
}

func (r *reference) spectra(x []float64) rows {
	var out rows
	for at := 0; at+window <= len(x); at += hop {
		row := make([]float64, bins)
		for k := range row {
			var re, im float64
			for n := range window {
				re += float64(r.w.basis[k*window+n]) * x[at+n]
				im += float64(r.w.basis[(bins+k)*window+n]) * x[at+n]
			}
			row[k] = math.Hypot(re, im)
		}
		out = append(out, row)
	}
	return out
}

// convolve has three taps, one row of padding on either side, and a ReLU behind it.
func convolve(c *convolution, x rows, stride int) rows {
	var out rows
	for t := 0; t < len(x); t += stride {
		row := make([]float64, c.outputs)
		for o := range row {
			sum := float64(c.bias[o])
			for tap := range c.taps {
				if at := t + tap - 1; at >= 0 && at < len(x) {
					for i, v := range x[at] {
						sum += float64(c.at(o, i, tap)) * v
					}
				}
			}
			row[o] = max(0, sum)
		}
		out = append(out, row)
	}
	return out
}

func (r *reference) recur(x []float64) {
	var g [gates]float64
	for o := range g {
		g[o] = float64(r.w.biasInput[o]) + float64(r.w.biasHidden[o])
		for i := range hidden {
			g[o] += float64(r.w.fromInput[o*hidden+i])*x[i] + float64(r.w.fromHidden[o*hidden+i])*r.h[i]
		}
	}
	for i := range hidden {
		input, forget, cell, output := g[i], g[hidden+i], g[2*hidden+i], g[3*hidden+i]
		r.c[i] = sigmoid(forget)*r.c[i] + sigmoid(input)*math.Tanh(cell)
		r.h[i] = sigmoid(output) * math.Tanh(r.c[i])
	}
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
