package wire

import (
	"time"

	grpcmem "google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
)

// chunkField is the number of StreamRequest.audio_chunk.
const chunkField = 2

// Requests reads the requests of one stream into one message, which holds until the next is read: the parts of an audio chunk are
// used again, all but the samples, which the receiver may keep.
type Requests struct {
	// Message is the request that was read last.
	Message *pb.StreamRequest
	// Err says that the bytes aren't such a message; see [Incoming].
	Err error
	// Arrived is when the message was complete.
	Arrived time.Time
}

func (c *Codec) readRequest(data grpcmem.BufferSlice, r *Requests) {
	r.Arrived = time.Now()
	buffer := data.MaterializeToBuffer(c.pool)
	defer buffer.Free()
	raw := buffer.ReadOnlyData()
	if !isOneField(raw, chunkField) || r.Message.GetAudioChunk().GetBuffer() == nil {
		r.Message = new(pb.StreamRequest)
		r.Err = proto.Unmarshal(raw, r.Message)
		return
	}
	chunk := r.Message.GetAudioChunk()
	audio := chunk.GetBuffer()
	audio.Reset()
	chunk.Reset()
	chunk.Buffer = audio
	r.Err = proto.UnmarshalOptions{Merge: true}.Unmarshal(raw, r.Message)
}

// isOneField reports whether a message is one field of the given number, and nothing else.
func isOneField(raw []byte, number protowire.Number) bool {
	n, typ, tag := protowire.ConsumeTag(raw)
	if tag < 0 || n != number || typ != protowire.BytesType {
		return false
	}
	_, length := protowire.ConsumeBytes(raw[tag:])
	return length == len(raw)-tag
}
