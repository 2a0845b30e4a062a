package node

import (
	"strings"

	"github.com/remotemedia/remotemedia-go/audio"
)

// Kinds is a set of kinds of item.
type Kinds uint8

// The kinds. A text is a JSON string; a control is a JSON object with "type":"control".
const (
	Audio Kinds = 1 << iota
	JSON
	Text
	Control
	Binary

	// Data is everything that is not audio.
	Data = JSON | Text | Control | Binary
	// Any is every kind.
	Any = Audio | Data
)

var kindNames = []struct {
	kind Kinds
	name string
}{{Audio, "audio"}, {JSON, "json"}, {Text, "text"}, {Control, "control"}, {Binary, "binary"}}

// Names lists the kinds of the set.
func (k Kinds) Names() []string {
	var out []string
	for _, n := range kindNames {
		if k&n.kind != 0 {
			out = append(out, n.name)
		}
	}
	return out
}

// String joins the names with "|".
func (k Kinds) String() string {
	for _, n := range kindNames {
		if k == n.kind {
			return n.name
		}
	}
	return strings.Join(k.Names(), "|")
}

// Item is what flows over a connection: audio, or data as JSON text. Exactly one of Audio and Data is set, as Kind says.
type Item struct {
	Kind  Kinds // exactly one bit
	Audio *audio.Buffer
	Data  []byte      // valid JSON; never written to once the item exists
	Stamp audio.Stamp // media time of data; audio carries its own

	From string // id of the node that sent it, "" for an external input
	Port string // name of the receiving port, "" for the only one
}

// AudioItem wraps a buffer.
func AudioItem(b *audio.Buffer) Item { return Item{Kind: Audio, Audio: b} }

// DataItem wraps a JSON text, which must be valid; a string is a text, everything else JSON.
func DataItem(json []byte) Item {
	kind := JSON
	if len(json) > 0 && json[0] == '"' {
		kind = Text
	}
	return Item{Kind: kind, Data: json}
}
