package pcm

// kernel is one set of inner loops. All sets give the same bytes and the same counts. Samples are little-endian bytes at
// any address, planar floats included (a big-endian machine doesn't use the kernels for those), and the lengths of the
// slices agree.
type kernel struct {
	name string

	// flat changes the encoding of samples; the indices are the encoding to and the encoding from.
	flat [encodingCount][encodingCount]flat

	// split separates stereo of an encoding into two channels of floats, and join is its inverse.
	split [encodingCount]split
	join  [encodingCount]join

	// split4 and join4 are for four channels that are neighbours in frames of more.
	split4 [encodingCount]split4
	join4  [encodingCount]join4

	// widen24 and narrow24 convert 24-bit samples to I32 and back.
	widen24, narrow24 flat

	// clean reports whether there is nothing to sanitize.
	clean func(x []float32) bool
}

// encodingCount is the length of tables with an Encoding as the index.
const encodingCount = I32 + 1

type (
	// flat converts len(src) bytes of samples and returns how many samples were clipped.
	flat func(dst, src []byte) (clipped int)

	split func(left, right, src []byte)
	join  func(dst, left, right []byte) (clipped int)

	// split4 and join4 convert as many frames as a has samples. The first of them begins where the slice of frames does
	// and the next follows stride bytes later; the slice ends with the last frame's last sample of the four. join4 counts
	// each channel's clipped samples. With three channels d is c, the slice ends with the third sample, and the fourth
	// count means nothing.
	split4 func(a, b, c, d, frames []byte, stride int)
	join4  func(frames, a, b, c, d []byte, stride int) (clipped [4]int)
)

// fastest is the set in use, chosen for the processor at start.
var fastest = last(kernels())

func last(sets []*kernel) *kernel { return sets[len(sets)-1] }

// step is what the assembly kernels' number of samples or frames is a multiple of. What remains is left to the portable
// ones.
const step = 16

// The assembly kernels take pointers and trust them. n is a multiple of step, and not 0.
type (
	flatAsm   func(dst, src *byte, n int) (clipped int)
	splitAsm  func(left, right, src *byte, n int)
	joinAsm   func(dst, left, right *byte, n int) (clipped int)
	split4Asm func(a, b, c, d, frames *byte, stride, n int)
	join4Asm  func(frames, a, b, c, d *byte, stride, n int) (clipped [4]int)
	cleanAsm  func(x *float32, n int) bool
)

// whole wraps an assembly kernel in the proof that it stays inside its slices, with the portable kernel for the end. The
// assembly may touch the bytes of spare samples behind its own, which the portable kernel then writes.
func (asm flatAsm) whole(end flat, to, from, spare int) flat {
	return func(dst, src []byte) (clipped int) {
		n := (len(src)/from - spare) &^ (step - 1)
		if n > 0 {
			_, _ = dst[(n+spare)*to-1], src[(n+spare)*from-1]
			clipped = asm(&dst[0], &src[0], n)
			dst, src = dst[n*to:], src[n*from:]
		}
		return clipped + end(dst, src)
	}
}

func (asm splitAsm) whole(end split, size int) split {
	return func(left, right, src []byte) {
		if n := len(left) / 4 &^ (step - 1); n > 0 {
			_, _, _ = left[4*n-1], right[4*n-1], src[2*n*size-1]
			asm(&left[0], &right[0], &src[0], n)
			left, right, src = left[4*n:], right[4*n:], src[2*n*size:]
		}
		end(left, right, src)
	}
}

func (asm joinAsm) whole(end join, size int) join {
	return func(dst, left, right []byte) (clipped int) {
		if n := len(left) / 4 &^ (step - 1); n > 0 {
			_, _, _ = dst[2*n*size-1], left[4*n-1], right[4*n-1]
			clipped = asm(&dst[0], &left[0], &right[0], n)
			dst, left, right = dst[2*n*size:], left[4*n:], right[4*n:]
		}
		return clipped + end(dst, left, right)
	}
}

