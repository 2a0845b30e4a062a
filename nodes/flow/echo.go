package flow

import (
	"strconv"

	"github.com/remotemedia/remotemedia-go/audio"
	"github.com/remotemedia/remotemedia-go/node"
)

// EchoParams is empty.
type EchoParams struct{}

func echoSpec() node.Spec {
	return node.Define(node.Spec{
		Name: "Echo", Aliases: []string{"EchoNode"}, Category: Category, Summary: "Answers every item with a numbered note.",
		Doc: "Data comes back as `{\"input\": <item>, \"counter\": n, \"node\": \"Echo\"}`; the counter starts at 1. Audio goes on " +
			"unchanged and is followed by a note whose `input` is `{\"type\":\"audio\",\"sample_rate\",\"channels\",\"num_samples\"}`; " +
			"of an item without frames there is only the note.",
		Accepts: node.Any, Produces: node.Audio | node.JSON, Granularity: node.PerItem, Stateful: true, MultiOutput: true,
		LatencyClass: "realtime", Example: "{}",
	}, func(EchoParams, node.Env) (node.Processor, error) { return &echo{}, nil })
}

type echo struct{ counter int64 }

func (e *echo) Process(c *node.Call, in node.Item) error {
	if in.Audio == nil {
		return e.answer(c, in.Data, in.Stamp)
	}
	if in.Audio.Frames() > 0 {
		if err := c.Emit(in); err != nil {
			return err
		}
	}
	return e.answer(c, describe(in.Audio), in.Audio.Stamp)
}

// answer writes the JSON itself, so that the input keeps every character.
func (e *echo) answer(c *node.Call, input []byte, at audio.Stamp) error {
	e.counter++
	text := make([]byte, 0, len(input)+64)
	text = append(text, `{"input":`...)
	text = append(text, input...)
	text = append(text, `,"counter":`...)
	text = strconv.AppendInt(text, e.counter, 10)
	text = append(text, `,"node":"Echo"}`...)
	out := node.DataItem(text)
	out.Stamp = at
	return c.Emit(out)
}

func describe(b *audio.Buffer) []byte {
	text := append(make([]byte, 0, 96), `{"type":"audio","sample_rate":`...)
	text = strconv.AppendInt(text, int64(b.Format.Rate), 10)
	text = append(text, `,"channels":`...)
	text = strconv.AppendInt(text, int64(b.Format.Channels), 10)
	text = append(text, `,"num_samples":`...)
	text = strconv.AppendInt(text, int64(b.NumSamples()), 10)
	return append(text, '}')
}

// Reset implements node.Resetter.
func (e *echo) Reset() { e.counter = 0 }
