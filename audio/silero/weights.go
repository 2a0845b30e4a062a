package silero

import (
	_ "embed" // the weights are part of the program
	"encoding/binary"
	"math"
)

// Shapes of the network.
const (
	window    = 256          // samples of a short-time spectrum
	hop       = window / 2   // samples between two spectra
	spectra   = 4            // spectra of a frame
	bins      = window/2 + 1 // magnitudes of a spectrum
	hidden    = 128          // units of the LSTM
	gates     = 4 * hidden   // input, forget, cell and output gates, in this order
	paddedLen = contextLen + FrameLen + reflected
	reflected = 64 // samples at the end that are repeated backwards behind it
)

//go:embed weights/silero_vad_16k.f32
var weightFile []byte

// weights are the initialisers of the original model as they are, in the order of the file. A matrix of a convolution is
// [outputs][inputs][taps], one of the LSTM [gates][inputs].
type weights struct {
	basis                 []float32 // [2*bins][window]: the real parts of a Hann-windowed DFT, then the imaginary ones
	conv                  [4]convolution
	fromInput, fromHidden []float32
	biasInput, biasHidden []float32
	decoder               []float32
	decoderBias           float32
}

type convolution struct {
	weights, bias         []float32
	inputs, outputs, taps int
}

// readWeights cuts the file into its tensors. The file is a part of the program, so a wrong length is a mistake in it.
func readWeights(file []byte) *weights {
	all := make([]float32, len(file)/4)
	for i := range all {
		all[i] = math.Float32frombits(binary.LittleEndian.Uint32(file[4*i:]))
	}
	next := func(n int) (tensor []float32) {
		tensor, all = all[:n:n], all[n:]
		return tensor
	}
	w := &weights{basis: next(2 * bins * window)}
	for i, shape := range [4][2]int{{bins, 128}, {128, 64}, {64, 64}, {64, hidden}} {
		in, out := shape[0], shape[1]
		w.conv[i] = convolution{next(out * in * 3), next(out), in, out, 3}
	}
	w.fromInput, w.fromHidden = next(gates*hidden), next(gates*hidden)
	w.biasInput, w.biasHidden = next(gates), next(gates)
	w.decoder, w.decoderBias = next(hidden), next(1)[0]
	return w
}

// at returns the weight of one tap.
func (c *convolution) at(out, in, tap int) float32 { return c.weights[(out*c.inputs+in)*c.taps+tap] }
