package wire

import (
	"fmt"
	"math/bits"

	"github.com/go-json-experiment/json/jsontext"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/audio/pcm"
	"github.com/remotemedia/remotemedia-go/fault"
)

var encodings = map[pb.AudioFormat]pcm.Encoding{
	pb.AudioFormat_AUDIO_FORMAT_F32: pcm.F32,
	pb.AudioFormat_AUDIO_FORMAT_I16: pcm.I16,
	pb.AudioFormat_AUDIO_FORMAT_I32: pcm.I32,
}

// EncodingToProto gives the wire's number of an encoding, which is never 0 for a valid one.
func EncodingToProto(e pcm.Encoding) pb.AudioFormat {
	format, _ := keyOf(encodings, e)
	return format
}

// CheckAudio returns every way in which a buffer contradicts itself or the bounds of audio, as problems of the node that it
// is for, at a path such as audio_inputs["in"].
func CheckAudio(in *pb.AudioBuffer, nodeID, path string) []fault.Problem {
	c := audioCheck{in: in, nodeID: nodeID, path: path}
	c.rate()
	c.channels()
	c.format()
	if len(c.problems) == 0 {
		c.length()
	}
	c.metadata()
	return c.problems
}

type audioCheck struct {
	in           *pb.AudioBuffer
	nodeID, path string
	problems     []fault.Problem
}

func (c *audioCheck) report(field, hint, format string, args ...any) {
	c.problems = append(c.problems, fault.Problem{
		Code: fault.CodeBadAudio, NodeID: c.nodeID, Path: c.path + "." + field, Hint: hint,
		Message: fmt.Sprintf("the audio for node %q: ", shorten(c.nodeID)) + fmt.Sprintf(format, args...),
	})
}

func (c *audioCheck) rate() {
	if r := c.in.GetSampleRate(); r < audio.MinRate || r > audio.MaxRate {
		c.report("sample_rate", "", "sample_rate is %d, expected %d to %d Hz", r, audio.MinRate, audio.MaxRate)
	}
}

func (c *audioCheck) channels() {
	if n := c.in.GetChannels(); n < audio.MinChannels || n > audio.MaxChannels {
		c.report("channels", "", "channels is %d, expected %d to %d", n, audio.MinChannels, audio.MaxChannels)
	}
}

func (c *audioCheck) format() {
	if _, ok := encodings[c.in.GetFormat()]; !ok {
		c.report("format", "set it to AUDIO_FORMAT_F32 (1), AUDIO_FORMAT_I16 (2) or AUDIO_FORMAT_I32 (3)",
			"format is %d, which says nothing about how to read the samples", c.in.GetFormat())
	}
}

// length holds the bytes against the frame's size and against num_samples, which may be left 0.
func (c *audioCheck) length() {
	f := formatOf(c.in)
	have := uint64(len(c.in.GetSamples()))
	if have%uint64(f.FrameBytes()) != 0 {
		c.report("samples", "send whole frames", "samples has %d bytes, expected a multiple of %d (%d channels of %s)",
			have, f.FrameBytes(), f.Channels, f.Encoding)
	}
	n := c.in.GetNumSamples()
	if n == 0 {
		return
	}
	high, want := bits.Mul64(n, uint64(f.Encoding.Bytes()))
	if high != 0 || want != have {
		c.report("num_samples", fmt.Sprintf("set it to %d, the samples of all channels, or leave it 0", have/uint64(f.Encoding.Bytes())),
			"num_samples is %d, but samples has %d bytes of %s", n, have, f.Encoding)
	}
}

func (c *audioCheck) metadata() {
	if text := c.in.GetMetadataJson(); len(text) > 0 && !jsontext.Value(text).IsValid() {
		c.report("metadata_json", "", "metadata_json isn't valid JSON")
	}
}

func formatOf(in *pb.AudioBuffer) audio.Format {
	return audio.Format{
		Rate: int(in.GetSampleRate()), Channels: int(in.GetChannels()), Encoding: encodings[in.GetFormat()],
	}
}

// NumSamples is the number of samples over all channels that a buffer's bytes hold, 0 where its format is unknown.
func NumSamples(in *pb.AudioBuffer) uint64 {
	size := encodings[in.GetFormat()].Bytes()
	if size == 0 {
		return 0
	}
	return uint64(len(in.GetSamples()) / size)
}
