package detect

import (
	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/node"
	"github.com/remotemedia/remotemedia-go/nodes/internal/state"
)

// framer cuts audio into frames of a fixed length, mixed to mono, whatever items it comes in. What is left of an item waits
// for the next.
type framer struct {
	time   state.Timeline
	memory state.Memory
	size   int   // samples in a frame
	done   int64 // frames since the start of the run
	carry  []float32
	filled int
}

// checkEvery is about how many frames of the audio are read between two checks, in up to eight channels.
const checkEvery = node.CheckFrames / 4

// frame is one piece of the audio. Its samples are valid during the call only.
type frame struct {
	samples    []float32
	start, end audio.Stamp // of its first sample and the one after its last
}

// start begins a run of audio of a format, with frames of so many milliseconds, at least one sample. Tables is how many
// bytes the node holds besides for each sample of a frame.
func (f *framer) start(c *node.Call, format audio.Format, millis, tables int) error {
	size := max(1, format.Rate*millis/1000)
	if err := f.memory.Set(c.Account(), (4+tables)*size); err != nil {
		return err
	}
	f.size = size
	if cap(f.carry) < f.size {
		f.carry = make([]float32, f.size)
	}
	f.carry = f.carry[:f.size]
	return nil
}

// feed takes in an item and calls each for every frame that it completes.
func (f *framer) feed(c *node.Call, b *audio.Buffer, each func(frame)) error {
	x, err := c.Samples(b)
	if err != nil {
		return err
	}
	f.time.Append(b)
	for at, check := 0, 0; at < b.Frames(); {
		if at >= check { // a frame takes less than a microsecond: too little for a check of its own
			if err := c.Check(); err != nil {
				return err
			}
			check = at + checkEvery
		}
		n := min(f.size-f.filled, b.Frames()-at, checkEvery)
		if samples := f.take(x, at, n); samples != nil {
			start, end := f.time.Span(f.done*int64(f.size), int64(f.size))
			f.done++
			each(frame{samples, start, end})
		}
		at += n
	}
	return nil
}

// take adds n samples from at to the frame and returns it when it is complete. A whole frame of mono is used in place.
func (f *framer) take(x [][]float32, at, n int) []float32 {
	if len(x) == 1 && n == f.size {
		return x[0][at : at+n]
	}
	mix(f.carry[f.filled:f.filled+n], x, at)
	f.filled += n
	if f.filled < f.size {
		return nil
	}
	f.filled = 0
	return f.carry
}

// reset forgets the run.
func (f *framer) reset() {
	f.time.Reset()
	f.done, f.filled = 0, 0
}

// mix writes the mean of the channels from at on.
func mix(dst []float32, x [][]float32, at int) {
	if len(x) == 1 {
		copy(dst, x[0][at:])
		return
	}
	scale := 1 / float64(len(x))
	for i := range dst {
		sum := 0.0
		for _, channel := range x {
			sum += float64(channel[at+i])
		}
		dst[i] = float32(sum * scale)
	}
}
