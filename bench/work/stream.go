package work

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	remotemedia "github.com/remotemedia/remotemedia-go"
	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/internal/load"
)

// Stream is one stream of chunks, the same audio over and over.
type Stream struct {
	Name     string
	Rate     int
	Frames   int // of a chunk
	Init     []byte
	Close    []byte
	target   int // rate of the answers
	exact    bool
	payloads [][]byte
	meta     []byte // of a chunk's buffer, all but the samples
}

// Interval is how long a chunk lasts.
func (s *Stream) Interval() time.Duration {
	return time.Duration(s.Frames) * time.Second / time.Duration(s.Rate)
}

// streams are all that are made, by name.
var streams = map[string]func() (*Stream, error){
	"pass, 4096":             streamOf(pass, 44100, 4096, 44100),
	"pass, 20 ms":            streamOf(pass, 44100, 882, 44100),
	"resample, 4096":         streamOf(to16k, 44100, 4096, 16000),
	"resample, 20 ms":        streamOf(to16k, 44100, 882, 16000),
	"resample+VAD, 4096":     streamOf(to16kVAD, 44100, 4096, 16000),
	"resample+VAD, 20 ms":    streamOf(to16kVAD, 44100, 882, 16000),
	"resample+VAD, 100 ms":   streamOf(to16kVAD, 44100, 4410, 16000),
	"16 to 8 kHz+VAD, 20 ms": streamOf(to8kVAD, 16000, 320, 8000),
	"pass, 100 ms":           streamOf(pass, 44100, 4410, 44100),
	"pass, 100 ms at 16 kHz": streamOf(pass, 16000, 1600, 16000),
}

// NewStream makes a stream of a name.
func NewStream(name string) (*Stream, error) {
	make, ok := streams[name]
	if !ok {
		return nil, fmt.Errorf("work: there is no stream %q", name)
	}
	s, err := make()
	if err != nil {
		return nil, fmt.Errorf("work: %s: %w", name, err)
	}
	s.Name = name
	return s, nil
}

func streamOf(n nodes, rate, frames, target int) func() (*Stream, error) {
	return func() (s *Stream, err error) {
		s = &Stream{Rate: rate, Frames: frames, target: target, exact: n[0].NodeType == "PassThrough"}
		if s.Init, err = proto.Marshal(&pb.StreamRequest{Request: &pb.StreamRequest_Init{Init: &pb.StreamInit{
			Manifest: n.manifest(), ClientVersion: "v1", ExpectedChunkSize: uint64(frames),
		}}}); err != nil {
			return nil, err
		}
		s.Close, err = proto.Marshal(&pb.StreamRequest{Request: &pb.StreamRequest_Control{Control: &pb.StreamControl{
			Command: pb.StreamControl_COMMAND_CLOSE,
		}}})
		if err != nil {
			return nil, err
		}
		s.meta, err = proto.Marshal(&pb.AudioBuffer{
			SampleRate: uint32(rate), Channels: 1, Format: pb.AudioFormat_AUDIO_FORMAT_F32, NumSamples: uint64(frames),
		})
		all := Tone(rate, rate)
		for from := 0; from+frames <= len(all); from += frames {
			s.payloads = append(s.payloads, remotemedia.Planar(rate, all[from:from+frames]).Bytes)
		}
		return s, err
	}
}

// payload is the samples of a chunk.
func (s *Stream) payload(sequence uint64) []byte { return s.payloads[sequence%uint64(len(s.payloads))] }

