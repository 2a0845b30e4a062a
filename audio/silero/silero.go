// Package silero is the Silero VAD, version 5, for 16 kHz: a small recurrent network that tells how probable it is that a
// frame of 32 ms holds speech. It computes what the original model computes under onnxruntime, to 1e-5, in plain Go and
// assembly and without allocations; see weights/README.md for the origin and the licence of the weights.
//
// The network: the magnitudes of four short-time spectra, four convolutions, an LSTM of 128 units, one output.
package silero

import (
	"math"
	"slices"
	"sync"

	"github.com/tphakala/simd/f32"

	"github.com/remotemedia/remotemedia-go/audio/pcm"
)

const (
	// Rate is the sample rate of the input in Hz.
	Rate = 16_000
	// FrameLen is the number of samples of a frame.
	FrameLen = 512

	contextLen = 64 // samples before a frame that the network sees with it
)

// State is what a stream keeps between frames: the LSTM's output and memory, and the end of the last frame. The zero value
// is the start of a stream. It isn't safe for concurrent use.
type State struct {
	h, c    [hidden]float32
	context [contextLen]float32
}

// Reset returns to the start of a stream.
func (s *State) Reset() { *s = State{} }

// Model is the network. It is immutable and safe for concurrent use; streams share it.
type Model struct {
	transform   transform
	conv        [4]bank
	lstm        bank
	decoder     []float32
	decoderBias float32
}

// Default returns the model, laid out once for the fastest kernels that this processor runs. The first call takes a few
// milliseconds.
func Default() *Model { return defaultModel() }

var defaultModel = sync.OnceValue(func() *Model {
	all := kernels()
	return newModel(readWeights(weightFile), all[len(all)-1])
})

func newModel(w *weights, k *kernel) *Model {
	m := &Model{transform: newTransform(k, w.basis), decoder: slices.Clone(w.decoder), decoderBias: w.decoderBias}
	m.conv[0] = newConvolution(k, &w.conv[0], 4, 0, 3, binAt)
	m.conv[1] = newConvolution(k, &w.conv[1], 2, 0, 3, same)
	m.conv[2] = newConvolution(k, &w.conv[2], 1, 1, 3, same) // the first tap meets the padding only
	m.conv[3] = newConvolution(k, &w.conv[3], 1, 1, 2, same) // as do both outer ones
	m.lstm = newBank(k, 1, 2*hidden, gates,
		func(out int) float32 { return w.biasInput[out] + w.biasHidden[out] },
		func(out, in int) float32 {
			if in < hidden {
				return w.fromInput[out*hidden+in]
			}
			return w.fromHidden[out*hidden+in-hidden]
		})
	return m
}

func same(i int) int { return i }

// newConvolution makes one product of the taps from first to end: the rows of inputs that they meet lie one after the
// other. Order says which input is kept at an index of a row.
func newConvolution(k *kernel, c *convolution, positions, first, end int, order func(int) int) bank {
	return newBank(k, positions, (end-first)*c.inputs, c.outputs,
		func(out int) float32 { return c.bias[out] },
		func(out, in int) float32 { return c.at(out, order(in%c.inputs), first+in/c.inputs) })
}

// scratch is the working memory of one frame. Margins of zeros around the rows are the padding of the convolutions; nothing
// writes to them.
type scratch struct {
	padded              [paddedLen]float32
	weighed             [window]float32
	even, odd, reversed [half]float32
	folded              [spectra * window]float32
	re, im              [spectra * half]float32
	magnitudes          [(1 + spectra + 1) * bins]float32
	first               [(1 + 4) * 128]float32
	second              [2 * 64]float32
	third               [64]float32
	input               [2 * hidden]float32 // of the LSTM: the last convolution's outputs and h
	gates               [gates]float32
	product             [hidden]float32
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// Process takes in the next frame of a stream and returns the probability, 0 to 1, that it holds speech. A frame has
// FrameLen samples, nominally in [-1, 1]; a shorter one is completed with zeros, and what is beyond is left out. NaN,
// infinities and samples below 1e-30 count as 0, as [pcm.Sanitize] makes them. Samples far beyond full scale give some
// probability: where their sums aren't finite the layers' floor of 0 takes their place, and the state stays finite.
func (m *Model) Process(s *State, frame []float32) float32 {
	t := scratches.Get().(*scratch)
	defer scratches.Put(t)
	take(s, t, frame)
	m.transform.run(t, t.magnitudes[bins:])
	m.conv[0].apply(t.first[128:], 128, t.magnitudes[:], bins, 0)
	m.conv[1].apply(t.second[:], 64, t.first[:], 2*128, 0)
	m.conv[2].apply(t.third[:], 64, t.second[:], 64, 0)
	m.conv[3].apply(t.input[:], hidden, t.third[:], 64, 0)
	m.recur(s, t)
	return m.decide(s, t)
}

// take puts context, the cleaned frame and the reflection of its end together and keeps the next context.
func take(s *State, t *scratch, frame []float32) {
	copy(t.padded[:], s.context[:])
	body := t.padded[contextLen:][:FrameLen]
	clear(body[copy(body, frame):])
	pcm.Sanitize(body)
	f32.Reverse(t.padded[contextLen+FrameLen:], body[FrameLen-1-reflected:FrameLen-1])
	copy(s.context[:], body[FrameLen-contextLen:])
}

// recur runs the LSTM: c = forget*c + input*cell, h = output*tanh(c).
func (m *Model) recur(s *State, t *scratch) {
	copy(t.input[hidden:], s.h[:])
	m.lstm.apply(t.gates[:], gates, t.input[:], 2*hidden, float32(math.Inf(-1)))
	input, forget := t.gates[:hidden], t.gates[hidden:2*hidden]
	cell, output := t.gates[2*hidden:3*hidden], t.gates[3*hidden:]
	f32.SigmoidInPlace(t.gates[:2*hidden])
	f32.TanhInPlace(cell)
	f32.SigmoidInPlace(output)
	f32.Mul(t.product[:], input, cell)
	f32.FMA(s.c[:], s.c[:], forget, t.product[:])
	f32.Tanh(t.product[:], s.c[:])
	f32.Mul(s.h[:], output, t.product[:])
}

// decide is the output layer.
func (m *Model) decide(s *State, t *scratch) float32 {
	f32.ReLU(t.product[:], s.h[:])
	logit := float64(f32.DotProduct(m.decoder, t.product[:]) + m.decoderBias)
	p := float32(1 / (1 + math.Exp(-logit)))
	if p != p {
		s.Reset()
		return 0
	}
	return p
}
