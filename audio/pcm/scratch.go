package pcm

import (
	"encoding/binary"
	"sync"
	"unsafe"
)

// blockLen is the number of samples that are converted at a time where a conversion takes two steps, small enough for
// both to stay in the first-level cache.
const blockLen = 2048

// maxChannels is the number of channels that the kernels handle, the most that the wire allows. More of them take the
// plain loops.
const maxChannels = 64

// block holds the samples between two steps. It can't live on the stack because the kernels are called through function
// pointers, which makes their arguments escape.
type block [blockLen * 4]byte

var blocks = sync.Pool{New: func() any { return new(block) }}

func getBlock() *block { return blocks.Get().(*block) }

func (b *block) release() { blocks.Put(b) }

var hostIsLittleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// kernelsFit reports whether the kernels can work on planar.
func kernelsFit(planar [][]float32) bool { return hostIsLittleEndian && len(planar) <= maxChannels }

// bytesOf returns the memory of samples.
func bytesOf(samples []float32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(samples))), len(samples)*F32.Bytes())
}
