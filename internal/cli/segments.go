package cli

import (
	"encoding/json"
)

// segments are the stretches of speech that voice activity detectors told of, by node.
type segments map[string]*track

// track follows the events of one node.
type track struct {
	done    []segment
	open    *float64 // start of the segment that has no end yet, in seconds
	dropped int
}

// segment is one stretch of speech, in seconds from the start.
type segment struct {
	Start float64 `json:"start_s"`
	End   float64 `json:"end_s"`
}

// maxSegments bounds what a stream without an end leaves behind.
const maxSegments = 10_000

// add reads the events of a data item; items of other kinds have none.
func (s segments) add(node string, item json.RawMessage) {
	var v struct {
		Events []struct {
			Type string  `json:"type"`
			At   float64 `json:"timestamp_ms"`
		} `json:"events"`
	}
	if len(item) == 0 || item[0] != '{' || json.Unmarshal(item, &v) != nil {
		return
	}
	for _, e := range v.Events {
		s.event(node, e.Type, e.At/1000)
	}
}

func (s segments) event(node, kind string, at float64) {
	if kind != "speech_start" && kind != "speech_end" {
		return
	}
	t := s[node]
	if t == nil {
		t = &track{}
		s[node] = t
	}
	switch {
	case kind == "speech_start":
		t.open = &at
	case t.open != nil && len(t.done) < maxSegments:
		t.done, t.open = append(t.done, segment{*t.open, at}), nil
	case t.open != nil:
		t.dropped, t.open = t.dropped+1, nil
	}
}
