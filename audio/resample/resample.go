// Package resample changes the sample rate of audio: a polyphase FIR resampler
// in one or two stages, linear phase, without delay, for any integer rates.
//
// A conversion runs as one equiripple stage, or as a short "loose" stage at
// the higher rate and a sharp one next to the lower rate, whichever costs
// less. Tables are shared between streams; a stream's own state is at most
// 64 KB per channel. See Quality for what the filters do to the sound.
//
// Sources of the methods: Crochiere and Rabiner, "Multirate Digital Signal
// Processing" (1983), for multistage rational conversion; Parks and McClellan
// (1972) for the prototypes; Kaiser (1974) for the loose filters; Smith,
// "Digital Audio Resampling Home Page", for the continuous-time view.
//
// The inner loops exist in assembly for amd64 (AVX2, AVX-512) and arm64 (NEON)
// and in portable Go; the fastest one that the processor has is used. They
// agree within 1e-6; on one kind of processor results are equal bit for bit.
//
// The package expects finite samples. NaN and infinities don't panic: they
// spoil the outputs within the filter's reach. Subnormal samples are exact but
// may be slow on some processors; callers replace both at their entry.
package resample

import "fmt"

// MaxChannels is the largest number of channels of one stream.
const MaxChannels = 64

// blockFrames is how many inputs are taken in at a time: enough for long runs
// of the kernels, small enough for the first-level cache.
const blockFrames = 4096

// Resampler converts one stream of planar audio. It isn't safe for concurrent
// use. The outputs since the start, with those of Flush, number N*L/M rounded
// half up for N inputs (L/M is the reduced ratio of the rates), and how they
// are cut into chunks never changes a bit of them. Equal rates copy.
type Resampler struct {
	filter   *Filter
	channels int
	stages   []*stage
	block    int
	received int64 // frames; good for 10^13 of them
	made     int64
}

// New returns a resampler from srcRate to dstRate in Hz for 1 to MaxChannels
// channels.
func New(srcRate, dstRate, channels int, q Quality) (*Resampler, error) {
	f, err := NewFilter(srcRate, dstRate, q)
	if err != nil {
		return nil, err
	}
	return f.NewResampler(channels)
}

// NewResampler returns a resampler for a stream of 1 to MaxChannels channels.
func (f *Filter) NewResampler(channels int) (*Resampler, error) {
	if channels < 1 || channels > MaxChannels {
		return nil, fmt.Errorf("resample: %d channels are out of range, expected 1 to %d", channels, MaxChannels)
	}
	return newResampler(f, channels, fastest), nil
}

func newResampler(f *Filter, channels int, k *kernel) *Resampler {
	r := &Resampler{filter: f, channels: channels}
	block := int64(blockFrames)
	for _, b := range f.banks {
		block = max(1, min(block, blockFrames*b.down/b.up))
	}
	r.block = int(block)
	for _, b := range f.banks {
		r.stages = append(r.stages, newStage(b, k, channels, block))
		block = block*b.up/b.down + 2
	}
	return r
}

// OutFrames is the exact number of frames that the next Process makes of
// inFrames frames, 0 to 2^40. It depends on the number of frames so far alone.
func (r *Resampler) OutFrames(inFrames int) int {
	n := min(max(int64(inFrames), 0), 1<<40)
	return int(r.filter.ready(r.received+n) - r.made)
}

// FlushFrames is the exact number of frames that Flush would make now.
func (r *Resampler) FlushFrames() int {
	return int(r.filter.total(r.received) - r.made)
}

// Latency is how many input frames the output lags behind the input until the
// stream is flushed; see Filter.Latency.
func (r *Resampler) Latency() int { return r.filter.Latency() }

// StateBytes is the memory of the stream's buffers, without the shared tables.
func (r *Resampler) StateBytes() int {
	n := 0
	for _, s := range r.stages {
		n += 4*len(s.bufs)*len(s.bufs[0]) + 4*len(s.scratch)
	}
	return n
}

// Process takes in src, one slice of samples of the same length per channel,
// and writes OutFrames frames to the beginning of dst, whose slices must be
// long enough and, unless the rates are equal, not overlap src. It keeps no
// reference to either and allocates nothing. An error says that the shape of
// src or dst is wrong; then nothing has happened.
func (r *Resampler) Process(dst, src [][]float32) (int, error) {
	frames, err := r.frames(src)
	if err != nil {
		return 0, err
	}
	n := r.OutFrames(frames)
	if err := r.room(dst, n); err != nil {
		return 0, err
	}
	r.push(dst, src, frames)
	return n, nil
}

// Flush ends the stream: it writes the remaining FlushFrames frames to dst and
// resets the resampler. An error says that dst is too short; then nothing has
// happened.
func (r *Resampler) Flush(dst [][]float32) (int, error) {
	n := r.FlushFrames()
	if err := r.room(dst, n); err != nil {
		return 0, err
	}
	if n > 0 {
		r.push(dst, nil, int(r.filter.delay))
	}
	r.Reset()
	return n, nil
}

// Reset forgets the stream; the next frame is the first of a new one.
func (r *Resampler) Reset() {
	r.received, r.made = 0, 0
	for _, s := range r.stages {
		s.reset()
	}
}

// frames checks the shape of src and returns its number of frames.
func (r *Resampler) frames(src [][]float32) (int, error) {
	if len(src) != r.channels {
		return 0, fmt.Errorf("resample: got %d input channels, expected %d", len(src), r.channels)
	}
	for c := range src {
		if len(src[c]) != len(src[0]) {
			return 0, fmt.Errorf("resample: input channel %d has %d samples, expected %d as in channel 0", c, len(src[c]), len(src[0]))
		}
	}
	return len(src[0]), nil
}

// room checks that dst holds n frames.
func (r *Resampler) room(dst [][]float32, n int) error {
	if len(dst) != r.channels {
		return fmt.Errorf("resample: got %d output channels, expected %d", len(dst), r.channels)
	}
	for c := range dst {
		if len(dst[c]) < n {
			return fmt.Errorf("resample: output channel %d has room for %d samples, expected at least %d", c, len(dst[c]), n)
		}
	}
	return nil
}

// push takes in frames frames of src, or of silence if src is nil.
func (r *Resampler) push(dst, src [][]float32, frames int) {
	if len(r.stages) == 0 {
		for c := range src {
			copy(dst[c], src[c])
		}
		r.received += int64(frames)
		r.made = r.received
		return
	}
	done := -r.made // index into dst of output 0 of the stream
	for at := 0; at < frames; at += r.block {
		n := min(frames-at, r.block)
		r.fill(src, at, n)
		r.drain(dst, done)
	}
}

// fill copies n frames of src to the first stage.
func (r *Resampler) fill(src [][]float32, at, n int) {
	s := r.stages[0]
	s.reserve(n)
	for c := range r.channels {
		space := s.space(c)[:n]
		if src == nil {
			clear(space)
		} else {
			copy(space, src[c][at:])
		}
	}
	s.fill += n
	r.received += int64(n)
}

// drain runs every stage as far as its inputs reach.
func (r *Resampler) drain(dst [][]float32, origin int64) {
	last := len(r.stages) - 1
	for i, s := range r.stages[:last] {
		following := r.stages[i+1]
		to := s.ready(s.received())
		n := int(to - s.next)
		following.reserve(n)
		s.run(to, following.space)
		following.fill += n
	}
	at := int(origin + r.made)
	r.made = r.filter.ready(r.received)
	r.stages[last].run(r.made, func(c int) []float32 { return dst[c][at:] })
}
