package service

import (
	"bytes"
	"fmt"

	"github.com/remotemedia/remotemedia-go/media"
)

// Check says how far answers are compared with the first one.
type Check uint8

// The checks. All but CheckNone insist on a result, its status, its outputs and their lengths.
const (
	// CheckSample compares the start and the end of each output, and of the rest a sixteenth in turn: within 16 calls every byte.
	CheckSample Check = iota
	CheckFull         // compares every byte
	CheckLength       // compares no content
	CheckNone         // only tells results from errors
)

const (
	edge  = 64 // bytes at the start and the end that CheckSample always compares
	parts = 16 // of which CheckSample compares one in turn
)

// same compares content of the same length.
func (c Check) same(got, want []byte, number uint64) bool {
	switch {
	case c == CheckLength:
		return true
	case c == CheckFull || len(want) <= 4*edge:
		return bytes.Equal(got, want)
	}
	n := len(want)
	part := int(number % parts)
	from, to := n*part/parts, n*(part+1)/parts
	return bytes.Equal(got[:edge], want[:edge]) && bytes.Equal(got[n-edge:], want[n-edge:]) && bytes.Equal(got[from:to], want[from:to])
}

// outputs are what an answer must have, by node. They aren't changed once a load is under way.
type outputs struct {
	audio map[string]media.Audio
	data  map[string][]byte // nil where it differs from call to call
}

func expect(r *media.Result) *outputs {
	o := &outputs{audio: r.Audio, data: make(map[string][]byte, len(r.Data))}
	for node, text := range r.Data {
		o.data[node] = text
	}
	return o
}

// bytes is the size of all content.
func (o *outputs) bytes() (n int) {
	for _, a := range o.audio {
		n += len(a.Bytes)
	}
	for _, d := range o.data {
		n += len(d)
	}
	return n
}

// compare finds what differs between two answers to the same request.
func (o *outputs) compare(other *outputs) error {
	if len(o.audio) != len(other.audio) || len(o.data) != len(other.data) {
		return fmt.Errorf("two equal calls gave different outputs: answers can't be checked; --check none leaves it")
	}
	for node, a := range o.audio {
		if b, ok := other.audio[node]; !ok || a.Format != b.Format || !bytes.Equal(a.Bytes, b.Bytes) {
			return fmt.Errorf("two equal calls gave different audio at node %q: answers can't be checked; --check none leaves it", node)
		}
	}
	for node, d := range o.data {
		if !bytes.Equal(d, other.data[node]) {
			o.data[node] = nil
		}
	}
	return nil
}
