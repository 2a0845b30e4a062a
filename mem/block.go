package mem

import (
	"sync/atomic"
	"unsafe"
)

// Block is a piece of charged memory with a reference count: it goes back to its pool, and its bytes to its account, when
// the last holder releases it. The count is safe for concurrent use; the content isn't.
type Block struct {
	refs    atomic.Int32
	account *Account
	buf     *[]byte // from the pool; nil for adopted memory
	bytes   []byte
	free    func() // for adopted memory; may be nil
}

// Alloc returns a block of n bytes with one reference, whose content is undefined, charged to the account. It fails with a
// *LimitError.
func (a *Account) Alloc(n int) (*Block, error) {
	b := new(Block)
	if err := a.AllocInto(b, n); err != nil {
		return nil, err
	}
	return b, nil
}

// AllocInto is [Account.Alloc] into a block that is part of something, and that was never used before.
func (a *Account) AllocInto(b *Block, n int) error {
	if err := a.Charge(n); err != nil {
		return err
	}
	b.hold(a, a.pool.Get(n))
	return nil
}

// OwnInto charges a buffer of the account's own pool and takes it over into a block that is part of something and was never used
// before: it goes back there when the last reference is released. On failure it stays the caller's.
func (a *Account) OwnInto(b *Block, buf *[]byte) error {
	if err := a.Charge(len(*buf)); err != nil {
		return err
	}
	b.hold(a, buf)
	return nil
}

func (b *Block) hold(a *Account, buf *[]byte) {
	b.account, b.buf, b.bytes = a, buf, *buf
	b.refs.Store(1)
}

// Adopt charges memory that came from elsewhere, for instance a request's message, and calls free (if not nil) when the
// last reference is released.
func (a *Account) Adopt(bytes []byte, free func()) (*Block, error) {
	if err := a.Charge(len(bytes)); err != nil {
		return nil, err
	}
	b := &Block{account: a, bytes: bytes, free: free}
	b.refs.Store(1)
	return b, nil
}

// Bytes returns the content. It is valid until the last release.
func (b *Block) Bytes() []byte { return b.bytes }

// Float32s returns the same memory as float32 samples in the machine's byte order, and whether it is aligned for them.
func (b *Block) Float32s() ([]float32, bool) { return Float32s(b.bytes) }

// Retain adds a reference and returns b.
func (b *Block) Retain() *Block {
	b.refs.Add(1)
	return b
}

// Shared reports whether somebody else holds the block too.
func (b *Block) Shared() bool { return b.refs.Load() > 1 }

// Adopted reports whether the memory came from elsewhere and may be read by others.
func (b *Block) Adopted() bool { return b.buf == nil }

// Release drops a reference. Releasing more often than retaining panics: it is a bug that would corrupt another call.
func (b *Block) Release() {
	switch n := b.refs.Add(-1); {
	case n > 0:
		return
	case n < 0:
		panic("mem: block released twice")
	}
	size := len(b.bytes)
	b.bytes = nil
	if b.buf != nil {
		b.account.pool.Put(b.buf)
	} else if b.free != nil {
		b.free()
	}
	b.account.Release(size)
}

// Float32s views bytes as float32 samples in the machine's byte order without copying; ok is false where their address
// isn't aligned, or on a big-endian machine, where wire bytes aren't the machine's.
func Float32s(bytes []byte) (samples []float32, ok bool) {
	if len(bytes) < 4 {
		return nil, true
	}
	p := unsafe.Pointer(unsafe.SliceData(bytes))
	if uintptr(p)%4 != 0 || bigEndian {
		return nil, false
	}
	return unsafe.Slice((*float32)(p), len(bytes)/4), true
}

// BytesOf views samples as bytes without copying; ok is false on a big-endian machine.
func BytesOf(samples []float32) (bytes []byte, ok bool) {
	if len(samples) == 0 {
		return nil, true
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(samples))), 4*len(samples)), !bigEndian
}

// StringOf views bytes that are never written to again as a string without copying.
func StringOf(bytes []byte) string { return unsafe.String(unsafe.SliceData(bytes), len(bytes)) }

var bigEndian = func() bool {
	x := uint16(1)
	return *(*byte)(unsafe.Pointer(&x)) == 0
}()
