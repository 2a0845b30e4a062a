package pcm

import (
	"encoding/binary"
	"unsafe"
)

var hostIsLittleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// bytesOf returns the memory of samples.
func bytesOf(samples []float32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(samples))), len(samples)*F32.Bytes())
}
