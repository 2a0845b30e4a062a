// Package stack makes the stacks of short-lived goroutines large at once.
package stack

// room is what Grow makes sure of, in bytes: the stack of a new goroutine becomes one of 16 KiB, which the handler of a small call and
// its workers get along with.
const room = 9 << 10

// Grow makes the stack of the calling goroutine large, if it isn't yet. A stack begins with 2 KiB and is copied to one of twice the size
// whenever it is full, frame by frame: for a goroutine that lives for one small call that is a seventh of all its work. Called near
// the goroutine's beginning, it is copied once, and with few frames. The garbage collector takes back what isn't in use.
func Grow() { reserve(0) }

// reserve has a frame of the size of room. Go makes sure of the whole frame when a function begins, also of what isn't used in it then.
//
//go:noinline
func reserve(n int) byte {
	if n == 0 {
		return 0
	}
	var frame [room]byte
	for i := range n {
		frame[i%room] = byte(i)
	}
	return frame[n%room]
}
