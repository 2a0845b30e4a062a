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
var portable = kernel{"portable", singlePortable, pairPortable, quadPortable, 8, 4, 4}

func singlePortable(dst, tiles, x []float32, count, inputs, dstStep, xStep int, floor float32) {
	x = x[:inputs]
	for t := range count {
		tile := tiles[t*8*(inputs+1):][:8*(inputs+1)]
		var sum [8]float32
		for _, v := range x {
			w := (*[8]float32)(tile)
			for i := range w {
				sum[i] += w[i] * v
			}
			tile = tile[8:]
		}
		store(dst[t*8:], sum[:], tile, floor)
	}
}

func pairPortable(dst, tiles, x []float32, count, inputs, dstStep, xStep int, floor float32) {
	rowsPortable(dst, tiles, x, count, inputs, 2, dstStep, xStep, floor)
}

func quadPortable(dst, tiles, x []float32, count, inputs, dstStep, xStep int, floor float32) {
	rowsPortable(dst, tiles, x, count, inputs, 4, dstStep, xStep, floor)
}

// rowsPortable runs one position after the other, four outputs at once.
func rowsPortable(dst, tiles, x []float32, count, inputs, positions, dstStep, xStep int, floor float32) {
	for t := range count {
		tile := tiles[t*4*(inputs+1):][:4*(inputs+1)]
		for p := range positions {
			var s0, s1, s2, s3 float32
			rows := tile
			for _, v := range x[p*xStep:][:inputs] {
				w := (*[4]float32)(rows)
				s0 += w[0] * v
				s1 += w[1] * v
				s2 += w[2] * v
				s3 += w[3] * v
				rows = rows[4:]
			}
			store(dst[p*dstStep+t*4:], []float32{s0, s1, s2, s3}, rows, floor)
		}
	}
}

// store adds the biases and writes the larger of each sum and floor.
func store(dst, sums, bias []float32, floor float32) {
	for i, v := range sums {
		dst[i] = max(v+bias[i], floor)
	}
}
