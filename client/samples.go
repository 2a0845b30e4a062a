package client

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/codec/wav"
	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/media"
)

// FromSamples makes audio of interleaved samples, which are copied: []float32 (full scale -1 to 1), []int16 or []int32.
func FromSamples[T media.Sample](rate, channels int, samples []T) Audio {
	return media.FromSamples(rate, channels, samples)
}

// Samples returns the samples of audio interleaved, as []float32, []int16 or []int32, converted where they aren't of that
// type already. [media.Audio.Samples] gives one slice per channel.
func Samples[T media.Sample](a Audio) []T { return media.SamplesAs[T](a) }

// maxAudio bounds what ReadWAV and ReadPCM hold in memory: more than any service takes in one call.
const maxAudio = 1 << 31

// ReadWAV reads a WAV file to its end, in the encoding that keeps all it has.
func ReadWAV(r io.Reader) (Audio, error) {
	w, err := wav.NewReader(r)
	if err != nil {
		return Audio{}, unreadable(err)
	}
	a := Audio{Format: formatOf(w)}
	if a.Bytes, err = w.ReadAll(w.Encoding(), maxAudio); err != nil {
		return Audio{}, unreadable(err)
	}
	return a, nil
}

// ReadPCM reads raw interleaved little-endian samples to their end.
func ReadPCM(r io.Reader, format audio.Format) (Audio, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxAudio+1))
	switch {
	case err != nil:
		return Audio{}, unreadable(err)
	case len(text) > maxAudio:
		return Audio{}, fault.New(fault.CodeSampleLimit, "the audio is longer than %d bytes: stream it", maxAudio)
	}
	a := Audio{Format: format, Bytes: text}
	if err := a.Check(); err != nil {
		return Audio{}, unreadable(err)
	}
	return a, nil
}

func formatOf(w *wav.Reader) audio.Format {
	return audio.Format{Rate: w.Rate(), Channels: w.Channels(), Encoding: w.Encoding()}
}

func unreadable(err error) *fault.Error {
	return fault.Wrap(fault.CodeBadAudio, err, "the audio can't be read")
}

// ChunksOfWAV cuts a WAV file into chunks of a duration as it is read, for [Stream.Pipe]. A chunk is good until the next is asked for.
func ChunksOfWAV(r io.Reader, length time.Duration) iter.Seq2[Chunk, error] {
	return func(yield func(Chunk, error) bool) {
		w, err := wav.NewReader(r)
		if err != nil {
			yield(Chunk{}, unreadable(err))
			return
		}
		cut(formatOf(w), length, func(block []byte) (int, error) {
			frames, err := w.Read(block, w.Encoding())
			return frames * formatOf(w).FrameBytes(), err
		})(yield)
	}
}

// ChunksOfPCM cuts raw interleaved little-endian samples into chunks of a duration as they are read, a microphone's for instance. A chunk
// is good until the next is asked for. A frame that the end cuts off is an error.
func ChunksOfPCM(r io.Reader, format audio.Format, length time.Duration) iter.Seq2[Chunk, error] {
	return func(yield func(Chunk, error) bool) {
		if err := format.Check(); err != nil {
			yield(Chunk{}, unreadable(err))
			return
		}
		cut(format, length, func(block []byte) (int, error) {
			n, err := io.ReadFull(r, block)
			if errors.Is(err, io.ErrUnexpectedEOF) {
				err = io.EOF
			}
			return n, err
		})(yield)
	}
}

// cut gives what read fills blocks with, to its io.EOF or error.
func cut(format audio.Format, length time.Duration, read func([]byte) (int, error)) iter.Seq2[Chunk, error] {
	return func(yield func(Chunk, error) bool) {
		frames := int(length.Seconds() * float64(format.Rate))
		if frames < 1 || length > time.Hour {
			yield(Chunk{}, fault.New(fault.CodeBadAudio, "chunks of %v at %d Hz: expected at least one frame and at most an hour", length, format.Rate))
			return
		}
		block := make([]byte, frames*format.FrameBytes())
		for {
			n, err := read(block)
			if n%format.FrameBytes() != 0 {
				err = fmt.Errorf("the end cuts a frame off: %d bytes are left, and a frame has %d", n%format.FrameBytes(), format.FrameBytes())
				n -= n % format.FrameBytes()
			}
			if n > 0 && !yield(Chunk{Audio: Audio{Format: format, Bytes: block[:n]}}, nil) {
				return
			}
			if err != nil && !errors.Is(err, io.EOF) {
				yield(Chunk{}, unreadable(err))
			}
			if err != nil {
				return
			}
		}
	}
}

// ReadAudio reads the audio that a node gives in a stream as raw samples, while it comes; the answers are those of [Stream.Pipe] or
// [Stream.All]. At the end Read gives io.EOF, or the stream's error. The reader must be closed, which cancels a stream that
// hasn't ended, and isn't for concurrent use.
func ReadAudio(answers iter.Seq2[*Answer, error], node string) io.ReadCloser {
	next, stop := iter.Pull2(answers)
	return &audioReader{node: node, next: next, stop: stop}
}

type audioReader struct {
	node string
	next func() (*Answer, error, bool)
	stop func()
	left []byte
	err  error
}

// Read implements io.Reader.
func (r *audioReader) Read(p []byte) (int, error) {
	for len(r.left) == 0 && r.err == nil {
		answer, err, more := r.next()
		switch {
		case err != nil:
			r.err = err
		case !more:
			r.err = io.EOF
		case answer.Failure != nil:
			r.err = answer.Failure
		default:
			r.left = answer.Audio[r.node].Bytes
		}
	}
	if len(r.left) == 0 {
		return 0, r.err
	}
	n := copy(p, r.left)
	r.left = r.left[n:]
	return n, nil
}

// Close implements io.Closer.
func (r *audioReader) Close() error {
	r.stop()
	r.err = io.ErrClosedPipe
	return nil
}
