package data

import (
	"strconv"

	"github.com/remotemedia/remotemedia-go/fault"
	"github.com/remotemedia/remotemedia-go/node"
)

// ExtractParams are the parameters of ExtractAudioDataNode.
type ExtractParams struct {
	MaxSamples int `param:"max_samples" default:"1000000" min:"1" max:"10000000" doc:"The most samples over all channels that an item may have: as text they take ten times the room."`
}

func extractSpec() node.Spec {
	return node.Define(node.Spec{
		Name: "ExtractAudioDataNode", Category: Category, Summary: "Turns audio into a JSON array of its samples.",
		Doc: "Every audio item becomes one array of numbers between -1 and 1, interleaved where there are several channels: the " +
			"shortest decimals that stand for the 32-bit float. An item of more than `max_samples` fails.",
		Accepts: node.Audio, Produces: node.JSON, Granularity: node.PerItem, LatencyClass: "fast", Example: `{"max_samples": 500000}`,
		Fails: "an item of more than `max_samples` samples.",
	}, func(p ExtractParams, _ node.Env) (node.Processor, error) { return &extract{p.MaxSamples}, nil })
}

type extract struct{ most int }

// bytesPerSample is the room for one number with its comma; the longest are -1.17549435e-38.
const bytesPerSample = 16

// extractFrames is how many frames are written between two checks: a number takes about a hundred nanoseconds.
const extractFrames = 512

// Process writes the samples of one item.
func (e *extract) Process(c *node.Call, in node.Item) error {
	b := in.Audio
	if b.NumSamples() > e.most {
		return fault.New(fault.CodeNodeFailed, "the item has %d samples: at most %d are turned into text; cut the audio, or raise max_samples", b.NumSamples(), e.most)
	}
	room := bytesPerSample * b.NumSamples()
	if err := c.Account().Charge(room); err != nil {
		return err
	}
	defer c.Account().Release(room)
	x, err := c.Samples(b)
	if err != nil {
		return err
	}
	text := append(make([]byte, 0, room+2), '[')
	for i := range b.Frames() {
		if i%extractFrames == 0 {
			if err := c.Check(); err != nil {
				return err
			}
		}
		for _, channel := range x {
			text = strconv.AppendFloat(text, float64(channel[i]), 'g', -1, 32)
			text = append(text, ',')
		}
	}
	if len(text) > 1 {
		text = text[:len(text)-1]
	}
	return emitText(c, append(text, ']'), b.Stamp)
}
