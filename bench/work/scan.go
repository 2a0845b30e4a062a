package work

import (
	"encoding/binary"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/internal/load"
)

// find gives what stands behind the tag of the first field of a message that has a number and a type. Everything else is stepped over, so
// that an answer isn't decoded where only its samples are looked at.
func find(message []byte, number protowire.Number, wanted protowire.Type) (value []byte, ok bool) {
	for len(message) > 0 {
		n, typ, head := protowire.ConsumeTag(message)
		if head < 0 {
			return nil, false
		}
		rest := message[head:]
		if n == number && typ == wanted {
			return rest, true
		}
		length := protowire.ConsumeFieldValue(n, typ, rest)
		if length < 0 {
			return nil, false
		}
		message = rest[length:]
	}
	return nil, false
}

// field gives the first field of a message that has a number and a length.
func field(message []byte, number protowire.Number) (value []byte, ok bool) {
	rest, ok := find(message, number, protowire.BytesType)
	if !ok {
		return nil, false
	}
	value, length := protowire.ConsumeBytes(rest)
	return value, length >= 0
}

// number gives the first field of a message that has a number and is a varint.
func number(message []byte, wanted protowire.Number) (value uint64, ok bool) {
	rest, ok := find(message, wanted, protowire.VarintType)
	if !ok {
		return 0, false
	}
	value, length := protowire.ConsumeVarint(rest)
	return value, length >= 0
}

// path goes down through sub-messages.
func path(message []byte, numbers ...protowire.Number) (value []byte, ok bool) {
	for _, n := range numbers {
		if message, ok = field(message, n); !ok {
			return nil, false
		}
	}
	return message, true
}

// told makes the failure of an error that came within an answer.
func told(message []byte) error {
	e := new(pb.ErrorResponse)
	if err := proto.Unmarshal(message, e); err != nil {
		return load.Wrong("no message", "an error came that can't be decoded")
	}
	return load.AnswerFailure(e)
}

// probes is how many samples of an answer are compared.
const probes = 16

// sameFloats compares the length of encoded samples, and some of the values, other ones for each seed. A tolerance of 0 compares bits.
func sameFloats(got, want []byte, tolerance float64, seed uint64) error {
	if err := sameLength(got, want); err != nil {
		return err
	}
	count := uint64(len(want) / 4)
	if count == 0 {
		return nil
	}
	step := count/probes + 1
	for at := seed % step; at < count; at += step {
		g, w := binary.LittleEndian.Uint32(got[4*at:]), binary.LittleEndian.Uint32(want[4*at:])
		if g == w {
			continue
		}
		a, b := float64(math.Float32frombits(g)), float64(math.Float32frombits(w))
		if !(math.Abs(a-b) <= tolerance) {
			return load.Wrong("content", fmt.Sprintf("sample %d is %v, not %v", at, a, b))
		}
	}
	return nil
}

func sameLength(got, want []byte) error {
	if len(got) != len(want) {
		return load.Wrong("length", fmt.Sprintf("%d bytes of samples came, not %d", len(got), len(want)))
	}
	return nil
}
