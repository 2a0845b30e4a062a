package wire

import (
	"encoding/binary"
	"fmt"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/mem"
)

// Audio is what one node gave, for the maps of an answer.
type Audio struct {
	NodeID string
	Buffer *audio.Buffer
	List   []*audio.Buffer // of the map of lists, where it tells more than Buffer does
}

// shape says where an answer has its parts.
type shape struct{ result, audio, lists protowire.Number }

var (
	executionShape = shape{1, 1, 103} // ExecuteResponse.result: ExecutionResult
	chunkShape     = shape{2, 2, 105} // StreamResponse.result: ChunkResult
)

// EncodeExecution renders an ExecuteResponse with a result, given in three parts whose fields don't overlap: its audio, which is sent
// from where it lies, the rest, and the metrics, which are asked for when all else is encoded and told how long that took. The frame
// holds on to the audio until it was sent. Bytes that aren't rendered yet are charged to the account, which may fail with a
// *mem.LimitError.
func (c *Codec) EncodeExecution(
	given []Audio, account *mem.Account, rest *pb.ExecutionResult, metrics func(encode time.Duration) *pb.ExecutionMetrics,
) (Frame, error) {
	start := time.Now()
	a, err := c.encodeResult(executionShape, given, account, rest)
	if err != nil {
		return Frame{}, err
	}
	if m := metrics(time.Since(start)); m != nil {
		err = a.metrics(m)
	}
	if err != nil {
		a.drop()
		return Frame{}, err
	}
	return a.frame(executionShape.result), nil
}

// metrics appends the metrics of a result. Their maps are written here, as the standard codec goes through maps by reflection.
func (a *answer) metrics(m *pb.ExecutionMetrics) error {
	nodes, kinds := m.NodeMetrics, m.DataTypeBreakdown
	m.NodeMetrics, m.DataTypeBreakdown = nil, nil
	defer func() { m.NodeMetrics, m.DataTypeBreakdown = nodes, kinds }()
	size := proto.Size(m)
	for id, n := range nodes {
		if !utf8.ValidString(id) {
			return fmt.Errorf("wire: the node id %q isn't UTF-8", id)
		}
		size += protowire.SizeTag(metricsNodes) + protowire.SizeBytes(entrySize(id, proto.Size(n)))
	}
	for kind, n := range kinds {
		size += protowire.SizeTag(metricsKinds) + protowire.SizeBytes(countSize(kind, n))
	}
	a.begin(resultMetrics, size)
	err := a.message(m)
	for id, n := range nodes {
		if err == nil {
			a.entry(metricsNodes, id, proto.Size(n))
			err = a.message(n)
		}
	}
	for kind, n := range kinds {
		a.begin(metricsKinds, countSize(kind, n))
		a.text(entryKey, kind)
		a.head = appendNumber(a.head, entryValue, n)
	}
	return err
}

// countSize is the size of an entry of a map from texts to numbers.
func countSize(key string, n uint64) int {
	size := protowire.SizeTag(entryKey) + protowire.SizeBytes(len(key))
	if n > 0 {
		size += protowire.SizeTag(entryValue) + protowire.SizeVarint(n)
	}
	return size
}

// EncodeChunk renders a StreamResponse with a result, given in two parts: its audio, as for [Codec.EncodeExecution], and the rest.
func (c *Codec) EncodeChunk(given []Audio, account *mem.Account, rest *pb.ChunkResult) (Frame, error) {
	a, err := c.encodeResult(chunkShape, given, account, rest)
	if err != nil {
		return Frame{}, err
	}
	return a.frame(chunkShape.result), nil
}

func (c *Codec) encodeResult(s shape, given []Audio, account *mem.Account, rest proto.Message) (answer, error) {
	a := newAnswer(c.pool, outerRoom)
	err := a.message(rest)
	for i := 0; i < len(given) && err == nil; i++ {
		err = a.given(s, &given[i], account)
	}
	if err != nil {
		a.drop()
		return answer{}, err
	}
	return a, nil
}

