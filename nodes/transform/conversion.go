package transform

import (
	"fmt"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/audio/resample"
	"github.com/remotemedia/remotemedia-go/node"
	"github.com/remotemedia/remotemedia-go/nodes/internal/state"
)

// conversion says what a node makes of the audio it gets.
type conversion struct {
	rate     int // Hz
	source   int // the rate that must come in, 0 for any
	channels int // 0 for as many as come in
	quality  resample.Quality
}

// output is the format that goes out, or what is wrong with in. Zero fields are unknown.
func (v conversion) output(in audio.Format) (audio.Format, error) {
	switch {
	case in.Rate == 0:
	case v.source != 0 && in.Rate != v.source:
		return in, fmt.Errorf("source_rate is %d Hz, but the audio has %d Hz", v.source, in.Rate)
	case in.Rate < resample.MinRate:
		return in, fmt.Errorf("the audio has %d Hz: rates of %d to %d Hz can be converted", in.Rate, resample.MinRate, resample.MaxRate)
	}
	in.Rate = v.rate
	if v.channels != 0 {
		in.Channels = v.channels
	}
	return in, nil
}

// resampler resamples and remixes one stream of audio after another.
type resampler struct {
	conversion
	time     state.Timeline
	memory   state.Memory
	in, out  audio.Format
	mix      remix
	kernel   *resample.Resampler // nil until it is needed
	made     int64               // frames that went out in this run
	metadata []byte              // of the last item
	src, dst [][]float32         // views of a block, reused
}

func newResampler(v conversion) *resampler { return &resampler{conversion: v} }

// Process converts one item.
func (r *resampler) Process(c *node.Call, in node.Item) error {
	b := in.Audio
	if !r.time.Continues(b) {
		if err := r.Flush(c); err != nil {
			return err
		}
	}
	if !r.time.Started() {
		if err := r.start(c, b.Format); err != nil {
			return err
		}
	}
	r.time.Append(b)
	r.metadata = b.Metadata
	if r.in == r.out {
		return r.pass(c, b)
	}
	x, err := c.Samples(b)
	if err != nil {
		return err
	}
	return r.convert(c, x, b.Frames())
}

func (r *resampler) pass(c *node.Call, b *audio.Buffer) error {
	if b.Frames() == 0 {
		return nil
	}
	return c.EmitAudio(b)
}

// start prepares for audio of a format; what was made for the same format before is used again.
func (r *resampler) start(c *node.Call, f audio.Format) error {
	out, err := r.output(f)
	if err != nil {
		return err
	}
	r.mix = remix{f.Channels, out.Channels}
	if warning := r.mix.warning(); warning != "" {
		c.Warnf("%s", warning)
	}
	if f == r.in || f == out {
		r.in, r.out = f, out
		return nil
	}
	kernel, err := resample.New(f.Rate, out.Rate, r.mix.inner(), r.quality)
	if err != nil {
		return err
	}
	if err := r.memory.Set(c.Account(), kernel.StateBytes()); err != nil {
		return err
	}
	r.kernel, r.in, r.out = kernel, f, out
	return nil
}

// convert takes in the samples of one item and emits what is ready.
func (r *resampler) convert(c *node.Call, x [][]float32, frames int) error {
	out, err := r.newOutput(c, r.kernel.OutFrames(frames))
	if err != nil {
		return err
	}
	mixed, err := r.newMix(c, frames)
	if err != nil {
		return err
	}
	at, block := 0, r.block()
	for from := 0; from < frames; {
		if err := c.Check(); err != nil {
			return err
		}
		to := min(frames, from+block)
		r.src = r.mix.down(window(r.src, x, from, to), mixed)
		n, err := r.kernel.Process(r.target(out, at), r.src)
		if err != nil {
			return err
		}
		from, at = to, at+n
	}
	return r.emit(c, out)
}

// block is how many frames are converted between two checks. The work is in the samples that go out, by the length of the filter for each, which
// in turn is longer the more go in for one that goes out: a block takes a tenth of a millisecond, and a few where the ratio of the rates is odd.
func (r *resampler) block() int {
	n := min(node.CheckFrames, node.CheckFrames*r.in.Rate/r.out.Rate)
	return max(1, n/r.mix.inner())
}

// newOutput makes the buffer for n frames, nil for none.
func (r *resampler) newOutput(c *node.Call, n int) (*audio.Buffer, error) {
	if n == 0 {
		return nil, nil
	}
	b, err := c.NewAudio(r.out, n)
	if err != nil {
		return nil, err
	}
	b.Stamp, b.Metadata = r.time.Scaled(r.made, r.out.Rate), r.metadata
	return b, nil
}

// newMix makes room for the mean of a block's channels, where it is needed.
func (r *resampler) newMix(c *node.Call, frames int) ([]float32, error) {
	if !r.mix.averages() || frames == 0 {
		return nil, nil
	}
	b, err := c.NewAudio(audio.Format{Rate: r.in.Rate, Channels: 1, Encoding: pcm.F32}, min(frames, r.block()))
	if err != nil {
		return nil, err
	}
	return b.Samples()[0], nil
}

// target returns what the kernel writes to: the first channels of out from a frame on.
func (r *resampler) target(out *audio.Buffer, at int) [][]float32 {
	if out == nil {
		r.dst = r.dst[:0]
		for range r.mix.inner() {
			r.dst = append(r.dst, nil)
		}
		return r.dst
	}
	r.dst = window(r.dst, out.Samples()[:r.mix.inner()], at, out.Frames())
	return r.dst
}

func (r *resampler) emit(c *node.Call, out *audio.Buffer) error {
	if out == nil {
		return nil
	}
	r.mix.up(out.Samples())
	r.made += int64(out.Frames())
	return c.EmitAudio(out)
}

// Flush emits the rest and makes ready for another stream.
func (r *resampler) Flush(c *node.Call) error {
	if !r.time.Started() || r.in == r.out {
		r.Reset()
		return nil
	}
	out, err := r.newOutput(c, r.kernel.FlushFrames())
	if err != nil {
		return err
	}
	if _, err := r.kernel.Flush(r.target(out, 0)); err != nil {
		return err
	}
	err = r.emit(c, out)
	r.Reset()
	return err
}

// Reset implements node.Resetter.
func (r *resampler) Reset() {
	r.time.Reset()
	r.made, r.metadata = 0, nil
	if r.kernel != nil {
		r.kernel.Reset()
	}
}

// Close implements node.Closer.
func (r *resampler) Close() { r.memory.Release() }

// window returns the frames of x from one to another, in the memory of views.
func window(views, x [][]float32, from, to int) [][]float32 {
	views = views[:0]
	for _, channel := range x {
		views = append(views, channel[from:to])
	}
	return views
}
