package detect

import (
	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/resample"
	"github.com/remotemedia/remotemedia-go/audio/silero"
	"github.com/remotemedia/remotemedia-go/node"
	"github.com/remotemedia/remotemedia-go/nodes/internal/state"
)

// windowBlock is how many frames are mixed and resampled at a time.
const windowBlock = 2048

// windower turns audio of any format into the windows of the Silero network: mono, 16 kHz, 512 samples.
type windower struct {
	time     state.Timeline
	memory   state.Memory
	format   audio.Format
	kernel   *resample.Resampler // nil at 16 kHz
	mixed    []float32           // a block of the mean of the channels
	changed  []float32           // what the resampler makes of one
	src, dst [1][]float32        // the resampler's view of these

	carry  [silero.FrameLen]float32
	filled int
	taken  int64 // samples at 16 kHz in the windows so far
	ending bool  // the window at hand is the last
}

// judge takes a window; the last one may be short. The positions of its stamps are on the clock of the audio that came in.
type judge func(c *node.Call, window frame) error

// start begins a run of audio of a format; what was made for the same format before is used again.
func (w *windower) start(c *node.Call, f audio.Format) error {
	if f == w.format {
		return nil
	}
	kernel, err := newKernel(f.Rate)
	if err != nil {
		return err
	}
	bytes, room := 4*(silero.FrameLen+windowBlock), 0
	if kernel != nil {
		room = outFrames(kernel, f.Rate)
		bytes += 4*room + kernel.StateBytes()
	}
	if err := w.memory.Set(c.Account(), bytes); err != nil {
		return err
	}
	w.kernel, w.format = kernel, f
	w.mixed, w.changed = make([]float32, windowBlock), make([]float32, room)
	return nil
}

// outFrames bounds what a resampler gives at once: of a block, or at the end.
func outFrames(kernel *resample.Resampler, rate int) int {
	return max(windowBlock, kernel.Latency())*silero.Rate/rate + 2
}

// newKernel returns a resampler to 16 kHz, nil where there is nothing to do. The network hears the top of the band: in
// quality medium the probability of some windows is off by 0.2.
func newKernel(rate int) (*resample.Resampler, error) {
	if rate == silero.Rate {
		return nil, nil
	}
	return resample.New(rate, silero.Rate, 1, resample.High)
}

// feed takes in an item and has each window judged that it completes.
func (w *windower) feed(c *node.Call, b *audio.Buffer, each judge) error {
	x, err := c.Samples(b)
	if err != nil {
		return err
	}
	w.time.Append(b)
	for at := 0; at < b.Frames(); {
		if err := c.Check(); err != nil {
			return err
		}
		n := min(windowBlock, b.Frames()-at)
		block := w.mixed[:n]
		if len(x) == 1 {
			block = x[0][at : at+n]
		} else {
			mix(block, x, at)
		}
		if err := w.push(c, block, each); err != nil {
			return err
		}
		at += n
	}
	return nil
}

// push resamples a block and cuts it.
func (w *windower) push(c *node.Call, block []float32, each judge) error {
	if w.kernel == nil {
		return w.cut(c, block, each)
	}
	w.src[0], w.dst[0] = block, w.changed
	n, err := w.kernel.Process(w.dst[:], w.src[:])
	if err != nil {
		return err
	}
	return w.cut(c, w.changed[:n], each)
}

// cut adds samples to the window at hand and has it judged when it is complete. A whole one is used in place.
func (w *windower) cut(c *node.Call, x []float32, each judge) error {
	for len(x) > 0 {
		window := x
		if w.filled == 0 && len(x) >= silero.FrameLen {
			window, x = x[:silero.FrameLen], x[silero.FrameLen:]
		} else {
			n := copy(w.carry[w.filled:], x)
			w.filled, x = w.filled+n, x[n:]
			if w.filled < silero.FrameLen {
				return nil
			}
			window, w.filled = w.carry[:], 0
		}
		if err := w.deliver(c, window, each); err != nil {
			return err
		}
	}
	return nil
}

// deliver has a window judged. Its times are exact, its positions rounded down to whole frames of the audio that came in.
func (w *windower) deliver(c *node.Call, samples []float32, each judge) error {
	first, n, rate := w.taken, int64(len(samples)), int64(w.format.Rate)
	from, to := first*rate/silero.Rate, (first+n)*rate/silero.Rate
	start, end := w.time.Span(from, to-from)
	start.Micros = w.time.Scaled(first, silero.Rate).Micros
	end.Micros = start.Micros + n*1_000_000/silero.Rate
	w.taken += n
	return each(c, frame{samples, start, end})
}

// flush has the rest judged: what the resampler held back, and a window that isn't full.
func (w *windower) flush(c *node.Call, each judge) error {
	if !w.time.Started() {
		return nil
	}
	if w.kernel != nil {
		w.dst[0] = w.changed
		n, err := w.kernel.Flush(w.dst[:])
		if err != nil {
			return err
		}
		if err := w.cut(c, w.changed[:n], each); err != nil {
			return err
		}
	}
	if w.filled == 0 {
		return nil
	}
	w.ending = true
	return w.deliver(c, w.carry[:w.filled], each)
}

// reset forgets the run.
func (w *windower) reset() {
	w.time.Reset()
	w.filled, w.taken, w.ending = 0, 0, false
	if w.kernel != nil {
		w.kernel.Reset()
	}
}
