package pcm

import (
	"encoding/binary"
	"math"
	"sync"
	"unsafe"
)

// blockLen is the number of samples that are converted at a time where a conversion takes two steps, small enough for
// both to stay in the first-level cache.
const blockLen = 2048

// maxWindows is the number of channels that the fast paths handle, the most that the wire allows. More channels take
// the plain loops.
const maxWindows = 64

// scratch is the memory of one conversion. It can't live on the stack because the kernels are called through function
// pointers, which makes their arguments escape.
type scratch struct {
	floats  [blockLen]float32
	shorts  [blockLen]int16
	ints    [blockLen]int32
	wrap    [blockLen]int32 // constant, see suspicious
	windows [maxWindows][]float32
}

var pool = sync.Pool{New: func() any {
	s := new(scratch)
	for i := range s.wrap {
		s.wrap[i] = math.MaxInt32
	}
	return s
}}

func getScratch() *scratch { return pool.Get().(*scratch) }

// release gives s back without the caller's slices, which the pool would keep alive.
func (s *scratch) release() {
	clear(s.windows[:])
	pool.Put(s)
}

// window returns planar's frames from start to end.
func (s *scratch) window(planar [][]float32, start, end int) [][]float32 {
	for c, samples := range planar {
		s.windows[c] = samples[start:end]
	}
	return s.windows[:len(planar)]
}

var hostIsLittleEndian = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

type sample interface{ int16 | int32 | float32 }

// view returns b as samples without a copy, which takes a little-endian machine and an aligned address.
func view[T sample](b []byte) ([]T, bool) {
	var zero T
	size := unsafe.Sizeof(zero)
	n := len(b) / int(size)
	if n == 0 {
		return nil, true
	}
	if !hostIsLittleEndian || uintptr(unsafe.Pointer(unsafe.SliceData(b)))%size != 0 {
		return nil, false
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), n), true
}

// bytesOf returns the memory of samples.
func bytesOf[T sample](samples []T) []byte {
	var zero T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(samples))), len(samples)*int(unsafe.Sizeof(zero)))
}

// load returns the samples in b: a view if possible, else a copy in tmp, which must be long enough.
func load[T sample](b []byte, tmp []T) []T {
	if v, ok := view[T](b); ok {
		return v
	}
	var zero T
	tmp = tmp[:len(b)/int(unsafe.Sizeof(zero))]
	unpack(tmp, b)
	return tmp
}

// target returns where to put the samples for b: a view if possible, else tmp, from where [store] takes them.
func target[T sample](b []byte, tmp []T) []T {
	if v, ok := view[T](b); ok {
		return v
	}
	var zero T
	return tmp[:len(b)/int(unsafe.Sizeof(zero))]
}

// store completes what target began.
func store[T sample](b []byte, out []T) {
	if _, direct := view[T](b); !direct {
		pack(b, out)
	}
}

// unpack copies little-endian bytes to samples; b holds at least as many.
func unpack[T sample](dst []T, b []byte) {
	raw := bytesOf(dst)
	copy(raw, b)
	swapIfBigEndian[T](raw)
}

// pack copies samples to little-endian bytes; b has room for them.
func pack[T sample](b []byte, src []T) {
	swapIfBigEndian[T](b[:copy(b, bytesOf(src))])
}

func swapIfBigEndian[T sample](raw []byte) {
	if hostIsLittleEndian {
		return
	}
	var zero T
	size := int(unsafe.Sizeof(zero))
	for i := 0; i+size <= len(raw); i += size {
		for lo, hi := i, i+size-1; lo < hi; lo, hi = lo+1, hi-1 {
			raw[lo], raw[hi] = raw[hi], raw[lo]
		}
	}
}
