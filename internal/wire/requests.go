package wire

import (
	"time"
	"unicode/utf8"

	grpcmem "google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
)

// Requests reads the requests of one stream into one message, which holds until the next is read: the parts of an audio chunk are
// used again. The samples of a chunk lie in a buffer of the codec's pool until [Payloads.Audio] takes it or the next request is read.
type Requests struct {
	Payloads
	// Message is the request that was read last.
	Message *pb.StreamRequest
	// Err says that the bytes aren't such a message; see [Incoming].
	Err error
	// Arrived is when the message was complete.
	Arrived time.Time

	chunk  *pb.StreamRequest // the message of audio chunks
	buffer *pb.AudioBuffer   // in it
}

func (c *Codec) readRequest(data grpcmem.BufferSlice, r *Requests) {
	r.Arrived = time.Now()
	r.Release()
	if r.chunk == nil {
		r.chunk = &pb.StreamRequest{Request: &pb.StreamRequest_AudioChunk{AudioChunk: new(pb.AudioChunk)}}
		r.buffer = new(pb.AudioBuffer)
	}
	if c.readChunk(newCursor(data), r) {
		r.Message, r.Err = r.chunk, nil
		return
	}
	r.Release()
	r.Message = new(pb.StreamRequest)
	r.Err = c.decode(data, r.Message)
}

// readChunk reads a message that is one audio chunk in plain form.
func (c *Codec) readChunk(at cursor, r *Requests) bool {
	f, ok := at.field(0)
	if !ok || f.number != requestChunk || f.typ != protowire.BytesType || f.size != at.left {
		return false
	}
	chunk := r.chunk.GetAudioChunk()
	node := chunk.NodeId
	chunk.Reset()
	for at.left > 0 {
		if f, ok = at.field(0); !ok {
			return false
		}
		switch {
		case f.number == chunkNode && f.typ == protowire.BytesType:
			chunk.NodeId, ok = at.text(f.size, node)
		case f.number == chunkBuffer && f.typ == protowire.BytesType && chunk.Buffer == nil:
			chunk.Buffer = r.buffer
			ok = c.readAudio(&at, at.left-f.size, r.buffer, &r.Payloads)
		case f.number == chunkSequence && f.typ == protowire.VarintType:
			chunk.Sequence = f.value
		case f.number == chunkTimestamp && f.typ == protowire.VarintType:
			chunk.TimestampMs = f.value
		default:
			ok = false
		}
		if !ok {
			return false
		}
	}
	return true
}

// text reads a string of n bytes, which must be there. Where it is what it was before, that is used again.
func (c *cursor) text(n int, before string) (string, bool) {
	if len(c.piece) >= n { // in one piece, as nearly always
		raw := c.piece[:n]
		c.piece, c.left = c.piece[n:], c.left-n
		if string(raw) == before {
			return before, true
		}
		return valid(raw)
	}
	return valid(c.append(nil, n))
}

func valid(raw []byte) (string, bool) {
	if !utf8.Valid(raw) {
		return "", false
	}
	return string(raw), true
}

// readAudio reads a buffer that ends where end bytes are left into m, whose earlier content is replaced. Its samples are gathered into
// a buffer of p.
func (c *Codec) readAudio(at *cursor, end int, m *pb.AudioBuffer, p *Payloads) bool {
	stream := m.StreamId
	m.Reset()
	for seen := false; at.left > end; {
		f, ok := at.field(end)
		if !ok {
			return false
		}
		switch {
		case f.typ == protowire.VarintType:
			ok = setNumber(m, f)
		case f.typ != protowire.BytesType:
			return false
		case f.number == audioSamples && !seen:
			if seen = true; f.size > 0 {
				m.Samples = p.gather(c.pool, at, f.size)
			}
		case f.number == audioMetadata:
			m.MetadataJson = at.append([]byte{}, f.size)
		case f.number == audioStream:
			m.StreamId, ok = at.text(f.size, stream)
		default:
			return false
		}
		if !ok {
			return false
		}
	}
	return true
}

// setNumber sets the field of a buffer that is a number, if it is one.
func setNumber(m *pb.AudioBuffer, f field) bool {
	switch f.number {
	case audioRate:
		m.SampleRate = uint32(f.value)
	case audioChannels:
		m.Channels = uint32(f.value)
	case audioFormat:
		m.Format = pb.AudioFormat(int32(f.value))
	case audioNumSamples:
		m.NumSamples = f.value
	case audioPosition:
		m.PositionFrames = int64(f.value)
	case audioTimestamp:
		m.TimestampUs = int64(f.value)
	default:
		return false
	}
	return true
}

// readExecution reads a request in plain form: each audio input's samples gathered into a buffer of in, the manifest as the bytes it is,
// where that is asked for, and all other fields by the standard codec.
func (c *Codec) readExecution(at cursor, m *pb.ExecuteRequest, in *Incoming) bool {
	in.scratch = scratches.Get().(*scratch)
	inputs := in.inputs
	for at.left > 0 {
		f, ok := at.field(0)
		switch {
		case !ok:
			return false
		case f.number == executeAudio && f.typ == protowire.BytesType:
			id, buffer, ok := c.readInput(&at, at.left-f.size, &in.Payloads)
			if !ok {
				return false
			}
			if inputs == nil {
				inputs = make(map[string]*pb.AudioBuffer, 1)
				in.inputs = inputs
			}
			inputs[id] = buffer // of a key that comes twice the last counts
		case f.number == executeManifest && f.typ == protowire.BytesType && in.KeepManifest:
			if in.Manifest != nil {
				return false
			}
			in.scratch.manifest = at.append(in.scratch.manifest, f.size)
			in.Manifest = in.scratch.manifest
		default:
			in.scratch.fields = at.keep(in.scratch.fields, f)
		}
	}
	if proto.Unmarshal(in.scratch.fields, m) != nil {
		return false
	}
	if len(inputs) > 0 {
		m.AudioInputs = inputs
	}
	return true
}

// readInput reads an entry of the audio inputs that ends where end bytes are left: a key and then a value, and nothing else.
func (c *Codec) readInput(at *cursor, end int, p *Payloads) (id string, m *pb.AudioBuffer, ok bool) {
	f, ok := at.field(end)
	if !ok || f.number != entryKey || f.typ != protowire.BytesType {
		return "", nil, false
	}
	if id, ok = at.text(f.size, ""); !ok {
		return "", nil, false
	}
	f, ok = at.field(end)
	if !ok || f.number != entryValue || f.typ != protowire.BytesType || at.left-f.size != end {
		return "", nil, false
	}
	m = new(pb.AudioBuffer)
	return id, m, c.readAudio(at, end, m, p)
}
