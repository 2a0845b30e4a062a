package silero

// product computes count tiles of a bank; see [bank.apply] for the sums. All kernels compute the same sums within float32
// rounding, each in the order of the inputs and the bias last: it is large, and would cost the small terms their low bits.
type product func(dst, tiles, x []float32, count, inputs, dstStep, xStep int, floor float32)

// kernel is one set of inner loops: for one, two and four positions, each with the number of outputs that it computes at
// once, which divides 64.
type kernel struct {
	name                        string
	single, pair, quad          product
	singleLen, pairLen, quadLen int
}

// product returns the loop for a number of positions and the length of its tiles.
func (k *kernel) product(positions int) (product, int) {
	switch positions {
	case 1:
		return k.single, k.singleLen
	case 2:
		return k.pair, k.pairLen
	}
	return k.quad, k.quadLen
}

// portable is the twin in plain Go that the other kernels are tested against.
var portable = kernel{"portable", portableFor(1), portableFor(2), portableFor(4), 4, 4, 4}

// portableFor runs one position after the other, four outputs at once.
func portableFor(positions int) product {
	return func(dst, tiles, x []float32, count, inputs, dstStep, xStep int, floor float32) {
		size := 4 * (inputs + 1)
		for t := range count {
			for p := range positions {
				fourOutputs(dst[p*dstStep+t*4:], tiles[t*size:][:size], x[p*xStep:][:inputs], floor)
			}
		}
	}
}

func fourOutputs(dst, tile, x []float32, floor float32) {
	var s0, s1, s2, s3 float32
	for _, v := range x {
		w := (*[4]float32)(tile)
		s0 += w[0] * v
		s1 += w[1] * v
		s2 += w[2] * v
		s3 += w[3] * v
		tile = tile[4:]
	}
	out, bias := (*[4]float32)(dst), (*[4]float32)(tile)
	out[0] = max(s0+bias[0], floor)
	out[1] = max(s1+bias[1], floor)
	out[2] = max(s2+bias[2], floor)
	out[3] = max(s3+bias[3], floor)
}
