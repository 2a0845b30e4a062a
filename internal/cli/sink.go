package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/codec/wav"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/media"
)

const formatWAV = "wav"

// sink is where the audio of one node goes. It is opened by the first block, which tells the format.
type sink struct {
	node   string // "" until it is known: the only node that gives audio
	path   string // "" counts and throws away
	output string // wav, or the name of an encoding

	w       io.Writer
	file    *os.File
	wav     *wav.Writer
	format  audio.Format // of what comes in
	frames  int64
	clipped int64
}

func newSink(argument, output string) *sink {
	node, path := splitNode(argument)
	return &sink{node: node, path: path, output: output}
}

// write appends a block. Total is the number of frames that there will be, 0 where that isn't known.
func (s *sink) write(a media.Audio, total int64, env *Env) error {
	if s.path == "" {
		s.format, s.frames = a.Format, s.frames+int64(a.Frames())
		return nil
	}
	if s.w == nil {
		if err := s.open(a.Format, total, env); err != nil {
			return err
		}
	}
	if a.Format != s.format {
		return fmt.Errorf("%s: the audio of node %q changed from %s to %s, which one file can't hold", s.path, s.node, describe(s.format), describe(a.Format))
	}
	s.frames += int64(a.Frames())
	if s.wav != nil {
		return s.wav.Write(a.Bytes, a.Format.Encoding)
	}
	to, err := pcm.Parse(s.output)
	if err != nil {
		return err
	}
	raw, clipped := a.Encode(to)
	s.clipped += int64(clipped)
	if _, err := s.w.Write(raw.Bytes); err != nil {
		return fmt.Errorf("write %s: %w", s.path, err)
	}
	return nil
}

func (s *sink) open(f audio.Format, total int64, env *Env) error {
	s.format, s.w = f, env.Stdout
	if s.path != stdio {
		file, err := os.Create(s.path)
		if err != nil {
			return err
		}
		s.file, s.w = file, file
	}
	if s.output != formatWAV {
		return nil
	}
	var err error
	s.wav, err = wav.NewWriter(s.w, wav.Config{Rate: f.Rate, Channels: f.Channels, Format: wav.FormatOf(f.Encoding), Frames: total})
	return err
}

// close completes the file, or removes it where the run failed.
func (s *sink) close(failed bool) error {
	var err error
	if s.wav != nil {
		err = s.wav.Close()
	}
	if s.file != nil {
		err = errors.Join(err, s.file.Close())
		if failed {
			err = errors.Join(err, os.Remove(s.path))
		}
	}
	return err
}

// report tells what was written or counted, nil when nothing was.
func (s *sink) report() *audioReport {
	f := s.format
	if f.Rate == 0 {
		return nil
	}
	if s.w != nil && s.wav == nil {
		f.Encoding, _ = pcm.Parse(s.output) // it was parsed for the first block
	}
	return &audioReport{
		Path: s.path, SampleRate: f.Rate, Channels: f.Channels, Format: f.Encoding.String(), Frames: s.frames,
		Duration: time.Duration(float64(s.frames) / float64(f.Rate) * float64(time.Second)).Seconds(), format: f,
	}
}

// warnings tells of samples that the conversion to the file's format has clipped.
func (s *sink) warnings() []string {
	if s.clipped == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s: %d samples were beyond full scale and were clipped", s.path, s.clipped)}
}