// fours returns for how many frames the assembly may touch four whole samples, which are one too many in the last frame
// of three channels.
func fours(planar, frames []byte, stride, size int) int {
	return min(len(planar)/4, (len(frames)+stride-4*size)/stride) &^ (step - 1)
}

func (asm split4Asm) whole(end split4, size int) split4 {
	return func(a, b, c, d, frames []byte, stride int) {
		if n := fours(a, frames, stride, size); n > 0 {
			_, _, _, _, _ = a[4*n-1], b[4*n-1], c[4*n-1], d[4*n-1], frames[(n-1)*stride+4*size-1]
			asm(&a[0], &b[0], &c[0], &d[0], &frames[0], stride, n)
			if a, b, c, d = a[4*n:], b[4*n:], c[4*n:], d[4*n:]; len(a) == 0 {
				return
			}
			frames = frames[n*stride:]
		}
		end(a, b, c, d, frames, stride)
	}
}

func (asm join4Asm) whole(end join4, size int) join4 {
	return func(frames, a, b, c, d []byte, stride int) (clipped [4]int) {
		if n := fours(a, frames, stride, size); n > 0 {
			_, _, _, _, _ = a[4*n-1], b[4*n-1], c[4*n-1], d[4*n-1], frames[(n-1)*stride+4*size-1]
			clipped = asm(&frames[0], &a[0], &b[0], &c[0], &d[0], stride, n)
			if a, b, c, d = a[4*n:], b[4*n:], c[4*n:], d[4*n:]; len(a) == 0 {
				return clipped
			}
			frames = frames[n*stride:]
		}
		for i, n := range end(frames, a, b, c, d, stride) {
			clipped[i] += n
		}
		return clipped
	}
}

func (asm cleanAsm) whole() func(x []float32) bool {
	return func(x []float32) bool {
		n := len(x) &^ (step - 1)
		return (n == 0 || asm(&x[0], n)) && cleanPortable(x[n:])
	}
}

// assembly is what a processor's file of kernels provides.
type assembly struct {
	shortsToFloats, shortsToInts, intsToFloats, intsToShorts, floatsToShorts, floatsToInts flatAsm

	splitShorts, splitInts, splitFloats splitAsm
	joinShorts, joinInts, joinFloats    joinAsm

	splitShorts4, splitInts4, splitFloats4 split4Asm
	joinShorts4, joinInts4, joinFloats4    join4Asm

	widen24, narrow24 flatAsm
	clean             cleanAsm
}

// kernel completes the assembly.
func (a assembly) kernel(name string) *kernel {
	k := portable
	k.name = name
	for _, f := range []struct {
		to, from Encoding
		asm      flatAsm
	}{
		{F32, I16, a.shortsToFloats}, {I32, I16, a.shortsToInts}, {F32, I32, a.intsToFloats},
		{I16, I32, a.intsToShorts}, {I16, F32, a.floatsToShorts}, {I32, F32, a.floatsToInts},
	} {
		k.flat[f.to][f.from] = f.asm.whole(k.flat[f.to][f.from], f.to.Bytes(), f.from.Bytes(), 0)
	}
	for _, f := range []struct {
		enc    Encoding
		split  splitAsm
		join   joinAsm
		split4 split4Asm
		join4  join4Asm
	}{
		{F32, a.splitFloats, a.joinFloats, a.splitFloats4, a.joinFloats4},
		{I16, a.splitShorts, a.joinShorts, a.splitShorts4, a.joinShorts4},
		{I32, a.splitInts, a.joinInts, a.splitInts4, a.joinInts4},
	} {
		size := f.enc.Bytes()
		k.split[f.enc], k.join[f.enc] = f.split.whole(k.split[f.enc], size), f.join.whole(k.join[f.enc], size)
		k.split4[f.enc], k.join4[f.enc] = f.split4.whole(k.split4[f.enc], size), f.join4.whole(k.join4[f.enc], size)
	}
	k.widen24, k.narrow24 = a.widen24.whole(k.widen24, 4, 3, 2), a.narrow24.whole(k.narrow24, 3, 4, 2)
	k.clean = a.clean.whole()
	return &k
}
