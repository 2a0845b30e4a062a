package h2

import (
	"io"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/remotemedia/remotemedia-go/fault"
)

// compress packs a message.
func compress(by encoding.Compressor, data mem.BufferSlice, pool mem.BufferPool) (packed mem.BufferSlice, err error) {
	w, err := by.Compress(mem.NewWriter(&packed, pool))
	if err == nil {
		_, err = io.Copy(w, data.Reader())
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		packed.Free()
	}
	return packed, err
}

// understood refuses a call in an encoding that isn't known, also where its messages don't use it.
func (s *stream) understood() error {
	if s.encoding == "" || encoding.GetCompressor(s.encoding) != nil {
		return nil
	}
	s.SetTrailer(metadata.Pairs("grpc-accept-encoding", "identity,gzip"))
	return status.Errorf(codes.Unimplemented, "grpc-encoding is %q, expected gzip or identity", fault.Shorten(s.encoding, 80))
}

// unpack returns the message as it was before it was compressed, if it was. What it takes over it frees.
func (s *stream) unpack(flag byte, data mem.BufferSlice) (mem.BufferSlice, error) {
	const compressed = 1
	switch {
	case flag == 0:
		return data, nil
	case flag != compressed:
		return data, status.Errorf(codes.Internal, "the message begins with %d, expected 0, or 1 where it is compressed", flag)
	case s.encoding == "":
		return data, status.Error(codes.Internal, "the message is compressed, but no grpc-encoding says how")
	}
	defer data.Free()
	return inflate(encoding.GetCompressor(s.encoding), data, s.conn.server.options.MaxMessage(), s.conn.server.options.Pool)
}

// inflate makes at most one byte more than a message may have.
func inflate(by encoding.Compressor, data mem.BufferSlice, most int, pool mem.BufferPool) (mem.BufferSlice, error) {
	packed := data.Reader()
	r, err := by.Decompress(packed)
	if err != nil {
		_ = packed.Close() // gives the buffers back
		return nil, status.Errorf(codes.Internal, "the message can't be decompressed: %v", err)
	}
	out, err := mem.ReadAll(io.LimitReader(r, int64(most)+1), pool)
	_ = packed.Close()
	if err != nil {
		out.Free()
		return nil, status.Errorf(codes.Internal, "the message can't be decompressed: %v", err)
	}
	if out.Len() > most {
		out.Free()
		return nil, status.Errorf(codes.ResourceExhausted, "received message after decompression larger than max (%d)", most)
	}
	return out, nil
}
