package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/codec/wav"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/media"
)

// nodePrefix is how an argument names a node before its path or JSON.
var nodePrefix = regexp.MustCompile(`^([a-zA-Z0-9_.:-]{1,255})=(.*)$`)

// splitNode splits NODE=REST; an argument without a node has "" as its node, which is the only one there is.
func splitNode(argument string) (node, rest string) {
	if m := nodePrefix.FindStringSubmatch(argument); m != nil {
		return m[1], m[2]
	}
	return "", argument
}

// rawFormat says how raw samples are to be read.
type rawFormat struct {
	format string // wav, or the name of an encoding
	rate   int
	chans  int
}

// source is audio that is read from a file or from standard input, frame by frame.
type source struct {
	node   string
	path   string
	format audio.Format
	frames int64 // as the file claims, -1 where it says nothing

	read     func(dst []byte) (frames int, err error)
	notes    func() []string
	file     io.Closer
	leftover int // bytes of a frame that wasn't complete
}

// openSource opens the audio for a node and reads as far as the first sample.
func openSource(node, path string, raw rawFormat, env *Env) (*source, error) {
	s := &source{node: node, path: path, frames: -1, notes: func() []string { return nil }}
	var r io.Reader = env.Stdin
	if path != stdio {
		f, err := os.Open(path)
		if err != nil {
			return nil, usageError{err.Error()}
		}
		s.file, r = f, f
	}
	if err := s.begin(r, raw); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *source) begin(r io.Reader, raw rawFormat) error {
	if raw.format != formatWAV {
		return s.beginRaw(r, raw)
	}
	if s.path != stdio {
		r = bufio.NewReaderSize(r, 64<<10)
	}
	w, err := wav.NewReader(r)
	if err != nil {
		return s.explain(err)
	}
	s.format = audio.Format{Rate: w.Rate(), Channels: w.Channels(), Encoding: w.Encoding()}
	if n, known := w.Frames(); known {
		s.frames = n
	}
	s.read = func(dst []byte) (int, error) { return w.Read(dst, s.format.Encoding) }
	s.notes = w.Warnings
	return nil
}

// explain makes a fault of the file, rather than of reading it, one of usage.
func (s *source) explain(err error) error {
	var bad *wav.FormatError
	if errors.As(err, &bad) {
		return usagef("%s: %v", s.path, err)
	}
	return fmt.Errorf("%s: %w", s.path, err)
}

func (s *source) beginRaw(r io.Reader, raw rawFormat) error {
	encoding, err := pcm.Parse(raw.format)
	if err != nil {
		return usageError{err.Error()}
	}
	s.format = audio.Format{Rate: raw.rate, Channels: raw.chans, Encoding: encoding}
	if err := s.format.Check(); err != nil {
		return usagef("raw samples need --rate and --channels: %v", err)
	}
	s.read = func(dst []byte) (int, error) { return s.readRaw(r, dst) }
	s.notes = s.rawNotes
	return nil
}

// readRaw fills dst, as far as there is input.
func (s *source) readRaw(r io.Reader, dst []byte) (int, error) {
	frame := s.format.FrameBytes()
	n, err := io.ReadFull(r, dst[:len(dst)/frame*frame])
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		s.leftover, err = max(s.leftover, n%frame), nil // the read after the last one finds nothing
		if n < frame {
			err = io.EOF
		}
	}
	return n / frame, err
}

func (s *source) rawNotes() []string {
	if s.leftover == 0 {
		return nil
	}
	return []string{fmt.Sprintf("the input ends in a frame of %d bytes instead of %d, which was ignored", s.leftover, s.format.FrameBytes())}
}

// warnings tells what was wrong with the input and could be mended; it is complete at its end.
func (s *source) warnings() []string {
	var out []string
	for _, text := range s.notes() {
		out = append(out, s.path+": "+text)
	}
	return out
}

// readAll reads to the end, up to a bound of samples. It grows with what is there, not with what the file claims.
func (s *source) readAll(limit uint64) (media.Audio, error) {
	a := media.Audio{Format: s.format}
	frame := s.format.FrameBytes()
	block := make([]byte, 64<<10/frame*frame)
	for {
		n, err := s.read(block)
		a.Bytes = append(a.Bytes, block[:n*frame]...)
		switch {
		case uint64(a.Frames()*s.format.Channels) > limit:
			return a, usagef("%s has more than %d samples, the most that one run may take: give --block to stream it, or --max-samples", s.path, limit)
		case err == io.EOF:
			return a, nil
		case err != nil:
			return a, s.explain(err)
		}
	}
}

func (s *source) close() {
	if s.file != nil {
		s.file.Close() // it was read only
	}
}

// describe tells the format as in reports: 16000 Hz, 1 channel, i16.
func describe(f audio.Format) string {
	return strings.Join([]string{fmt.Sprintf("%d Hz", f.Rate), plural(int64(f.Channels), "channel"), f.Encoding.String()}, ", ")
}
