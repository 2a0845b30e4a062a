package wire_test

import (
	"errors"
	"slices"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/internal/wire"
	"github.com/remotemedia/remotemedia-go/mem"
)

func sub(number protowire.Number, parts ...[]byte) []byte {
	return rawField{number, protowire.BytesType, slices.Concat(parts...)}.append(nil, encoding{})
}

func number(n protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(nil, n, protowire.VarintType), v)
}

// unusual are requests in forms that are right, or nearly so, and that encoders rarely write.
func unusual() map[string][]byte {
	key, samples, rate := sub(1, []byte("a")), sub(1, []byte{1, 2, 3, 4}), number(2, 8000)
	audio := slices.Concat(samples, rate)
	return map[string][]byte{
		"key twice in the map":          slices.Concat(sub(2, key, sub(2, samples)), sub(2, key, sub(2, rate))),
		"key twice in an entry":         sub(2, key, sub(1, []byte("b")), sub(2, audio)),
		"value before key":              sub(2, sub(2, audio), key),
		"value in two parts":            sub(2, key, sub(2, samples), sub(2, rate)),
		"no key":                        sub(2, sub(2, audio)),
		"no value":                      sub(2, key),
		"empty entry":                   sub(2),
		"entry with more":               sub(2, key, sub(2, audio), number(3, 1)),
		"key that isn't UTF-8":          sub(2, sub(1, []byte{0xff}), sub(2, audio)),
		"samples twice":                 sub(2, key, sub(2, samples, samples[:2], []byte{1, 2, 3, 4})),
		"samples twice, none at last":   sub(2, key, sub(2, samples, sub(1))),
		"samples as a number":           sub(2, key, sub(2, number(1, 7))),
		"unknown field of the buffer":   sub(2, key, sub(2, audio, sub(99, []byte("new")))),
		"number beyond its type":        sub(2, key, sub(2, samples, number(2, 1<<33+5), number(4, 1<<40), number(101, 1<<63))),
		"number twice":                  sub(2, key, sub(2, rate, number(2, 9000), samples)),
		"empty metadata":                sub(2, key, sub(2, samples, sub(6))),
		"stream that isn't UTF-8":       sub(2, key, sub(2, samples, sub(103, []byte{0xc0}))),
		"audio inputs as a number":      slices.Concat(number(2, 5), sub(2, key, sub(2, audio))),
		"manifest in two parts":         slices.Concat(sub(1, sub(1, []byte("v1"))), sub(101, []byte("r")), sub(1, sub(3, sub(1, []byte("n"))))),
		"manifest that is none":         sub(1, []byte{0xff}),
		"manifest parts that join well": slices.Concat(sub(1, []byte{0x0a}), sub(1, []byte{0x01, 'v'})),
		"manifest text isn't UTF-8":     sub(1, sub(1, []byte{0xff})),
		"unknown fields":                slices.Concat(number(50, 1), sub(2, key, sub(2, audio)), sub(51, []byte("x"))),
		"unknown field, long tag":       append(appendVarint(nil, 50<<3, true), 1),
		"unknown field, long number":    appendVarint(protowire.AppendTag(nil, 50, protowire.VarintType), 1, true),
		"unknown field, long length":    rawField{51, protowire.BytesType, []byte("x")}.append(nil, encoding{longLength: true}),
		"unknown fixed number, cut":     {0x95, 0x03, 1, 2, 3},
		"a group":                       {0xf3, 0x01, 0x08, 0x01, 0xf4, 0x01},
		"field 0":                       {0x02, 0x00},
		"number of ten bytes":           {0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01},
		"number of too many bits":       {0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02},
		"number without end":            {0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01},
		"length of terabytes":           {0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x01},
		"length beyond int64":           {0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01},
		"length beyond the entry":       {0x12, 0x05, 0x0a, 0x01, 'a', 0x12, 0x04, 0x0a, 0x02, 1, 2},
		"key beyond the entry":          {0x12, 0x02, 0x0a, 0x03, 'a', 'b', 'c'},
		"samples beyond the buffer":     {0x12, 0x07, 0x0a, 0x01, 'a', 0x12, 0x02, 0x0a, 0x04, 1, 2, 3, 4},

		// The same as the requests of a stream.
		"chunk in two parts":          slices.Concat(sub(2, sub(1, []byte("n"))), sub(2, sub(2, audio), number(3, 4))),
		"chunk and control":           slices.Concat(sub(2, sub(2, audio)), sub(3, number(1, 1))),
		"chunk's buffer in two parts": sub(2, sub(2, samples), sub(2, rate)),
		"chunk's node twice":          sub(2, sub(1, []byte("n")), sub(1, []byte("m")), sub(2, audio)),
		"chunk's node isn't UTF-8":    sub(2, sub(1, []byte{0xff, 0xfe}), sub(2, audio)),
		"chunk's sequence as text":    sub(2, sub(3, []byte("7")), sub(2, audio)),
		"chunk with an unknown field": sub(2, sub(2, audio), number(9, 9)),
		"chunk without a buffer":      sub(2, number(3, 7)),
		"chunk with an empty buffer":  sub(2, number(3, 7), sub(2)),
		"empty chunk":                 sub(2),
	}
}

