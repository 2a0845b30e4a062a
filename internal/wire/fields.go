package wire

import (
	"sync"

	"google.golang.org/protobuf/encoding/protowire"
)

// The numbers of the fields that are read and written here rather than by the standard codec.
const (
	entryKey, entryValue protowire.Number = 1, 2 // of every map

	executeManifest protowire.Number = 1 // ExecuteRequest
	executeAudio    protowire.Number = 2

	requestChunk protowire.Number = 2 // StreamRequest

	chunkNode      protowire.Number = 1 // AudioChunk
	chunkBuffer    protowire.Number = 2
	chunkSequence  protowire.Number = 3
	chunkTimestamp protowire.Number = 4

	audioSamples    protowire.Number = 1 // AudioBuffer
	audioRate       protowire.Number = 2
	audioChannels   protowire.Number = 3
	audioFormat     protowire.Number = 4
	audioNumSamples protowire.Number = 5
	audioMetadata   protowire.Number = 6
	audioPosition   protowire.Number = 101
	audioTimestamp  protowire.Number = 102
	audioStream     protowire.Number = 103

	listBuffers protowire.Number = 1 // AudioBufferList

	resultMetrics protowire.Number = 3 // ExecutionResult

	metricsNodes protowire.Number = 4 // ExecutionMetrics
	metricsKinds protowire.Number = 8
)

// scratch is memory that is used again from request to request.
type scratch struct {
	fields   []byte // those left to the standard codec
	manifest []byte
}

// maxScratch keeps one large request from holding its size for ever.
const maxScratch = 64 << 10

var scratches = sync.Pool{New: func() any { return &scratch{manifest: make([]byte, 0, 1024)} }}

func (s *scratch) put() {
	s.fields, s.manifest = s.fields[:0], s.manifest[:0]
	if cap(s.fields)+cap(s.manifest) <= maxScratch {
		scratches.Put(s)
	}
}