// given appends the entries of what a node gave.
func (a *answer) given(s shape, g *Audio, account *mem.Account) error {
	if g.Buffer == nil {
		return nil
	}
	if !utf8.ValidString(g.NodeID) {
		return fmt.Errorf("wire: the node id %q isn't UTF-8", g.NodeID)
	}
	size, err := a.measure(g.Buffer, account)
	if err != nil {
		return err
	}
	a.entry(s.audio, g.NodeID, size)
	if err := a.audio(g.Buffer, account); err != nil || len(g.List) == 0 {
		return err
	}
	size = 0
	for _, b := range g.List {
		one, err := a.measure(b, account)
		if err != nil {
			return err
		}
		size += protowire.SizeTag(listBuffers) + protowire.SizeBytes(one)
	}
	a.entry(s.lists, g.NodeID, size)
	for _, b := range g.List {
		one, err := a.measure(b, account)
		if err != nil {
			return err
		}
		a.begin(listBuffers, one)
		if err := a.audio(b, account); err != nil {
			return err
		}
	}
	return nil
}

// entry begins an entry of a map whose value has a size.
func (a *answer) entry(number protowire.Number, key string, size int) {
	a.begin(number, entrySize(key, size))
	a.text(entryKey, key)
	a.begin(entryValue, size)
}

// entrySize is the size of an entry whose value has a size.
func entrySize(key string, size int) int {
	return protowire.SizeTag(entryKey) + protowire.SizeBytes(len(key)) + protowire.SizeTag(entryValue) + protowire.SizeBytes(size)
}

// text appends a string.
func (a *answer) text(number protowire.Number, text string) {
	a.begin(number, len(text))
	a.room(len(text) + binary.MaxVarintLen64 + 1) // and perhaps a number behind it
	a.head = append(a.head, text...)
}

// measure is the size of an AudioBuffer when it is encoded.
func (a *answer) measure(b *audio.Buffer, account *mem.Account) (int, error) {
	samples, _, err := b.Wire(account)
	if err != nil {
		return 0, err
	}
	if !utf8.ValidString(b.Stamp.StreamID) {
		return 0, fmt.Errorf("wire: the stream id %q isn't UTF-8", b.Stamp.StreamID)
	}
	a.held.fields = appendFields(a.held.fields[:0], b)
	if len(samples) == 0 {
		return len(a.held.fields), nil
	}
	return len(a.held.fields) + protowire.SizeTag(audioSamples) + protowire.SizeBytes(len(samples)), nil
}

// audio appends the AudioBuffer that was measured last. Its samples stay where they are, unless they are few.
func (a *answer) audio(b *audio.Buffer, account *mem.Account) error {
	a.room(len(a.held.fields))
	a.head = append(a.head, a.held.fields...)
	samples, _, err := b.Wire(account)
	if err != nil || len(samples) == 0 {
		return err
	}
	a.begin(audioSamples, len(samples))
	if len(samples) < inPlace {
		a.room(len(samples))
		a.head = append(a.head, samples...)
		return nil
	}
	a.insert(b, samples)
	return nil
}

// appendFields encodes all of a buffer but its samples.
func appendFields(to []byte, b *audio.Buffer) []byte {
	to = appendNumber(to, audioRate, uint64(b.Format.Rate))
	to = appendNumber(to, audioChannels, uint64(b.Format.Channels))
	to = appendNumber(to, audioFormat, uint64(EncodingToProto(b.Format.Encoding)))
	to = appendNumber(to, audioNumSamples, uint64(b.NumSamples()))
	if b.Metadata != nil {
		to = protowire.AppendTag(to, audioMetadata, protowire.BytesType)
		to = protowire.AppendBytes(to, b.Metadata)
	}
	to = appendNumber(to, audioPosition, uint64(b.Stamp.Position))
	to = appendNumber(to, audioTimestamp, uint64(b.Stamp.Micros))
	if b.Stamp.StreamID != "" {
		to = protowire.AppendTag(to, audioStream, protowire.BytesType)
		to = protowire.AppendString(to, b.Stamp.StreamID)
	}
	return to
}

// appendNumber encodes a number, of which 0 is what an absent one means.
func appendNumber(to []byte, number protowire.Number, v uint64) []byte {
	if v == 0 {
		return to
	}
	to = protowire.AppendTag(to, number, protowire.VarintType)
	return protowire.AppendVarint(to, v)
}