// What was gathered before a request turned out to be unusual goes back at once.
func TestUnusualRequestsHoldNoBuffers(t *testing.T) {
	pool := mem.NewPoisonedPool()
	codec := wire.NewCodec(pool)
	for name, raw := range unusual() {
		in := &wire.Incoming{Message: new(pb.ExecuteRequest)}
		var r wire.Requests
		if codec.Unmarshal(pieces(raw, 3), in) != nil || codec.Unmarshal(pieces(raw, 3), &r) != nil {
			t.Fatal("errors are told in the message")
		}
		held := len(in.Message.(*pb.ExecuteRequest).GetAudioInputs())
		if r.Err == nil && r.Message.GetAudioChunk().GetBuffer() != nil {
			held++
		}
		if pool.Out() > int64(held) {
			t.Errorf("%s: %d buffers are out for %d inputs", name, pool.Out(), held)
		}
		in.Release()
		r.Release()
		if pool.Out() != 0 {
			t.Fatalf("%s: %d buffers are out", name, pool.Out())
		}
	}
	broken := slices.Concat(sub(2, sub(2, sub(1, make([]byte, 5000))), sub(1, []byte{0xff})))
	var r wire.Requests
	if err := codec.Unmarshal(pieces(broken, 100), &r); err != nil || r.Err == nil || pool.Out() != 0 {
		t.Errorf("error %v and %v, %d buffers are out", err, r.Err, pool.Out())
	}
}

// Samples that their account has no room for go back.
func TestRefusedSamplesGoBack(t *testing.T) {
	pool := mem.NewPoisonedPool()
	m := new(pb.ExecuteRequest)
	in := &wire.Incoming{Message: m}
	if err := wire.NewCodec(pool).Unmarshal(pieces(encode(t, request(5000)), 999), in); err != nil || in.Err != nil || pool.Out() != 1 {
		t.Fatal(err, in.Err)
	}
	a := mem.NewAccount(pool, mem.Unlimited{}, 9_999)
	var limit *mem.LimitError
	if _, _, err := in.Audio(m.GetAudioInputs()["a"], a); !errors.As(err, &limit) || a.Used() != 0 || pool.Out() != 0 {
		t.Errorf("error %v, %d bytes charged, %d buffers out", err, a.Used(), pool.Out())
	}
	in.Release()
	if pool.Out() != 0 {
		t.Errorf("%d buffers out", pool.Out())
	}
}

func TestUnusualFormsAreReadAsTheStandardCodecReadsThem(t *testing.T) {
	for name, raw := range unusual() {
		for size := 1; size <= len(raw)+1; size++ {
			if d := difference(new(pb.ExecuteRequest), raw, size); d != "" {
				t.Errorf("%s, in pieces of %d: ExecuteRequest: %s", name, size, d)
			}
			if d := difference(new(pb.StreamRequest), raw, size); d != "" {
				t.Errorf("%s, in pieces of %d: StreamRequest: %s", name, size, d)
			}
		}
	}
}
