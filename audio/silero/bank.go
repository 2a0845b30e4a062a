package silero

// bank is a matrix in the order in which a kernel reads it: tile after tile of outputs, each one row per input and
// then the row of the biases. It is applied to a number of positions at once: vectors that lie a fixed step apart in memory
// and may overlap, which makes a convolution of a product.
type bank struct {
	run             product
	tiles           []float32
	count           int // tiles
	inputs, outputs int
	positions       int
}

// newBank lays a matrix out. The number of outputs is a multiple of 64, which every kernel's tiles divide.
func newBank(k *kernel, positions, inputs, outputs int, bias func(out int) float32, weight func(out, in int) float32) bank {
	run, lanes := k.product(positions)
	b := bank{run: run, count: outputs / lanes, inputs: inputs, outputs: outputs, positions: positions}
	b.tiles = make([]float32, 0, outputs*(inputs+1))
	for first := 0; first < outputs; first += lanes {
		for in := range inputs {
			for i := range lanes {
				b.tiles = append(b.tiles, weight(first+i, in))
			}
		}
		for i := range lanes {
			b.tiles = append(b.tiles, bias(first+i))
		}
	}
	return b
}

func noBias(int) float32 { return 0 }

// apply computes, for each position p and output o, dst[p*dstStep+o] = max(floor, bias[o] + sum of weight[o][i] * x[p*xStep+i]).
func (b *bank) apply(dst []float32, dstStep int, x []float32, xStep int, floor float32) {
	last := b.positions - 1
	_, _ = dst[last*dstStep+b.outputs-1], x[last*xStep+b.inputs-1] // the kernels don't check
	b.run(dst, b.tiles, x, b.count, b.inputs, dstStep, xStep, floor)
}
