package service

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	pb "github.com/remotemedia/remotemedia-go/api/remotemedia/v1"
	"github.com/remotemedia/remotemedia-go/internal/load"
	"github.com/remotemedia/remotemedia-go/internal/wire"
)

// field is one field of an encoded message.
type field struct {
	number protowire.Number
	value  []byte // of length-delimited fields
	scalar uint64 // of varints
}

var errMalformed = load.Wrong("malformed", "the answer isn't a message of the contract")

// next takes the first field off a message.
func next(b []byte) (f field, rest []byte, err error) {
	number, typ, n := protowire.ConsumeTag(b)
	if n < 0 {
		return f, nil, errMalformed
	}
	b, f.number = b[n:], number
	switch typ {
	case protowire.BytesType:
		f.value, n = protowire.ConsumeBytes(b)
	case protowire.VarintType:
		f.scalar, n = protowire.ConsumeVarint(b)
	default:
		n = protowire.ConsumeFieldValue(number, typ, b)
	}
	if n < 0 {
		return f, nil, errMalformed
	}
	return f, b[n:], nil
}

// Numbers of fields.
const (
	responseResult, responseError = 1, 2 // ExecuteResponse

	resultAudio, resultData, resultStatus = 1, 2, 5 // ExecutionResult

	entryKey, entryValue = 1, 2 // of a map

	audioSamples, audioRate, audioChannels, audioFormat, audioCount = 1, 2, 3, 4, 5 // AudioBuffer
)

// execution checks an ExecuteResponse.
func (c Check) execution(answer []byte, want *outputs, number uint64) error {
	f, _, err := next(answer)
	switch {
	case err != nil:
		return err
	case f.number == responseError:
		return told(f.value)
	case f.number != responseResult:
		return load.Wrong("no outcome", "the answer has neither a result nor an error")
	case c == CheckNone:
		return nil
	}
	t := tally{check: c, want: want, number: number}
	status := uint64(0)
	for b := f.value; len(b) > 0 && err == nil; {
		if f, b, err = next(b); err != nil {
			return err
		}
		switch f.number {
		case resultAudio:
			err = t.audio(f.value)
		case resultData:
			err = t.data(f.value)
		case resultStatus:
			status = f.scalar
		}
	}
	if err == nil && status != uint64(pb.ExecutionStatus_EXECUTION_STATUS_SUCCESS) {
		err = load.Wrong("status", fmt.Sprintf("the status is %v: expected success", pb.ExecutionStatus(status)))
	}
	if err != nil {
		return err
	}
	return t.complete()
}

// told makes the failure of an error within an answer.
func told(message []byte) error {
	e := new(pb.ErrorResponse)
	if proto.Unmarshal(message, e) != nil {
		return errMalformed
	}
	return load.AnswerFailure(e)
}

// tally compares the outputs of one answer.
type tally struct {
	check  Check
	want   *outputs
	number uint64
	seen   int
}

func (t *tally) complete() error {
	if want := len(t.want.audio) + len(t.want.data); t.seen != want {
		return load.Wrong("outputs", fmt.Sprintf("%d outputs: expected %d", t.seen, want))
	}
	return nil
}

// entry splits an entry of a map.
func entry(b []byte) (key, value []byte, err error) {
	for len(b) > 0 {
		var f field
		if f, b, err = next(b); err != nil {
			return nil, nil, err
		}
		switch f.number {
		case entryKey:
			key = f.value
		case entryValue:
			value = f.value
		}
	}
	return key, value, nil
}

func (t *tally) data(b []byte) error {
	key, value, err := entry(b)
	if err != nil {
		return err
	}
	want, ok := t.want.data[string(key)]
	switch {
	case !ok:
		return load.Wrong("outputs", fmt.Sprintf("data at node %q: expected none", key))
	case want != nil && len(want) != len(value):
		return load.Wrong("length", fmt.Sprintf("data of %d bytes at node %q: expected %d", len(value), key, len(want)))
	case want != nil && !t.check.same(value, want, t.number):
		return load.Wrong("content", fmt.Sprintf("data at node %q isn't that of the first answer", key))
	}
	t.seen++
	return nil
}

func (t *tally) audio(b []byte) error {
	key, value, err := entry(b)
	if err != nil {
		return err
	}
	want, ok := t.want.audio[string(key)]
	if !ok {
		return load.Wrong("outputs", fmt.Sprintf("audio at node %q: expected none", key))
	}
	var samples []byte
	var scalars [audioCount + 1]uint64
	for b = value; len(b) > 0; {
		var f field
		if f, b, err = next(b); err != nil {
			return err
		}
		switch {
		case f.number == audioSamples:
			samples = f.value
		case f.number <= audioCount:
			scalars[f.number] = f.scalar
		}
	}
	format := want.Format
	expected := [...]uint64{
		audioRate: uint64(format.Rate), audioChannels: uint64(format.Channels),
		audioFormat: uint64(wire.EncodingToProto(format.Encoding)), audioCount: uint64(want.Frames() * format.Channels),
	}
	switch {
	case len(samples) != len(want.Bytes):
		return load.Wrong("length", fmt.Sprintf("audio of %d bytes at node %q: expected %d", len(samples), key, len(want.Bytes)))
	case scalars != expected:
		return load.Wrong("format", fmt.Sprintf("the audio at node %q hasn't the format of the first answer", key))
	case !t.check.same(samples, want.Bytes, t.number):
		return load.Wrong("content", fmt.Sprintf("the audio at node %q isn't that of the first answer", key))
	}
	t.seen++
	return nil
}