// Chunk encodes a chunk in the order that every library writes it. All chunks share their samples.
func (s *Stream) Chunk(sequence uint64) (head, body, tail []byte) {
	const id = "n"
	body = s.payload(sequence)
	parts := make([]byte, 0, 96)
	parts = append(parts, s.meta...)
	parts = protowire.AppendTag(parts, 3, protowire.VarintType) // sequence
	parts = protowire.AppendVarint(parts, sequence)
	tail = parts[:len(parts):len(parts)]

	head = parts[len(parts):]
	buffer := 1 + protowire.SizeBytes(len(body)) + len(s.meta)
	chunk := 1 + protowire.SizeBytes(len(id)) + 1 + protowire.SizeBytes(buffer) + len(tail) - len(s.meta)
	head = protowire.AppendTag(head, 2, protowire.BytesType) // audio_chunk
	head = protowire.AppendVarint(head, uint64(chunk))
	head = protowire.AppendTag(head, 1, protowire.BytesType) // node_id
	head = protowire.AppendString(head, id)
	head = protowire.AppendTag(head, 2, protowire.BytesType) // buffer
	head = protowire.AppendVarint(head, uint64(buffer))
	head = protowire.AppendTag(head, 1, protowire.BytesType) // samples
	return protowire.AppendVarint(head, uint64(len(body))), body, tail
}

// Numbers of the fields of StreamResponse.
const (
	fieldReady  = 1
	fieldResult = 2
	fieldError  = 3
	fieldClosed = 5
)

// Check makes the check of messages: chunks are answered in order, copied ones bit for bit, resampled ones with as many samples as
// they may have, finite and within full scale.
func (s *Stream) Check(by ServedBy) func(message []byte, next uint64, whole bool) (load.Answer, error) {
	return func(message []byte, next uint64, _ bool) (load.Answer, error) { return s.check(message, next, by) }
}

func (s *Stream) check(message []byte, next uint64, by ServedBy) (load.Answer, error) {
	n, _, head := protowire.ConsumeTag(message)
	if head < 0 {
		return 0, load.Wrong("no message", "a message came that can't be decoded")
	}
	switch n {
	case fieldReady:
		return load.AnswerReady, nil
	case fieldResult:
		body, _ := field(message, fieldResult)
		return s.checkResult(body, next, by)
	case fieldError:
		body, _ := field(message, fieldError)
		return 0, told(body)
	case fieldClosed:
		return load.AnswerClosed, nil
	}
	return load.AnswerOther, nil
}

func (s *Stream) checkResult(result []byte, next uint64, by ServedBy) (load.Answer, error) {
	const sequence, outputs, value, samples, final = 1, 2, 2, 1, 101
	if is, _ := number(result, final); is != 0 {
		return load.AnswerFinal, nil
	}
	if n, _ := number(result, sequence); n != next {
		return load.AnswerOutput, load.Wrong("sequence", fmt.Sprintf("chunk %d is answered when it is the turn of %d", n, next))
	}
	got, ok := path(result, outputs, value, samples)
	switch {
	case s.exact && by.Prepared:
		return load.AnswerOutput, sameLength(got, s.payload(next))
	case s.exact:
		return load.AnswerOutput, sameFloats(got, s.payload(next), 0, next)
	case !ok || len(got) == 0:
		return load.AnswerEmpty, nil
	}
	return load.AnswerOutput, s.plausible(got)
}

// plausible bounds what a resampler may give for a chunk: the ratio of the rates, and as much again of what it had held back.
func (s *Stream) plausible(got []byte) error {
	const (
		held      = 4096 // input frames that a resampler may gather
		fullScale = 1.0
	)
	if most := 4 * ((s.Frames+held)*s.target/s.Rate + 1); len(got) > most || len(got)%4 != 0 {
		return load.Wrong("length", fmt.Sprintf("%d bytes of samples came, expected at most %d, and whole samples", len(got), most))
	}
	for at := 0; at < len(got); at += 4 * (len(got)/(4*probes) + 1) {
		if v := math.Float32frombits(binary.LittleEndian.Uint32(got[at:])); !(math.Abs(float64(v)) <= fullScale) {
			return load.Wrong("content", fmt.Sprintf("sample %d is %v: what was sent stays below %v", at/4, v, fullScale))
		}
	}
	return nil
}

// Window is the load of a stream that has so many chunks without their answer.
func (s *Stream) Window(n int, by ServedBy) *load.StreamWorkload {
	return &load.StreamWorkload{
		Method: StreamMethod, Init: s.Init, Close: s.Close, Chunks: math.MaxInt64, Chunk: s.Chunk, Check: s.Check(by), Window: n,
	}
}
