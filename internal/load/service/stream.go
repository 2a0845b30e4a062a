package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/client"
	"github.com/remotemedia/remotemedia-go/internal/load"
	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/media"
	"github.com/remotemedia/remotemedia-go/version"
)

// StreamSpec says how a stream is fed with the one input of a Spec, which begins anew when it is at its end.
type StreamSpec struct {
	Frames   int    // of audio in a chunk
	Chunks   uint64 // of a stream
	Realtime bool   // chunks are due on the clock of the audio
	Window   int    // chunks without their answer, where it isn't in real time; 1
}

// mostExpected bounds what is kept of the first stream's answers.
const mostExpected = 256 << 20

// Stream streams to the target once, decodes the answers in full, and makes the load that expects the same answers in every
// stream; with [CheckNone] nothing is asked or expected. Errors of the service are *fault.Error.
func Stream(ctx context.Context, t load.Target, s Spec, how StreamSpec) (*load.StreamWorkload, error) {
	feed, err := s.feed(how)
	if err != nil {
		return nil, err
	}
	init, err := s.init(how)
	if err != nil {
		return nil, err
	}
	expected := &answers{check: s.Check}
	if s.Check != CheckNone {
		if err := expected.ask(ctx, t, s, feed, how.Chunks); err != nil {
			return nil, fmt.Errorf("the first stream, whose answers all others are compared with: %w", err)
		}
	}
	out := &load.StreamWorkload{
		Method: StreamMethod, Init: init, Close: closing, Chunks: how.Chunks, Chunk: feed.chunk, Window: how.Window,
		Check: expected.look,
	}
	if how.Realtime {
		out.Interval = feed.interval
	}
	return out, nil
}

// Idle makes streams of the manifest that are only opened.
func Idle(s Spec) (*load.StreamWorkload, error) {
	init, err := s.init(StreamSpec{})
	if err != nil {
		return nil, err
	}
	nothing := &answers{check: CheckNone}
	return &load.StreamWorkload{Method: StreamMethod, Init: init, Check: nothing.look}, nil
}

func (s Spec) init(how StreamSpec) ([]byte, error) {
	return proto.Marshal(&pb.StreamRequest{Request: &pb.StreamRequest_Init{Init: &pb.StreamInit{
		Manifest: wire.ManifestToProto(s.Manifest), ClientVersion: version.Protocol, ResourceLimits: s.limits(),
		ExpectedChunkSize: uint64(how.Frames),
	}}})
}

var closing = must(proto.Marshal(&pb.StreamRequest{Request: &pb.StreamRequest_Control{
	Control: &pb.StreamControl{Command: pb.StreamControl_COMMAND_CLOSE},
}}))

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return b
}

// feed are the encoded chunks of the one input.
type feed struct {
	field    protowire.Number // of the chunk in a request
	node     string
	bodies   [][]byte      // all of a chunk but its sequence
	pieces   []media.Audio // what they are made of
	data     json.RawMessage
	interval time.Duration
}

const (
	requestAudio, requestData protowire.Number = 2, 101 // StreamRequest

	chunkNode, chunkBuffer, chunkSequence protowire.Number = 1, 2, 3 // AudioChunk
	dataJSON                              protowire.Number = 2       // JsonChunk
)

// feed cuts the input. A last piece that isn't full is left away, unless it is the only one.
func (s Spec) feed(how StreamSpec) (*feed, error) {
	if len(s.Audio)+len(s.Data) != 1 {
		return nil, fmt.Errorf("a stream is fed with one input: given are %d", len(s.Audio)+len(s.Data))
	}
	for node, text := range s.Data {
		node, err := s.address(node)
		body := protowire.AppendTag(named(node), dataJSON, protowire.BytesType)
		f := &feed{field: requestData, node: node, data: text, bodies: [][]byte{protowire.AppendBytes(body, text)}}
		if err == nil && how.Realtime {
			err = errors.New("data has no clock: real time needs audio")
		}
		return f, err
	}
	for node, a := range s.Audio {
		node, err := s.address(node)
		if err != nil {
			return nil, err
		}
		return cut(node, a, how.Frames)
	}
	return nil, nil
}

func cut(node string, a media.Audio, frames int) (*feed, error) {
	if frames < 1 || a.Frames() == 0 {
		return nil, fmt.Errorf("chunks of %d frames of audio of %d frames: expected at least 1 of each", frames, a.Frames())
	}
	frames = min(frames, a.Frames())
	f := &feed{field: requestAudio, node: node, interval: time.Duration(float64(frames) / float64(a.Format.Rate) * float64(time.Second))}
	size := frames * a.Format.FrameBytes()
	for rest := a.Bytes; len(rest) >= size; rest = rest[size:] {
		piece := media.Audio{Format: a.Format, Bytes: rest[:size]}
		encoded, err := proto.Marshal(buffer(piece))
		if err != nil {
			return nil, err
		}
		body := protowire.AppendTag(named(node), chunkBuffer, protowire.BytesType)
		f.bodies = append(f.bodies, protowire.AppendBytes(body, encoded))
		f.pieces = append(f.pieces, piece)
	}
	return f, nil
}

// named begins a chunk with its node.
func named(node string) []byte {
	return protowire.AppendString(protowire.AppendTag(nil, chunkNode, protowire.BytesType), node)
}

// chunk encodes a chunk.
func (f *feed) chunk(number uint64) (head, body, tail []byte) {
	body = f.bodies[number%uint64(len(f.bodies))]
	ends := make([]byte, 0, 24)
	if number > 0 {
		ends = protowire.AppendVarint(protowire.AppendTag(ends, chunkSequence, protowire.VarintType), number)
	}
	tail = ends[:len(ends):len(ends)]
	ends = protowire.AppendTag(ends, f.field, protowire.BytesType)
	ends = protowire.AppendVarint(ends, uint64(len(body)+len(tail)))
	return ends[len(tail):], body, tail
}

// all gives a stream's chunks for the ordinary client.
func (f *feed) all(chunks uint64) iter.Seq2[client.Chunk, error] {
	return func(yield func(client.Chunk, error) bool) {
		for i := range chunks {
			c := client.Chunk{Node: f.node, Data: f.data}
			if f.data == nil {
				c.Audio = f.pieces[i%uint64(len(f.pieces))]
			}
			if !yield(c, nil) {
				return
			}
		}
	}
}
