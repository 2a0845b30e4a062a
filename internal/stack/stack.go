// Package stack makes the stacks of short-lived goroutines large at once. A stack begins with 2 KiB, or with what goroutines use on
// average, and is copied to one of twice the size whenever it is full, frame by frame: for a goroutine that lives for one small call that
// is a seventh of all its work. Made large near the goroutine's beginning, it is copied once, and with few frames. The garbage
// collector takes back what isn't in use.
package stack

// What Grow and GrowHalf make sure of, in bytes, with some room for the frames that a stack begins with.
const (
	room     = 9 << 10
	halfRoom = 5 << 10
)

// Grow makes the stack of the calling goroutine one of 16 KiB, if it isn't yet, which the handler of a small call and its worker get
// along with.
func Grow() { reserve(0) }

// GrowHalf makes it one of 8 KiB, which a stream's pump gets along with.
func GrowHalf() { reserveHalf(0) }

// reserve has a frame of the size of room. Go makes sure of the whole frame when a function begins, also of what isn't used in it then.
//
//go:noinline
func reserve(n int) byte {
	if n == 0 {
		return 0
	}
	var frame [room]byte
	return use(frame[:], n)
}

//go:noinline
func reserveHalf(n int) byte {
	if n == 0 {
		return 0
	}
	var frame [halfRoom]byte
	return use(frame[:], n)
}

// use keeps a frame from being optimized away.
func use(frame []byte, n int) byte {
	for i := range n {
		frame[i%len(frame)] = byte(i)
	}
	return frame[n%len(frame)]
}
